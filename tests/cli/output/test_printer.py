"""Which line goes to standard output, and which to standard error."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
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
from ddswait.job import Instance, Job
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service.dds import SERVICE

DONE = Outcome("id-1", OutcomeKind.COMPLETED, message="job id-1 completed", waited=3.0)


def job(progress: int, status: str = "Running") -> Job:
    return SERVICE.read_record(
        {"id": "id-1", "name": "Create", "status": status, "progress": str(progress)}
    )


class Clock:
    """A clock that stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def printer(
    form: str = "text", *, quiet: bool = False, jobs: int = 1, clock: Clock | None = None
) -> Printer:
    named = [Named(f"id-{number}", "mine" if number == 1 else "") for number in range(1, jobs + 1)]
    return Printer(form, JobTable(named, 0.0), quiet=quiet, clock=clock or Clock())


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Tracked("id-1"), ""),
        (Visible("id-1", job(5)), "mine  Create: Running 5 %\n"),
        (Progressed("id-1", job(20), job(5)), "mine  Create: Running 20 %\n"),
        (Progressed("id-1", job(6), job(5)), ""),
        (Progressed("id-1", job(6, "Odd\x1b"), job(5)), "mine  Create: Odd\\x1b 6 %\n"),
        (PollFailed("id-1", "HTTP\n502", 2.0), "mine  poll failed, next try in 2s: HTTP\\n502\n"),
        (UnknownStatus("id-1", "Odd\n"), "mine  the service uses an undocumented status: Odd\\n\n"),
        (
            RenewalFailed("x\x1b", 45.0),
            "no credentials for the project yet, next try in 45s: x\\x1b\n",
        ),
        (RenewalFailed("HTTP 503", None), "no credentials for the project yet: HTTP 503\n"),
        (Polled("id-1", "interval", 2.0), ""),
        (ListRefused("HTTP 403"), ""),
        (Ended("id-1", DONE), ""),
        (
            Visible("id-1", replace(job(5), instance=Instance("i", "mine"))),
            "mine  Create: Running 5 %\n",
        ),
    ],
)
def test_an_event_is_a_line_on_standard_error(
    event: Event, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What people need to know, and nothing else; standard output stays empty."""
    printer().event(event)
    assert capsys.readouterr() == ("", f"[00:00] {line}" if line else "")


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_failed_poll_of_an_instance_bears_its_name(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its label, with a job before it or without; what programs read has the ID of both."""
    table = JobTable([Named("instance:i1", "orders"), Named("id-1", "mine")], 0.0)
    for number, (job_id, name) in enumerate([("", "orders"), ("id-1", "mine")]):
        failed = PollFailed(job_id, f"HTTP 50{number}", 2.0, "i1", ("somebody",), "HTTP 502")
        table.take(failed, 1.0)
        Printer(form, table, quiet=False, clock=Clock()).event(failed)
        printed = capsys.readouterr()
        assert printed.err == f"[00:00] {name}  poll failed, next try in 2s: HTTP 50{number}\n"
        if form == "jsonl":
            line = json.loads(printed.out)
            assert (line["job_id"], line["instance_id"], line["label"]) == (job_id, "i1", name)
    assert {entry.problem for entry in table} == {"HTTP 502"}


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
    """A thousand polls through one broken proxy make one line."""
    shown = printer()
    for cause in ("HTTP 502", "HTTP 502", "HTTP 503", "HTTP 502"):
        shown.event(PollFailed("id-1", cause, 2.0))
    assert capsys.readouterr().err.count("502") == 1


@pytest.mark.parametrize(
    ("form", "out", "err"),
    [
        ("text", "id-1\tcompleted\t-\t-\t3s\t-\tmine\n", "[00:00] mine  completed\n"),
        ("json", "", "[00:00] mine  completed\n"),
        ("jsonl", '{"event": "ended", ', "[00:00] mine  completed\n"),
    ],
)
def test_an_outcome_is_data(
    form: str, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the chosen format, at once; people get a line of their own."""
    shown = printer(form)
    shown.outcome(shown._table["id-1"], DONE)
    printed = capsys.readouterr()
    assert printed.out.startswith(out) if form == "jsonl" else printed.out == out
    assert printed.err == err


def test_one_place_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard output and standard error are one file, the line of data is enough."""
    shown = printer()
    for other, lines in ((tmp_path / "log", 1), (tmp_path / "other", 2)):
        with (
            (tmp_path / "log").open("w") as out,
            other.open("a") as err,
            monkeypatch.context() as it,
        ):
            it.setattr(sys, "stdout", out)
            it.setattr(sys, "stderr", err)
            shown.outcome(shown._table["id-1"], DONE)
        files = {tmp_path / "log", other}
        assert sum(len(each.read_text().splitlines()) for each in files) == lines


def test_outcome_of_an_earlier_run_is_data_only(capsys: pytest.CaptureFixture[str]) -> None:
    """People read how many ended before: the run began by saying so."""
    table = JobTable([Named("id-1")], 100.0)
    shown = Printer("text", table, quiet=False, clock=Clock())
    shown.outcome(table.settle(DONE, 99.0), DONE)
    printed = capsys.readouterr()
    assert (printed.out.count("completed"), printed.err) == (1, "")


def test_document_and_totals_end_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    """`json` prints its only document, `jsonl` its last line, and people read the totals."""
    for form, lines in (("text", 0), ("json", 1), ("jsonl", 1)):
        shown = printer(form)
        shown._table.settle(DONE, 3.0)
        shown.document(0)
        shown.totals(0)
        printed = capsys.readouterr()
        assert printed.err == "[00:00] 1 completed; exit code 0\n"
        assert bool(printed.out) == bool(lines)
        assert not printed.out or json.loads(printed.out)["exit_code"] == 0


@pytest.mark.parametrize(
    ("seconds", "begin"),
    [(-1, "[00:00]"), (130.9, "[02:10]"), (3599, "[59:59]"), (3730, "[1:02:10]")],
)
def test_lines_of_a_log_begin_with_the_time(
    seconds: float, begin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The time since the run began, whatever the line says; a command stays on one line."""
    clock = Clock()
    shown = printer(clock=clock)
    clock.now += seconds
    shown.note("a note")
    shown.error("an\nerror")
    shown.command("to resume:", ["ddswait", *"x" * 100])
    shown.command("to resume:", [])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [f"{begin} a note", f"{begin} an\\nerror"]
    assert [len(lines), lines[2].rstrip()] == [3, f"{begin} to resume: ddswait{' x' * 100}"]


def test_quiet_prints_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    """`-q` keeps notes away; errors are shown."""
    shown = printer(quiet=True)
    shown.note("a note")
    shown.status("a status")
    shown.details("title", ["an error"], 0.0)
    assert capsys.readouterr() == ("", "[00:00] an error\n")


@pytest.mark.parametrize(("jobs", "left"), [(19, 60.0), (20, 20.0)])
def test_status_line_of_few_jobs_waits_for_silence(jobs: int, left: float) -> None:
    """Of 20 jobs and more it comes regularly: it stands for the lines about them."""
    clock = Clock()
    shown = printer(jobs=jobs, clock=clock)
    clock.now += 40
    shown.note("a line")
    assert shown.until_status(60.0) == left
    clock.now += left
    assert shown.until_status(60.0) == 0.0
    shown.status("a status")
    assert shown.until_status(60.0) == 60.0


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
            "[00:00] ddswait: error: standard output cannot be written: No space left on device\n",
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
