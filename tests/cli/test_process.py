"""ddswait.__main__: how the process begins and ends."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ddswait.version import __version__

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
