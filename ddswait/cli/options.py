"""The options: what the user may say, and what the environment says."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from ddswait.errors import InputError
from ddswait.version import __version__

USAGE = 2

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smh]?)")
_UNIT = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

_DESCRIPTION = """\
Waits for jobs of Huawei Cloud's Document Database Service (DDS), and tells how they ended."""

_EPILOG = """\
exit codes:
    0  every job completed
    1  a job failed
    2  usage or configuration; nothing was polled
    3  a job ID was not found, or vanished
    4  credentials, permission or request refused
    5  unreachable: could not look for too long; the jobs may go on
    6  a job completed, but its instance was not ready in time (--ready)
  124  timed out; the jobs may go on
  130  interrupted (SIGINT); the jobs may go on
  141  standard output was closed; the jobs may go on
  143  terminated (SIGTERM); the jobs may go on
When several apply: the first of 1, 4, 3, 6, 5, 124. A file that cannot be written at the end is
told and changes no exit code; that it cannot be written at all is found out before polling.

policies:
  --wait-for   exit code 0 when      ends early when
  all          every job completed   --fail-fast: one did not
  any          one job completed     one completed; --fail-fast: none can any more
  N            N jobs completed      N completed; --fail-fast: N cannot any more
Otherwise every job is seen to its end, and the worst outcome gives the exit code.

Credentials come from where Huawei Cloud users keep them, never from the command line, which
others can read. The first complete source wins:
  HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK (and HUAWEICLOUD_SDK_SECURITY_TOKEN)
  HW_ACCESS_KEY, HW_SECRET_KEY (and HW_SECURITY_TOKEN); or HW_AUTH_TOKEN;
    or HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME (and HW_AUTH_URL)
  OS_ACCESS_KEY, OS_SECRET_KEY (and OS_SECURITY_TOKEN); or OS_AUTH_TOKEN, OS_TOKEN;
    or OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME (and OS_AUTH_URL)
  clouds.yaml, the cloud that OS_CLOUD names (needs PyYAML: ddswait[yaml])
  ~/.huaweicloud/credentials, section [basic] (or HUAWEICLOUD_SDK_CREDENTIALS_FILE)
  the metadata service of this ECS, if it answers within a second (DDSWAIT_METADATA=off
    never asks)

examples:
  ddswait c010abd0-48cf-4fa8-8cbc-090f093eaa2f
  hcloud DDS CreateInstance ... | ddswait --timeout 45m -
  ddswait --output json --region ap-southeast-1 ID1 ID2 > jobs.json
  ddswait --ready --state wait.json orders=ID1 stock=ID2   # the same again takes it up again
  ddswait --wait-for any --report report.html --junit junit.xml ID1 ID2
  ddswait --check
  ddswait --demo"""


_SECRET_OPTIONS = (
    "--token",
    "--password",
    "--sk",
    "--secret-key",
    "--ak",
    "--access-key",
    "--security-token",
)


class _NoSecret(argparse.Action):
    """Refuses a secret in argv, without repeating it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - the arguments that argparse passes
        values: object,  # noqa: ARG002
        option_string: str | None = None,
    ) -> NoReturn:
        parser.error(
            f"{option_string} is refused: everybody on this machine can read a command line. "
            "Set HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_SECRET_KEY, or HW_USER_PASSWORD in the "
            "environment instead"
        )


class _Parser(argparse.ArgumentParser):
    """Names options that it does not know without what was given to them: it may be a secret."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        # Intermixed: IDs may stand before, between and after the options.
        known, others = self.parse_known_intermixed_args(args, namespace)
        if others:
            options = [_cut(word) for word in others if word.startswith("-")]
            self.error(f"unrecognized arguments: {' '.join(options or others)}")
        return known


def _cut(option: str) -> str:
    name, is_given, _ = option.partition("=")
    if name.startswith("--"):
        return f"{name}=..." if is_given else name
    return option if len(option) <= len("-x") else f"{option[:2]}..."


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = _Parser(
        prog="ddswait",
        usage="ddswait [OPTIONS] JOB_ID...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    made.add_argument(
        "job_ids",
        metavar="JOB_ID",
        nargs="*",
        help="job IDs, or label=JOB_ID; '-' reads them from standard input: one per line, or "
        "JSON documents from which every job_id is taken, with the instance's name as its label",
    )
    _add_where(made.add_argument_group("where"))
    _add_when(made.add_argument_group("when (90, 90s, 10m, 1h)"))
    _add_gate(made.add_argument_group("gate"))
    _add_asking(made.add_argument_group("how often"))
    _add_output(made.add_argument_group("output"))
    others = made.add_argument_group("others")
    others.add_argument(
        "--check",
        action="store_true",
        help="show which credentials, endpoint and project are used, and ask whether they are "
        "accepted (exit code 0 or 4; 5 when nobody answers)",
    )
    others.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of the machine output"
    )
    others.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "fish"),
        help="print a completion script for a shell",
    )
    others.add_argument("--demo", action="store_true", help="show it all, without a cloud")
    others.add_argument("--version", action="version", version=f"ddswait {__version__}")
    others.add_argument("-h", "--help", action="help", help="show this help")
    made.add_argument(*_SECRET_OPTIONS, nargs="?", action=_NoSecret, help=argparse.SUPPRESS)
    return made


