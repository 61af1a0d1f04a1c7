"""What each way through the command line imports: start-up costs little else."""

import os
import subprocess
import sys

import pytest

from tests.benchmarks.server import serving

# What argparse imports does not count, nor what is loaded already, such as by a coverage tool.
SHOW = """
import argparse, atexit, sys

layout = lambda prog: argparse.HelpFormatter(prog, width=80)
argparse.ArgumentParser(formatter_class=layout).format_help()
before = set(sys.modules)
atexit.register(lambda: print("imported", *sorted(set(sys.modules) - before), file=sys.stderr))
sys.argv[1:] = {arguments}
from ddswait.__main__ import run
run()
"""
RUN = {"aiohttp", "asyncio", "ddswait.cli.run", "ddswait.scheduler", "ddswait.waiter", "ssl"}
CREDENTIALS = {"ddswait.credentials", "ddswait.outcome", "hashlib", "logging", "urllib"}
RECORDS = {"dataclasses", "ddswait.cli.job_table", "inspect", "json"}
TYPES = {"ddswait.cli.options", "typing"}
SELDOM = {
    "ddswait.cli.commands.check",
    "ddswait.cli.commands.completion",
    "ddswait.cli.commands.demo",
    "ddswait.cli.output.live_rows",
    "ddswait.cli.output.log_lines",
    "ddswait.cli.reports.github",
    "ddswait.cli.reports.html",
    "ddswait.cli.reports.junit",
    "ddswait.credentials.clouds_yaml",
    "ddswait.credentials.profile_file",
    "ddswait.simulator",
    "ddswait.virtual_time",
    "rich",
    "shtab",
    "structlog",
    "yaml",
}
"""What a run imports only for an option or a setting that needs it."""


def imported(*arguments: str) -> tuple[set[str], int]:
    """Return what a command imports, and its exit code."""
    settings = {"HW_PROJECT_ID": "p", "HW_AUTH_TOKEN": "t", "GITHUB_ACTIONS": ""}
    done = subprocess.run(
        [sys.executable, "-c", SHOW.format(arguments=list(arguments))],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    name, *modules = done.stderr.splitlines()[-1].split()
    assert name == "imported", done.stderr
    return set(modules), done.returncode


@pytest.mark.parametrize(
    ("arguments", "code"), [("--help", 0), ("--version", 0), ("--nope", 2), ("--token", 2)]
)
def test_arguments_are_parsed_without_typing(arguments: str, code: int) -> None:
    """`--help`, `--version` and wrong options import argparse and this many files of ddswait."""
    modules, ended = imported(arguments)
    assert ended == code
    assert not modules & (TYPES | RECORDS | CREDENTIALS | RUN | SELDOM | {"shutil"})
    assert {name for name in modules if name.startswith("ddswait")} == {
        "ddswait",
        "ddswait.__main__",
        "ddswait.cli",
        "ddswait.cli.arguments",
        "ddswait.cli.defaults",
        "ddswait.duration_text",
        "ddswait.cli.escaping",
        "ddswait.cli.help_formatter",
        "ddswait.cli.help_text",
        "ddswait.cli.main",
        "ddswait.cli.option_values",
        "ddswait.cli.secret_options",
        "ddswait.cli.wrapping",
        "ddswait.errors",
        "ddswait.version",
    }


@pytest.mark.parametrize("argument", ["a b", "label=", "a,b,", "$JOB_ID"])
def test_job_ids_are_checked_without_records(argument: str) -> None:
    """A wrong job ID is reported before a record of a job could be made."""
    modules, code = imported(argument)
    assert (code, "ddswait.service.job_ids" in modules) == (2, True)
    assert not modules & (RECORDS | CREDENTIALS | RUN | SELDOM)


@pytest.mark.parametrize(
    "arguments",
    [("--endpoint", "ftp://x", "x"), ("--region", "x y", "x")],
)
def test_settings_are_resolved_without_a_run(arguments: tuple[str, ...]) -> None:
    """Wrong settings are reported before anything that waits or sends is imported."""
    modules, code = imported(*arguments)
    assert (code, "ddswait.credentials.chain" in modules) == (2, True)
    assert not modules & (RUN | SELDOM)


def test_run_imports_nothing_for_options_that_were_not_given() -> None:
    """A run that completes at once imports what it uses, and no report, view or demo."""
    with serving("Completed") as endpoint:
        modules, code = imported("--endpoint", endpoint, "some-job")
    assert code == 0
    needed = RUN | CREDENTIALS | RECORDS | TYPES
    assert modules >= {name for name in needed if name.startswith("ddswait")}
    assert not modules & SELDOM
