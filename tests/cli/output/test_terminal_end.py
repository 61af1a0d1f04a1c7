"""The end of a run on a real terminal: short, and no word is broken."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.output.pseudo_terminal import Terminal
from tests.cloud_process import Cloud, serving

REASON = "Insufficient quota of volumes in az2: delete some that nobody uses, or ask for more."


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


@pytest.mark.parametrize("columns", [80, 120])
def test_ctrl_c_says_three_lines(cloud: Cloud, columns: int) -> None:
    """How many jobs run on, the command that resumes, and the totals; no job has a cross."""
    jobs = [cloud.held_job() for _ in range(8)]
    terminal = Terminal(cloud, *jobs, columns=columns)
    terminal.until(r"(Running[^R]*){8}")
    terminal.process.kill(signal.SIGINT)
    assert terminal.end() == 130
    lines = terminal.text.splitlines()
    running, command, totals = lines[-3:]
    assert lines[-4].startswith(jobs[-1])  # the last row of the live view
    assert running == "8 jobs run on: only the wait was stopped"
    found = re.fullmatch(r"to resume: ddswait --interval 0\.2s - < (\S+)", command)
    assert found
    file = Path(found[1])
    assert file.read_text().splitlines() == jobs
    file.unlink()
    assert totals == "8 pending; exit code 130"
    assert "\N{MULTIPLICATION X}" not in terminal.text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_word_is_broken(cloud: Cloud, columns: int) -> None:
    """Equal failures are explained once, in lines that break between words."""
    jobs = [f"shard-{number}={cloud.job(fails=REASON)}" for number in range(3)]
    terminal = Terminal(cloud, *jobs, columns=columns)
    assert terminal.end() == 1
    lines = terminal.text.splitlines()
    explained = lines[lines.index("") + 1 :]
    words = " ".join(explained).split()
    assert words[: len(REASON.split()) + 3] == ["3", "jobs", "failed:", *REASON.split()]
    assert explained[-1] == "3 failed; exit code 1"
    assert all(len(line) <= columns for line in explained)


def test_long_command_is_continued_between_words(cloud: Cloud) -> None:
    """A shell reads it as one line."""
    job_id = cloud.held_job()
    terminal = Terminal(cloud, "--timeout", "1s", "--grace", "30s", "--rate", "5/s", job_id)
    assert terminal.end() == 124
    lines = terminal.text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("to resume:"))
    assert lines[begin].endswith(" \\")
    words = " ".join(lines[begin:-1]).replace("\\", "").split()
    assert words[2:5] == ["ddswait", "--timeout", "1s"]
    assert words[-1] == job_id