def _add_where(group: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    group.add_argument(
        "--endpoint",
        metavar="URL",
        help="such as https://dds.ap-southeast-1.myhuaweicloud.com "
        "[env: DDSWAIT_ENDPOINT; default: made from the region]",
    )
    group.add_argument(
        "--region", metavar="NAME", help="such as ap-southeast-1 [env: HW_REGION_NAME]"
    )
    group.add_argument(
        "--project-id",
        metavar="ID",
        help="of the jobs [env: HW_PROJECT_ID; default: looked up by the region's name]",
    )
    group.add_argument(
        "--iam-endpoint",
        metavar="URL",
        help="of IAM [env: HUAWEICLOUD_SDK_IAM_ENDPOINT, HW_AUTH_URL, OS_AUTH_URL; "
        "default: made from the region]",
    )
    group.add_argument(
        "--cloud",
        metavar="NAME",
        help="take everything from this cloud of clouds.yaml [env: OS_CLOUD]",
    )
    group.add_argument(
        "--auth",
        choices=("auto", "metadata"),
        default="auto",
        help="'metadata' takes the keys of the ECS that this runs on [default: auto, see below]",
    )
    group.add_argument(
        "--ca-file",
        metavar="FILE",
        help="certificates (PEM) to trust instead of the system's [env: OS_CACERT]",
    )
    group.add_argument(
        "--insecure-http",
        action="store_true",
        help="allow an endpoint beyond this machine that is not https",
    )


def _add_gate(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--wait-for",
        metavar="HOW_MANY",
        type=how_many,
        default="all",
        help="'all', 'any', or how many jobs must complete; see policies [default: all]",
    )
    group.add_argument(
        "--fail-fast",
        action="store_true",
        help="end as soon as the policy cannot be met any more; else see every job to its end",
    )
    group.add_argument(
        "--ready",
        action="store_true",
        help="after a job, wait until its instance is normal with no pending actions, so that "
        "DDS takes the next operation",
    )
    group.add_argument(
        "--state",
        metavar="FILE",
        help="keep there all that is needed to go on; run again with the same file, and ended "
        "jobs are not asked about, and the first deadline holds",
    )


def how_many(text: str) -> int | None:
    """Return how many jobs must complete; None for all.

    Raises:
        argparse.ArgumentTypeError: it is no number of jobs.
    """
    from ddswait.cli.exit_codes import parse_wait_for

    try:
        return parse_wait_for(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_when(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--timeout",
        metavar="TIME",
        type=seconds,
        help="give up on a job after this time [default: 1h]",
    )
    for option, default, told in (
        ("--grace", "60s", "how long a new job ID may be unknown"),
        ("--interval", "10s", "about how often a visible job is looked at"),
        ("--unreachable-after", "10m", "give up after so long without one good look"),
    ):
        group.add_argument(
            option,
            metavar="TIME",
            type=seconds,
            default=seconds(default),
            help=f"{told} [default: {default}]",
        )


def _add_asking(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--rate",
        metavar="N/TIME",
        type=rate,
        default="10/s",
        help="how many questions may be sent, as in 10/s or 200/5m; limits that the API states "
        "are learned [default: 10/s]",
    )
    group.add_argument(
        "--history",
        metavar="FILE",
        help="keep there how long past jobs took, to look when jobs are about to end "
        "[default: learned from the API at each start]",
    )


def rate(text: str) -> str:
    """Return a rate such as `200/5m`.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    from ddswait.scheduler.rate_limiter import parse_rate

    try:
        parse_rate(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _add_output(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--output",
        choices=("text", "json", "jsonl"),
        default="text",
        help="on standard output: a line per job that ended; one document at the end; "
        "a line per event and a summary last [default: text]",
    )
    group.add_argument(
        "--heartbeat",
        metavar="TIME",
        type=seconds,
        default=seconds("60s"),
        help="without a terminal, say that it is alive after this time of silence [default: 60s]",
    )
    group.add_argument(
        "--report", metavar="FILE", help="write a page (HTML) with a timeline of every job"
    )
    group.add_argument(
        "--junit", metavar="FILE", help="write a JUnit report (XML), one test case per job"
    )
    group.add_argument(
        "--github",
        action="store_true",
        help="annotations, step summary and outputs of GitHub Actions [env: GITHUB_ACTIONS, "
        "GITHUB_STEP_SUMMARY, GITHUB_OUTPUT]",
    )
    group.add_argument("-v", "--verbose", action="store_true", help="log every event to stderr")
    group.add_argument("-q", "--quiet", action="store_true", help="only errors on stderr")


def seconds(text: str) -> float:
    """Return a duration such as `90`, `90s`, `10m` or `1.5h` in seconds.

    Raises:
        argparse.ArgumentTypeError: it is none, or not more than 0.
    """
    found = _DURATION.fullmatch(text.strip()) if text.isascii() else None
    value = float(found[1]) * _UNIT[found[2]] if found else 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(
            f"{text!a} is no time: give more than 0, as in 90, 90s, 10m or 1h"
        )
    return value
