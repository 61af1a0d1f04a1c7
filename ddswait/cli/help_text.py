"""The texts of `--help` that stand before and after the list of options."""

from __future__ import annotations

DESCRIPTION = """\
Waits for jobs of Huawei Cloud's database services (DDS, RDS, TaurusDB, GaussDB, GeminiDB, DDM) and
reports how they ended."""

EPILOG = """\
exit codes:
    0  every job completed
    1  a job failed
    2  wrong usage or configuration; nothing was polled
    3  a job or an instance was not found, or vanished
    4  the credentials, the permission or the request was refused
    5  the service was unreachable for too long; the jobs may still be running
    6  an instance was not ready in time (--ready)
  124  timed out; the jobs may still be running
  129  hung up (SIGHUP): the terminal was closed; the jobs may still be running
  130  interrupted (SIGINT); the jobs may still be running
  141  standard output was closed; the jobs may still be running
  143  terminated (SIGTERM); the jobs may still be running
If several apply, the first of 1, 4, 3, 6, 5, 124 is used. A file that cannot be written is
reported before polling starts; if writing fails only at the end, a warning is printed and the
exit code stays the same.

services:
  dds       Document Database Service; the default
  rds       Relational Database Service
  taurusdb  TaurusDB, also gaussdb-mysql
  gaussdb   GaussDB, also opengauss
  geminidb  GeminiDB, also gaussdb-nosql
  ddm       Distributed Database Middleware
--service sets the one of all jobs, and SERVICE:JOB_ID that of one. Each service has its own host,
which the region sets, and its own --rate; --endpoint is that of --service alone. In the replies of
operations on standard input, the ends of instance IDs tell the service, unless you set it.

policies:
  --wait-for   exit code 0 if        stops early if
  all          every job completed   --fail-fast: a job did not complete
  any          one job completed     one completed; --fail-fast: none can complete any more
  N            N jobs completed      N completed; --fail-fast: N cannot complete any more
Otherwise ddswait waits until every job has ended, and the worst outcome sets the exit code.

credentials:
ddswait reads credentials where Huawei Cloud users keep them, never from the command line, because
other users of the machine can read command lines. The first complete source is used:
  HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK (and HUAWEICLOUD_SDK_SECURITY_TOKEN)
  HW_ACCESS_KEY, HW_SECRET_KEY (and HW_SECURITY_TOKEN); or HW_AUTH_TOKEN;
    or HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME (and HW_AUTH_URL)
  OS_ACCESS_KEY, OS_SECRET_KEY (and OS_SECURITY_TOKEN); or OS_AUTH_TOKEN, OS_TOKEN;
    or OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME (and OS_AUTH_URL)
  clouds.yaml, the cloud that OS_CLOUD names (needs PyYAML: ddswait[yaml])
  ~/.huaweicloud/credentials, section [basic] (or HUAWEICLOUD_SDK_CREDENTIALS_FILE)
  the metadata service of this ECS, if it replies within a second (DDSWAIT_METADATA=off
    disables it)

examples:
  ddswait c010abd0-48cf-4fa8-8cbc-090f093eaa2f
  hcloud DDS CreateInstance ... | ddswait --timeout 45m -
  terraform output -json | ddswait -
  ddswait --output json --region ap-southeast-1 ID1 ID2 > jobs.json
  ddswait --ready --state wait.json orders=ID1 stock=ID2   # run it again to resume
  ddswait --service rds ID
  ddswait rds:ID1 dds:ID2 orders=geminidb:ID3
  ddswait --wait-for any --report report.html --junit junit.xml ID1 ID2
  ddswait --check
  ddswait --demo"""
