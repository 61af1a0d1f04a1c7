"""tests.cloud_process: what tests wait for ends, whatever the process does."""

import subprocess
import sys

import pytest

from tests.cloud_process import wait_for_line


def start(program: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_line_is_found_and_the_next_one_can_be_read() -> None:
    """Even if the process ended right after it."""
    with start("import sys; sys.stderr.write('one\\nthe line\\nthree\\n')") as process:
        wait_for_line(process, "line")
        assert process.stderr is not None
        assert process.stderr.read() == "three\n"


def test_process_that_ended_fails_the_test() -> None:
    """Even if a child of it goes on and keeps its standard error open."""
    child = (
        "import subprocess, sys; subprocess.Popen(['cat'], stdin=0); sys.stderr.write('other\\n')"
    )
    with start(child) as process:
        assert process.stdin is not None
        with pytest.raises(pytest.fail.Exception, match="the process ended without 'line'"):
            wait_for_line(process, "line")
        process.stdin.close()  # which ends the child


def test_silent_process_fails_the_test() -> None:
    """After a bound, so that no run of the tests hangs."""
    with start("import sys; sys.stdin.read()") as process:
        with pytest.raises(pytest.fail.Exception, match="the process is silent without 'line'"):
            wait_for_line(process, "line", longest=0.0)
        assert process.stdin is not None
        process.stdin.close()  # which ends the process
