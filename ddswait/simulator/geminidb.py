"""GeminiDB, once GaussDB(for NoSQL): its paths and records. One job is a list of one.

Source: the model of ListJobs in Huawei's SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import JOBS, Api, usual_operations
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import utc

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView


def _job(job: JobView) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        "start_time": utc(job.submitted),
        "end_time": utc(job.worked_until) if job.is_over else "",
        "progress": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
        "fail_reason": job.fail_reason or "",
    }


def _task(job: JobView, _: str) -> dict[str, Any]:
    return _job(job)


API = Api(
    name="geminidb",
    sdk="gaussdbfornosql",
    creation="CreateInstance",
    suffixes={"cassandra": "in06", "mongodb": "in10", "redis": "in12", "influxdb": "in13"},
    job=_job,
    list_path=JOBS,
    list_key="jobs",
    task=_task,
    paging=Paging(limits=(10, 20, 50), limit=10),
    operations=usual_operations("RestartInstance", "DeleteInstance"),
    unknown_job=200,
    empty={"jobs": [], "total_count": 0},
)
