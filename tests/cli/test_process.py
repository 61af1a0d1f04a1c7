"""ddswait.__main__: how the process begins and ends."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from uuid import uuid4

import pytest

from ddswait.version import __version__
from tests.cloud_process import Cloud, wait_for_line

ROOT = Path(__file__).parents[2]
BEFORE = """
import atexit, gc, os, sys

class Loud:
    def __del__(self):
        os.write(1, b"freed\\n")

atexit.register(lambda: print("threshold", gc.get_threshold()[0]))
sys.loud = Loud()
sys.argv[1:] = {arguments}
from ddswait.__main__ import run
run()
"""


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEFORE.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=False,
    )


def test_process_ends_without_freeing_its_objects() -> None:
    """What is registered for the exit is called, all output is written, and nothing is freed."""
    done = process("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"ddswait {__version__}\nthreshold 100000\n"


def test_process_ends_with_the_exit_code_of_main() -> None:
    """A usage error of argparse and one of a command both exit 2, with their messages."""
    for arguments, message in ((["--nope"], "--nope"), (["a b"], "'a b'")):
        done = process(*arguments)
        assert (done.returncode, done.stdout) == (2, "threshold 100000\n")
        assert message in done.stderr.splitlines()[-1]


def test_lost_output_is_reported() -> None:
    """The exit code is that of Python, 120, if the last output cannot be written."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ddswait", "--version"],
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, "No space left" in done.stderr) == (120, True)


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_second_signal_does_not_cut_the_end_of_a_run(
    number: signal.Signals, unbuffered: dict[str, str], cloud: Cloud, tmp_path: Path
) -> None:
    """Signals often come twice, as from `timeout`: everything is written all the same."""
    jobs = [f"{'x' * 50}{index}={uuid4()}" for index in range(400)]
    jobs.insert(0, f"bad={cloud.job(fails='no quota')}")
    junit = tmp_path / "junit.xml"
    options = ["--output", "json", "--grace", "1h", "--junit", str(junit)]
    env = {name: value for name, value in cloud.env.items() if name != "PYTHONUNBUFFERED"}
    with Cloud(cloud.endpoint, env | unbuffered).start(*options, *jobs) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        wait_for_line(command, "no quota")  # so the signals are obeyed
        command.send_signal(number)
        # The document is longer than a pipe holds: the command is writing it.
        first = command.stdout.read(1)
        command.send_signal(number)
        document, err = first + command.stdout.read(), command.stderr.read()
    assert len(json.loads(document)["jobs"]) == len(jobs)
    assert junit.exists()
    assert f"1 failed, 400 pending; exit code {128 + number}" in err.splitlines()[-1]
    assert command.returncode == 128 + number


EARLY = """
import asyncio, os, sys

run = asyncio.run

def run_late(main):
    os.kill(os.getpid(), {number})
    return run(main)

asyncio.run = run_late
sys.argv[1:] = {arguments}
from ddswait.__main__ import run as ddswait
ddswait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_before_the_first_poll_ends_the_run_as_later_ones(
    number: signal.Signals, cloud: Cloud, tmp_path: Path
) -> None:
    """Once the run has said what it waits for, it ends with its state and its last lines."""
    state = tmp_path / "wait.json"
    arguments = ["--state", str(state), cloud.held_job()]
    done = subprocess.run(
        [sys.executable, "-c", EARLY.format(number=int(number), arguments=arguments)],
        capture_output=True,
        text=True,
        env=cloud.env,
        check=False,
    )
    assert done.returncode == 128 + number
    begin, pending, resume, totals = done.stderr.splitlines()
    assert "waiting for 1 job at " in begin
    assert pending.endswith("1 job was not seen yet: only the wait was stopped")
    assert resume.endswith(f"to resume: ddswait --state {state}")
    assert totals.endswith(f"1 pending; exit code {128 + number}")
    assert json.loads(state.read_text())["jobs"]


@pytest.mark.parametrize("command", [["--schema"], ["--print-completion", "bash"]])
def test_document_that_cannot_be_written_is_reported_in_a_sentence(command: list[str]) -> None:
    """A full disk gives one line on standard error and the exit code of lost output."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ddswait", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == (
        "ddswait: error: standard output cannot be written: No space left on device\n"
    )
    assert done.returncode == 141


def test_installed_command_is_this_process() -> None:
    """The command that pip installs is the process that `python -m ddswait` starts."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"ddswait": "ddswait.__main__:run"}
