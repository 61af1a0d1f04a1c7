"""Signals while the live view is on a real terminal: what they leave behind."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.output.pseudo_terminal import Terminal
from tests.cloud_process import Cloud, serving


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


def has_cursor(terminal: Terminal) -> bool:
    return terminal.raw.rindex(b"\x1b[?25h") > terminal.raw.rindex(b"\x1b[?25l")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_hang_up_leaves_what_a_termination_leaves(
    cloud: Cloud, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """State, report and JUnit are written, the cursor is back, and the run can be resumed."""
    job_id = cloud.held_job()
    files = [tmp_path / name for name in ("state.json", "report.html", "junit.xml")]
    options = ["--state", "--report", "--junit"]
    words = [word for pair in zip(options, map(str, files), strict=True) for word in pair]
    terminal = Terminal(cloud, *words, f"mine={job_id}", columns=120)
    terminal.until(r"mine .*Running")
    terminal.process.kill(number)
    assert terminal.end() == code
    assert has_cursor(terminal)
    assert "to resume:" in terminal.text
    state, report, junit = (file.read_text() for file in files)
    assert json.loads(state)
    assert job_id in report
    assert job_id in junit


def test_terminal_that_is_gone_ends_the_run(cloud: Cloud, tmp_path: Path) -> None:
    """A closed window hangs up, and nothing can be shown any more: the files are written."""
    state = tmp_path / "state.json"
    report = tmp_path / "report.html"
    terminal = Terminal(cloud, "--state", str(state), "--report", str(report), cloud.held_job())
    terminal.until("Running")
    terminal.process.ptyproc.fileobj.close()  # a terminal that is closed sends SIGHUP
    _, status = os.waitpid(terminal.process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert report.exists()


def test_nohup_is_respected(cloud: Cloud) -> None:
    """Whoever has SIGHUP ignored wants the run to go on."""
    job_id = cloud.held_job()
    words = " ".join(cloud.command(f"mine={job_id}"))
    terminal = Terminal(cloud, command=["sh", "-c", f"trap '' HUP; exec {words}"], columns=120)
    terminal.until(r"mine .*Running")
    terminal.process.kill(signal.SIGHUP)
    cloud.end(job_id)
    assert terminal.end() == 0


def stopped_in_a_shell(cloud: Cloud, job_id: str) -> Terminal:
    """Return the terminal of a shell in which Ctrl-Z was pressed while a job was shown."""
    words = " ".join(cloud.command(f"mine={job_id}"))
    terminal = Terminal(
        cloud,
        command=["bash", "--norc", "--noprofile", "-i"],
        columns=140,
        env={"PS1": "ready> ", "HISTFILE": ""},
    )
    terminal.until("ready>$")
    terminal.process.sendline(words)
    terminal.until(r"mine .*Running")
    terminal.process.send("\x1a")
    return terminal


def test_stop_leaves_the_lines_of_the_shell_alone(cloud: Cloud) -> None:
    """Ctrl-Z, a command of the shell, fg: the view goes on below what was printed meanwhile."""
    job_id = cloud.held_job()
    terminal = stopped_in_a_shell(cloud, job_id)
    stopped = terminal.until(r"Stopped(.|\n)*ready>$")
    assert has_cursor(terminal)
    assert not re.search(r"^mine ", stopped, re.MULTILINE)  # the view is cleared away
    terminal.process.sendline("echo first; echo second")
    terminal.until(r"\nfirst\nsecond\n")
    terminal.process.sendline("fg")
    terminal.until(r"first\nsecond\n(.|\n)*mine .*Running")
    for _ in range(3):
        assert terminal.read()  # further pictures
    lines = terminal.text.splitlines()
    assert "first" in lines
    assert "second" in lines
    terminal.row("mine ")
    cloud.end(job_id)
    terminal.until(r"first\nsecond\n(.|\n)*mine .*completed(.|\n)*ready>$")
    terminal.process.sendline("exit")
    terminal.end()


def test_background_draws_nothing(cloud: Cloud) -> None:
    """After bg the terminal belongs to the shell; fg brings the view back."""
    job_id = cloud.held_job()
    terminal = stopped_in_a_shell(cloud, job_id)
    terminal.until(r"Stopped(.|\n)*ready>$")
    terminal.process.sendline("bg")
    terminal.until(r"ready> bg\n(.|\n)*ready>$")
    terminal.process.sendline("echo first")
    terminal.until(r"\nfirst\nready>$")
    terminal.process.sendline("fg")
    shown = terminal.until(r"first\n(.|\n)*mine .*Running")
    assert len(re.findall("^mine ", shown, re.MULTILINE)) == 1
    cloud.end(job_id)
    terminal.until(r"completed(.|\n)*ready>$")
    terminal.process.sendline("exit")
    terminal.end()
