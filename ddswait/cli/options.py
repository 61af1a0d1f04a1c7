"""The options of the command line: `parse` turns arguments into one frozen `Options`.

`Options` alone holds the defaults: the parser passes on only what was given.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ddswait.cli import help_text
from ddswait.cli.duration_text import exact, parse_positive
from ddswait.cli.option_values import checked_rate, parse_wait_for
from ddswait.cli.secret_options import SafeParser, reported
from ddswait.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = ("bash", "zsh", "fish")
"""The shells that `--print-completion` can write a script for."""

Command = Literal["wait", "check", "demo", "completion", "schema"]


class Options(NamedTuple):
    """What the user asked for; durations are in seconds, and "" means that a text was not given.

    The fields are named as the options: `unreachable_after` is `--unreachable-after`. A NamedTuple,
    because importing dataclasses takes longer than everything else that `--help` needs.

    Attributes:
        timeout: None if it was not given, so that a state file's own deadline applies.
        unreachable_after: None if it was not given; see `Waiter`.
        wait_for: how many jobs must complete; None for all of them.
        print_completion: the shell to write a completion script for.
    """

    job_ids: tuple[str, ...] = ()
    endpoint: str = ""
    region: str = ""
    project_id: str = ""
    iam_endpoint: str = ""
    cloud: str = ""
    auth: str = "auto"
    ca_file: str = ""
    insecure_http: bool = False
    timeout: float | None = None
    grace: float = 60.0
    interval: float = 10.0
    unreachable_after: float | None = None
    wait_for: int | None = None
    fail_fast: bool = False
    ready: bool = False
    instance: tuple[str, ...] = ()
    state: str = ""
    rate: str = "10/s"
    history: str = ""
    output: Literal["text", "json", "jsonl"] = "text"
    heartbeat: float = 60.0
    report: str = ""
    junit: str = ""
    github: bool = False
    verbose: bool = False
    quiet: bool = False
    check: bool = False
    schema: bool = False
    print_completion: str = ""
    demo: bool = False

    @property
    def command(self) -> Command:
        """The command to run; `ddswait.cli.commands` has a module of the same name."""
        if self.schema:
            return "schema"
        if self.print_completion:
            return "completion"
        if self.demo:
            return "demo"
        return "check" if self.check else "wait"


DEFAULTS = Options()
"""The options of a command line without arguments."""

USUAL_TIMEOUT = 3600.0
"""The timeout if neither `--timeout` nor a state file sets one, in seconds."""


def parse(argv: Sequence[str] | None = None) -> Options:
    """Return the options of a command line.

    Args:
        argv: the arguments; None for those of the process.

    Raises:
        SystemExit: with 2 if the arguments are wrong, with 0 after `--help` and `--version`.
    """
    given = vars(parser().parse_args(argv))
    lists = {name: tuple(given.get(name, ())) for name in ("job_ids", "instance")}
    return Options(**{**given, **lists})


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, which the completion scripts are made from too."""
    made = SafeParser(
        prog="ddswait",
        usage="ddswait [OPTIONS] JOB_ID...",
        description=help_text.DESCRIPTION,
        epilog=help_text.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
        add_help=False,
    )
    made.add_argument(
        "job_ids",
        metavar="JOB_ID",
        nargs="*",
        default=[],
        help="a job ID, or LABEL=JOB_ID to name the job; '-' reads standard input: one job ID per "
        "line, or JSON documents, from which every job_id is taken and labelled with the name of "
        "its instance",
    )
    _add_service(made.add_argument_group("service and credentials"))
    _add_times(made.add_argument_group("times (such as 90, 90s, 10m, 1h30m or 1d)"))
    _add_policy(made.add_argument_group("when to stop"))
    _add_polling(made.add_argument_group("polling"))
    _add_output(made.add_argument_group("output"))
    _add_others(made.add_argument_group("other commands"))
    made.refuse_secrets()
    return made


