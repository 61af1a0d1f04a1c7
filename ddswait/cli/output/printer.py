"""What a run prints: data on standard output, everything else on standard error.

Text that came from a server is shown with its control characters escaped: it can move no cursor,
colour nothing and begin no new line.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from typing import TYPE_CHECKING, TextIO, assert_never

from ddswait.cli.output import json_records as records
from ddswait.cli.output.failures import reason
from ddswait.cli.output.text import duration, human, job_text, safe
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

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.live import LiveView
    from ddswait.job import Job

_STEP = 10  # percent of progress that are worth a line


class OutputClosed(Exception):  # noqa: N818 - it happens, as to `| head -1`
    """Nobody reads standard output any more."""


class Printer:
    """Shows events and outcomes in one of the formats.

    Args:
        form: `text`, `json` or `jsonl`.
        ledger: what is known of each job.
        quiet: whether to keep everything but errors off standard error.
    """

    def __init__(self, form: str, table: JobTable, *, quiet: bool) -> None:
        self._form = form
        self._table = table
        self._quiet = quiet
        self._shown_progress: dict[str, int] = {}
        self._last_cause = ""
        self.live: LiveView | None = None
        self.told_at = time.monotonic()
        """When anything was last told, in seconds of the monotonic clock."""

    def show_live(self, view: LiveView) -> None:
        """Show jobs in a live view from now on, instead of a line for each change."""
        self.live = view

    def start(self) -> None:
        """Begin to draw the live view, if there is one."""
        if self.live is not None:
            self.live.start()

    def stop(self, now: float) -> None:
        """Draw the live view for the last time; lines follow."""
        view, self.live = self.live, None
        if view is not None:
            with contextlib.suppress(OSError):
                view.stop(now)

    def draw(self, now: float) -> None:
        """Draw the live view, if there is one; a terminal that is gone ends it."""
        try:
            if self.live is not None:
                self.live.draw(now)
        except OSError:
            self.live = None

    def event(self, event: Event) -> None:
        """Show what happened to a job.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        entry = self._table.entries.get(event.job_id)
        if self._form == "jsonl":
            record = records.event_record(event, entry.label if entry else "")
            if record is not None:
                self._data(records.dumps(record))
        line = self._line(event, safe(entry.name) if entry else "")
        if line and (self.live is None or not isinstance(event, Visible | Progressed)):
            self.note(line)

    def _line(self, event: Event, name: str) -> str:
        match event:
            case Visible(_, job, _):
                self._is_step(job)
                return f"{name}  {job_text(job)}"
            case Progressed(_, job, previous):
                news = job.status != previous.status or self._is_step(job)
                return f"{name}  {job_text(job)}" if news and not job.is_final else ""
            case PollFailed(_, cause, pause):
                before, self._last_cause = self._last_cause, cause
                line = f"{name}  look failed, again in {duration(pause)}: {safe(cause)}"
                return line if cause != before else ""
            case UnknownStatus(_, status):
                return f"{name}  DDS uses an undocumented status: {safe(status)}"
            case RenewalFailed(cause, pause, _):
                again = "" if pause is None else f", again in {duration(pause)}"
                return f"credentials could not be renewed{again}: {safe(cause)}"
            case Tracked() | Polled() | ListRefused() | Ended():
                return ""
            case _:
                assert_never(event)

    def _is_step(self, job: Job) -> bool:
        step = (job.progress or 0) // _STEP
        before = self._shown_progress.get(job.id, 0)
        self._shown_progress[job.id] = max(step, before)
        return step > before

    def outcome(self, entry: Entry) -> None:
        """Show how a wait ended, as soon as it has.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        self._last_cause = ""
        outcome = entry.outcome
        assert outcome is not None  # noqa: S101 - the wait has ended
        if self._form == "text":
            # On one terminal with the live view, the same would be told twice.
            if self.live is None or not sys.stdout.isatty():
                self._data("\t".join(_columns(entry)))
        elif self._form == "jsonl":
            self._data(records.dumps(records.ended_record(entry)))
        if self._form != "text" and self.live is None:
            self.note(f"{safe(entry.name)}  {human(outcome.kind)}: {safe(outcome.message)}")

    def summary(self, code: int) -> None:
        """Show the end of everything.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        tally = self._table.tally
        if self._form == "json":
            self._data(records.dumps(records.document(self._table, code), indent=2))
        elif self._form == "jsonl":
            self._data(records.dumps(records.summary_line(tally, code)))
        counts = records.summary_record(tally, code)["summary"]
        told = ", ".join(f"{count} {human(kind)}" for kind, count in counts.items())
        self.note(f"{told}; exit code {code}")

    def heartbeat(self, now: float) -> None:
        """Tell that this is alive, and of how many jobs."""
        running = [entry for entry in self._table if entry.outcome is None]
        oldest = max((entry.age(now) for entry in running), default=0.0)
        count = f"{len(running)} job{'s' if len(running) != 1 else ''}"
        self.note(f"still waiting for {count}, the oldest {duration(oldest)} old")

    def note(self, line: str) -> None:
        """Tell something on standard error, unless quiet."""
        if not self._quiet:
            self.error(line)

    def error(self, line: str) -> None:
        """Tell something on standard error."""
        self.told_at = time.monotonic()
        if self.live is not None:
            with contextlib.suppress(OSError):
                self.live.note(line)
        else:
            _write(sys.stderr, line.rstrip("\n"))

    def errors(self, lines: Iterable[str]) -> None:
        """Tell several lines on standard error."""
        for line in lines:
            self.error(line)

    def _data(self, line: str) -> None:
        if self.live is not None and sys.stdout.isatty():
            self.error(line)  # on one terminal, above the picture
        elif (error := _write(sys.stdout, line)) is not None:
            if error.errno != errno.EPIPE:
                reason = error.strerror or "it is closed"
                self.error(f"ddswait: error: standard output cannot be written: {reason}")
            raise OutputClosed


def _write(stream: TextIO, line: str) -> OSError | None:
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as error:
        # The interpreter flushes once more at its end; give it somewhere to flush to.
        quiet = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(quiet, stream.fileno())
        except (OSError, ValueError):
            pass
        finally:
            os.close(quiet)
        return error
    return None


def _columns(entry: Entry) -> list[str]:
    """Return ID, outcome, task, instance, time waited, detail, label."""
    outcome = entry.outcome
    assert outcome is not None  # noqa: S101
    job = outcome.job
    name = job.name if job else ""
    instance = job.instance.name if job and job.instance else ""
    detail = ""
    if not outcome.ok:
        hint = f"; {outcome.refusal.hint}" if outcome.refusal and outcome.refusal.hint else ""
        detail = f"{outcome.refusal}{hint}" if outcome.refusal else reason(outcome)
    fields = [outcome.job_id, str(outcome.kind), name, instance, duration(outcome.waited), detail]
    return [safe(field) or "-" for field in (*fields, entry.label)]
