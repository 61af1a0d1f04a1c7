"""Which line goes where: data to standard output, everything else to standard error.

A server's text is escaped: it cannot move the cursor, set a colour or start a new line.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from typing import TYPE_CHECKING, TextIO, assert_never

from ddswait.cli.duration_text import duration
from ddswait.cli.escaping import safe
from ddswait.cli.job_table import key_of_event
from ddswait.cli.output import json_records
from ddswait.cli.output.text import job_text, result_line, things, totals
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
    from ddswait.outcome import Outcome

_STEP = 10  # percent of progress between two lines about a job


class OutputClosed(Exception):  # noqa: N818 - no error: `| head -1` closes it
    """Standard output cannot be written any more."""


class Printer:
    """Shows events and outcomes in one of the formats.

    Args:
        form: `text`, `json` or `jsonl`.
        table: all jobs of the run.
        quiet: whether to print only errors on standard error.
    """

    def __init__(self, form: str, table: JobTable, *, quiet: bool) -> None:
        self._form = form
        self._table = table
        self._quiet = quiet
        self._shown_steps: dict[str, int] = {}
        self._last_cause = ""
        self.live: LiveView | None = None
        self.last_line_at = time.monotonic()
        """When the last line was printed, in seconds of the monotonic clock."""

    @property
    def width(self) -> int | None:
        """The cells of a line on standard error, or None if it is not a terminal."""
        try:
            return os.get_terminal_size(sys.stderr.fileno()).columns or None
        except (OSError, ValueError):
            return None

    def show_live(self, view: LiveView) -> None:
        """Show jobs in a live view from now on, instead of a line for each change."""
        self.live = view

    def stop(self, now: float) -> None:
        """Draw the live view for the last time; lines follow."""
        view, self.live = self.live, None
        if view is not None:
            with contextlib.suppress(OSError):
                view.stop(now)

    def draw(self, now: float) -> None:
        """Draw the live view, if there is one; without its terminal the view ends."""
        try:
            if self.live is not None:
                self.live.draw(now)
        except OSError:
            self.live = None

    def leave(self) -> None:
        """Clear the live view away before the process is stopped, if there is one."""
        with contextlib.suppress(OSError):
            if self.live is not None:
                self.live.leave()

    def forget(self) -> None:
        """Draw the live view below what others have printed meanwhile, if there is one."""
        if self.live is not None:
            self.live.forget()

    def event(self, event: Event) -> None:
        """Show what happened to a job.

        Raises:
            OutputClosed: standard output cannot be written any more.
        """
        entry = self._table.entries.get(key_of_event(event))
        if self._form == "jsonl":
            record = json_records.event_record(event, entry.label if entry else "")
            if record is not None:
                self._data(json_records.dumps(record))
        line = self._line(event, safe(entry.name) if entry else "")
        if line and (self.live is None or not isinstance(event, Visible | Progressed)):
            self.note(line)

    def _line(self, event: Event, name: str) -> str:
        """Return the line for people about an event, or ""."""
        match event:
            case Visible(_, job, _):
                self._is_new_step(job)
                return f"{name}  {job_text(job)}"
            case Progressed(_, job, previous):
                is_news = job.status != previous.status or self._is_new_step(job)
                return f"{name}  {job_text(job)}" if is_news and not job.is_final else ""
            case PollFailed(_, cause, delay, _):
                before, self._last_cause = self._last_cause, cause
                line = f"{name}  poll failed, next try in {duration(delay)}: {safe(cause)}"
                return line if cause != before else ""
            case UnknownStatus(_, status):
                return f"{name}  DDS uses an undocumented status: {safe(status)}"
            case RenewalFailed(cause, delay, _):
                again = "" if delay is None else f", next try in {duration(delay)}"
                return f"credentials could not be renewed{again}: {safe(cause)}"
            case Tracked() | Polled() | ListRefused() | Ended():
                return ""
            case _:
                assert_never(event)

    def _is_new_step(self, job: Job) -> bool:
        step = (job.progress or 0) // _STEP
        before = self._shown_steps.get(job.id, 0)
        self._shown_steps[job.id] = max(step, before)
        return step > before

    def outcome(self, entry: Entry, outcome: Outcome) -> None:
        """Show how a wait ended, as soon as it has ended.

        Raises:
            OutputClosed: standard output cannot be written any more.
        """
        self._last_cause = ""
        if self._form == "jsonl":
            self._data(json_records.dumps(json_records.ended_record(entry, outcome)))
        if self._form == "text":
            # The live view shows the same on the same terminal.
            if self.live is None or not sys.stdout.isatty():
                self._data(result_line(entry, outcome))
        elif self.live is None:
            self.note(f"{safe(entry.name)}  {outcome.facts.label}: {safe(outcome.message)}")

    def summary(self, code: int) -> None:
        """Show the totals, and the document of `--output json`.

        Raises:
            OutputClosed: standard output cannot be written any more.
        """
        tally = self._table.tally
        if self._form == "json":
            self._data(json_records.dumps(json_records.document(self._table, code), indent=2))
        elif self._form == "jsonl":
            self._data(json_records.dumps(json_records.summary_line(tally, code)))
        self.note(f"{totals(tally)}; exit code {code}")

    def heartbeat(self, now: float) -> None:
        """Say that the run goes on, and for how many jobs."""
        running = [entry for entry in self._table if entry.outcome is None]
        oldest = max((entry.age(now) for entry in running), default=0.0)
        self.note(f"still waiting for {things(running)}, the oldest {duration(oldest)} old")

    def note(self, line: str) -> None:
        """Print a line on standard error, unless quiet."""
        if not self._quiet:
            self.error(line)

    def error(self, line: str) -> None:
        """Print a line on standard error, even when quiet; it steers nothing, whoever wrote it."""
        self._raw(safe(line.rstrip("\n")))

    def _raw(self, line: str) -> None:
        self.last_line_at = time.monotonic()
        if self.live is not None:
            with contextlib.suppress(OSError):
                self.live.note(line)
        else:
            _write(sys.stderr, line)

    def errors(self, lines: Iterable[str]) -> None:
        """Print lines on standard error, even when quiet."""
        for line in lines:
            self.error(line)

    def commands(self, lines: Iterable[str]) -> None:
        """Print workflow commands on standard error, which are meant for the CI system."""
        for line in lines:
            self._raw(line)

    def _data(self, line: str) -> None:
        if self.live is not None and sys.stdout.isatty():
            self._raw(line)  # both share one terminal: the line goes above the live view
        elif (error := _write(sys.stdout, line)) is not None:
            if error.errno != errno.EPIPE:
                cause = error.strerror or "it is closed"
                self.error(f"ddswait: error: standard output cannot be written: {cause}")
            raise OutputClosed


def _write(stream: TextIO, line: str) -> OSError | None:
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as error:
        # The interpreter flushes once more when it exits; without this, that prints a traceback.
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            pass
        finally:
            os.close(nowhere)
        return error
    return None