def _add_service(group: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    add = group.add_argument
    add(
        "--endpoint",
        metavar="URL",
        help="URL of DDS, such as https://dds.ap-southeast-1.myhuaweicloud.com "
        "[env: DDSWAIT_ENDPOINT; default: derived from the region]",
    )
    add("--region", metavar="NAME", help="region, such as ap-southeast-1 [env: HW_REGION_NAME]")
    add(
        "--project-id",
        metavar="ID",
        help="project of the jobs [env: HW_PROJECT_ID; default: the project named as the region]",
    )
    add(
        "--iam-endpoint",
        metavar="URL",
        help="URL of IAM [env: HUAWEICLOUD_SDK_IAM_ENDPOINT, HW_AUTH_URL, OS_AUTH_URL; "
        "default: derived from the region]",
    )
    add(
        "--cloud",
        metavar="NAME",
        help="take all settings from this cloud of clouds.yaml [env: OS_CLOUD]",
    )
    add(
        "--auth",
        choices=("auto", "metadata"),
        help="where credentials come from: 'auto' uses the first source of the list below, "
        "'metadata' uses the keys of the ECS that ddswait runs on "
        f"[default: {DEFAULTS.auth}]",
    )
    add(
        "--ca-file",
        metavar="FILE",
        help="PEM file of certificates to trust instead of the system's [env: OS_CACERT]",
    )
    add(
        "--insecure-http",
        action="store_true",
        help="allow an http:// endpoint on another machine",
    )


def _add_times(group: Any) -> None:  # noqa: ANN401
    for option, default, description in (
        ("--timeout", USUAL_TIMEOUT, "stop waiting for a job after this time"),
        ("--grace", DEFAULTS.grace, "how long a new job ID may be unknown to DDS"),
        ("--interval", DEFAULTS.interval, "about how often a running job is polled"),
    ):
        text = f"{description} [default: {exact(default)}]"
        group.add_argument(option, metavar="TIME", type=reported(parse_positive), help=text)
    group.add_argument(
        "--unreachable-after",
        metavar="TIME",
        type=reported(parse_positive),
        help="stop if every poll fails this long "
        "[default: 10m; 1m if the host name never resolves]",
    )


def _add_policy(group: Any) -> None:  # noqa: ANN401
    add = group.add_argument
    add(
        "--wait-for",
        metavar="HOW_MANY",
        type=reported(parse_wait_for),
        help="how many jobs must complete: 'all', 'any' or a number; see policies [default: all]",
    )
    add(
        "--fail-fast",
        action="store_true",
        help="stop as soon as too few jobs can still complete, instead of waiting for every job",
    )
    add(
        "--ready",
        action="store_true",
        help="after each job, also wait until its instance is normal without pending actions, so "
        "that DDS accepts the next operation",
    )
    add(
        "--instance",
        metavar="ID",
        action="append",
        help="with --ready: wait for this instance too, without a job, such as that of a prepaid "
        "order; may be repeated; LABEL=ID names it",
    )
    add(
        "--state",
        metavar="FILE",
        help="save progress to FILE; run again with the same FILE to resume: finished jobs are "
        "skipped and the deadline still applies",
    )


def _add_polling(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--rate",
        metavar="N/TIME",
        type=reported(checked_rate),
        help="how many requests may be sent, such as 10/s or 200/5m; ddswait also keeps to the "
        f"limits that the API reports [default: {DEFAULTS.rate}]",
    )
    group.add_argument(
        "--history",
        metavar="FILE",
        help="save how long jobs take to FILE, so that later runs poll when a job is about to end "
        "[default: list past jobs at each start]",
    )


def _add_output(group: Any) -> None:  # noqa: ANN401
    add = group.add_argument
    add(
        "--output",
        choices=("text", "json", "jsonl"),
        help="what standard output gets: 'text' a line for each job that ended, 'json' one "
        "document at the end, 'jsonl' a line for each event and a summary "
        f"[default: {DEFAULTS.output}]",
    )
    add(
        "--heartbeat",
        metavar="TIME",
        type=reported(parse_positive),
        help="without a terminal, print a sign of life after this time without output "
        f"[default: {exact(DEFAULTS.heartbeat)}]",
    )
    add("--report", metavar="FILE", help="write an HTML page with a timeline of every job")
    add("--junit", metavar="FILE", help="write a JUnit report (XML) with a test case for each job")
    add(
        "--github",
        action="store_true",
        help="write annotations, a step summary and outputs for GitHub Actions "
        "[env: GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT]",
    )
    add("-v", "--verbose", action="store_true", help="log every event to standard error")
    add("-q", "--quiet", action="store_true", help="print only errors to standard error")


def _add_others(group: Any) -> None:  # noqa: ANN401
    add = group.add_argument
    add(
        "--check",
        action="store_true",
        help="show which credentials, endpoint and project are used, and whether the service "
        "replies, has the same time, and permits polls and lists; exits with 0 if polls are "
        "accepted, 4 if they are refused, 5 if nothing replies",
    )
    add("--schema", action="store_true", help="print the JSON Schema of the machine output")
    add(
        "--print-completion",
        choices=SHELLS,
        help="print a completion script for a shell (needs shtab: ddswait[completion])",
    )
    add("--demo", action="store_true", help="show a run against a simulated cloud")
    add("--version", action="version", version=f"ddswait {__version__}", help="show the version")
    add("-h", "--help", action="help", help="show this help")
