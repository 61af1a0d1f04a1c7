"""The arguments of the command line: `parse` turns them into one frozen `Options`.

The parser passes on only what was given; `Options` adds the defaults.
"""

from __future__ import annotations

import argparse

from ddswait.cli import defaults, help_text
from ddswait.cli.help_formatter import HelpFormatter
from ddswait.cli.option_values import (
    checked_path,
    checked_rate,
    checked_service,
    parse_wait_for,
)
from ddswait.cli.secret_options import SafeParser, reported
from ddswait.duration_text import exact, parse_positive
from ddswait.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ddswait.cli.options import Options

SHELLS = ("bash", "zsh", "fish")
"""The shells that `--print-completion` can write a script for."""


def parse(argv: Sequence[str] | None = None) -> Options:
    """Return the options of a command line.

    Args:
        argv: the arguments; None for those of the process.

    Raises:
        SystemExit: with 2 if the arguments are wrong, with 0 after `--help` and `--version`.
    """
    given = vars(parser().parse_args(argv))
    from ddswait.cli.options import Options  # late: `--help` and wrong arguments need no typing

    lists = {name: tuple(given.get(name, ())) for name in ("job_ids", "instance")}
    return Options(**{**given, **lists})


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, which the completion scripts are made from too."""
    made = SafeParser(
        prog="ddswait",
        usage="ddswait [OPTIONS] JOB_ID...",
        description=help_text.DESCRIPTION,
        epilog=help_text.EPILOG,
        formatter_class=HelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
        add_help=False,
    )
    made.add_argument(
        "job_ids",
        metavar="JOB_ID",
        nargs="*",
        default=[],
        help="a job ID; SERVICE:JOB_ID for a job of another service; LABEL=JOB_ID or "
        "LABEL=SERVICE:JOB_ID to name the job; '-' reads standard input: one job ID per line, or "
        "JSON: the replies of operations, whose jobs are labelled with the names of their "
        "instances, a list of IDs, or the output of 'terraform output -json'",
    )
    _add_service(made.add_argument_group("service and credentials"))
    _add_times(made.add_argument_group("times (such as 90, 90s, 10m, 1h30m or 1d)"))
    _add_policy(made.add_argument_group("when to stop"))
    _add_polling(made.add_argument_group("polling"))
    _add_output(made.add_argument_group("output"))
    _add_others(made.add_argument_group("other commands").add_mutually_exclusive_group())
    made.refuse_secrets()
    return made


def _add_service(group: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    add = group.add_argument
    add(
        "--service",
        metavar="NAME",
        type=reported(checked_service),
        help="whose jobs they are: dds, rds or another service of the list below; with --check, "
        "'all' is possible [env: DDSWAIT_SERVICE; default: dds]",
    )
    add(
        "--endpoint",
        metavar="URL",
        help="URL of the service, such as https://dds.ap-southeast-1.myhuaweicloud.com "
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
        f"[default: {defaults.AUTH}]",
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
        ("--timeout", defaults.TIMEOUT, "stop waiting for a job after this time"),
        ("--grace", defaults.GRACE, "how long a new job ID may be unknown to the service"),
        ("--interval", defaults.INTERVAL, "about how often a running job is polled"),
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
        help="after each job, also wait until its instance is ready without pending actions, so "
        "that the service accepts the next operation",
    )
    add(
        "--instance",
        metavar="ID",
        action="append",
        help="with --ready: wait for this instance too, without a job, such as that of a prepaid "
        "order; may be repeated; LABEL=ID names it, and SERVICE:ID is one of another service",
    )
    add(
        "--state",
        metavar="FILE",
        type=reported(checked_path),
        help="save progress to FILE; run again with the same FILE to resume: finished jobs are "
        "skipped and the deadline still applies",
    )


def _add_polling(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--rate",
        metavar="N/TIME",
        type=reported(checked_rate),
        help="how many requests may be sent, such as 10/s or 200/5m; ddswait also keeps to the "
        f"limits that the API reports [default: {defaults.RATE}]",
    )
    group.add_argument(
        "--history",
        metavar="FILE",
        type=reported(checked_path),
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
        f"[default: {defaults.OUTPUT}]",
    )
    add(
        "--heartbeat",
        metavar="TIME",
        type=reported(parse_positive),
        help="without a terminal, print the status after this time without a line; with 20 jobs "
        "and more, each time this has passed "
        f"[default: {exact(defaults.HEARTBEAT)}]",
    )
    for option, description in (
        ("--report", "write an HTML page with a timeline of every job"),
        ("--junit", "write a JUnit report (XML) with a test case for each job"),
    ):
        add(option, metavar="FILE", type=reported(checked_path), help=description)
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
        "accepted, 2 if a setting is missing, 4 if they are refused, 5 if nothing replies",
    )
    add("--schema", action="store_true", help="print the JSON Schema of the machine output")
    add(
        "--print-completion",
        choices=SHELLS,
        help="print a completion script for a shell (needs shtab: pip install shtab)",
    )
    add("--demo", action="store_true", help="show a run against a simulated cloud")
    add("--version", action="version", version=f"ddswait {__version__}", help="show the version")
    add("-h", "--help", action="help", help="show this help")
