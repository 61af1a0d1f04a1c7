"""Which line goes to standard output, and which to standard error."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.printer import OutputClosed, Printer
from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Polled,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.job import Job
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service.dds import SERVICE

DONE = Outcome("id-1", OutcomeKind.COMPLETED, message="job id-1 completed", waited=3.0)


def job(progress: int, status: str = "Running") -> Job:
    return SERVICE.read_record(
        {"id": "id-1", "name": "Create", "status": status, "progress": str(progress)}
    )


def printer(form: str = "text", *, quiet: bool = False) -> Printer:
    return Printer(form, JobTable([Named("id-1", "mine")], 0.0), quiet=quiet)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Tracked("id-1"), ""),
        (Visible("id-1", job(5)), "mine  Create: Running 5 %\n"),
        (Progressed("id-1", job(20), job(5)), "mine  Create: Running 20 %\n"),
        (Progressed("id-1", job(6), job(5)), ""),
        (Progressed("id-1", job(6, "Odd\x1b"), job(5)), "mine  Create: Odd\\x1b 6 %\n"),
        (PollFailed("id-1", "HTTP\n502", 2.0), "mine  poll failed, next try in 2s: HTTP\\n502\n"),
        (UnknownStatus("id-1", "Odd\n"), "mine  DDS uses an undocumented status: Odd\\n\n"),
        (
            RenewalFailed("x\x1b", 45.0),
            "credentials could not be renewed, next try in 45s: x\\x1b\n",
        ),
        (RenewalFailed("HTTP 503", None), "credentials could not be renewed: HTTP 503\n"),
        (Polled("id-1", "interval", 2.0), ""),
        (ListRefused("HTTP 403"), ""),
        (Ended("id-1", DONE), ""),
    ],
)
def test_an_event_is_a_line_on_standard_error(
    event: Event, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What people need to know, and nothing else; standard output stays empty."""
    printer().event(event)
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_failed_poll_of_an_instance_bears_its_name(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its label, with a job before it or without; what programs read has the ID of both."""
    table = JobTable([Named("instance:i1", "orders"), Named("id-1", "mine")], 0.0)
    for number, (job_id, name) in enumerate([("", "orders"), ("id-1", "mine")]):
        failed = PollFailed(job_id, f"HTTP 50{number}", 2.0, "i1", ("somebody",))
        table.take(failed, 1.0)
        Printer(form, table, quiet=False).event(failed)
        printed = capsys.readouterr()
        assert printed.err == f"{name}  poll failed, next try in 2s: HTTP 50{number}\n"
        if form == "jsonl":
            line = json.loads(printed.out)
            assert (line["job_id"], line["instance_id"], line["label"]) == (job_id, "i1", name)
    assert all(entry.next_poll_at is None for entry in table)  # which polls of jobs change alone


def test_progress_is_reported_every_ten_percent(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that takes an hour does not fill the log."""
    shown = printer()
    shown.event(Visible("id-1", job(0)))
    for progress in range(1, 100):
        shown.event(Progressed("id-1", job(progress), job(progress - 1)))
    assert len(capsys.readouterr().err.splitlines()) == 10
    late = printer()
    late.event(Visible("id-1", job(35)))
    late.event(Progressed("id-1", job(36), job(35)))
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_same_cause_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand jobs behind one broken proxy make one line, until something else happens."""
    shown = printer()
    for cause in ("HTTP 502", "HTTP 502", "HTTP 503", "HTTP 502"):
        shown.event(PollFailed("id-1", cause, 2.0))
    assert capsys.readouterr().err.count("502") == 2


@pytest.mark.parametrize(
    ("form", "out", "err"),
    [
        ("text", "id-1\tcompleted\t-\t-\t3s\t-\tmine\n", ""),
        ("json", "", "mine  completed: job id-1 completed\n"),
        ("jsonl", '{"event": "ended", ', "mine  completed: job id-1 completed\n"),
    ],
)
def test_an_outcome_is_data(
    form: str, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the chosen format, at once; if that is for programs, people get a line of their own."""
    shown = printer(form)
    shown.outcome(shown._table["id-1"], DONE)
    printed = capsys.readouterr()
    assert printed.out.startswith(out) if form == "jsonl" else printed.out == out
    assert printed.err == err


def test_summary_ends_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    """`json` prints its only document, `jsonl` its last line, and people read the totals."""
    for form, lines in (("text", 0), ("json", 1), ("jsonl", 1)):
        shown = printer(form)
        shown._table.settle(DONE, 3.0)
        shown.summary(0)
        printed = capsys.readouterr()
        assert printed.err == "1 completed; exit code 0\n"
        assert bool(printed.out) == bool(lines)
        assert not printed.out or json.loads(printed.out)["exit_code"] == 0


def test_quiet_prints_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    """`-q` keeps notes away; errors are shown."""
    shown = printer(quiet=True)
    shown.note("a note")
    shown.heartbeat(9.0)
    shown.errors(["an error"])
    assert capsys.readouterr() == ("", "an error\n")


def test_heartbeat_counts_the_open_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """Ended jobs do not count."""
    shown = printer()
    shown.heartbeat(65.0)
    shown._table.settle(DONE, 66.0)
    shown.heartbeat(70.0)
    assert capsys.readouterr().err == (
        "still waiting for 1 job, the oldest 1m05s old\n"
        "still waiting for 0 jobs, the oldest 0s old\n"
    )


def closed_pipe() -> TextIO:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


def full_disk() -> TextIO:
    return Path("/dev/full").open("w")


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        (closed_pipe, ""),
        (
            full_disk,
            "ddswait: error: standard output cannot be written: No space left on device\n",
        ),
    ],
)
def test_output_that_cannot_be_written_is_closed(
    stream: Callable[[], TextIO],
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full disk is an error to read about; a closed pipe is what `| head -1` does."""
    shown = printer()
    with stream() as out, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", out)
        with pytest.raises(OutputClosed):
            shown.outcome(shown._table["id-1"], DONE)
    assert capsys.readouterr().err == line


def test_a_log_has_no_width() -> None:
    """Only a terminal has lines of a certain length."""
    assert printer().width is None
