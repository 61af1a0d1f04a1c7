"""Which line goes where: data to standard output, everything else to standard error.

A server's text is escaped: it cannot move the cursor, set a colour or start a new line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.output import json_records, streams
from ddswait.cli.output.event_lines import MANY, EventLines
from ddswait.cli.output.folding import fold
from ddswait.cli.output.streams import loss, write
from ddswait.cli.output.text import result_line, stamp, totals
from ddswait.cli.wrapping import continued, width_of, wrapped
from ddswait.events import Event, Progressed, Visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.live import LiveView
    from ddswait.outcome import Outcome


class OutputClosed(Exception):  # noqa: N818 - no error: `| head -1` closes it
    """Standard output cannot be written any more."""


class Printer:
    """Shows events and outcomes in one of the formats.

    Args:
        form: `text`, `json` or `jsonl`.
        table: all jobs of the run.
        quiet: whether to print only errors on standard error.
        clock: a monotonic clock, in seconds.

    Attributes:
        live: the live view; None without one.
        told: the keys of the jobs whose lines, in the log of the run, say how their waits ended.
    """

    def __init__(
        self,
        form: str,
        table: JobTable,
        *,
        quiet: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._form = form
        self._table = table
        self._quiet = quiet
        self._lines = EventLines(len(table))
        self._clock = clock
        self._began = self._last_line_at = self._last_status_at = clock()
        self.live: LiveView | None = None
        self.told: set[str] = set()

    @property
    def width(self) -> int | None:
        """The cells of a line on standard error, or None if it is not a terminal."""
        return width_of(sys.stderr)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

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
        entry = self._table.entry_of(event)
        if self._form == "jsonl":
            record = json_records.event_record(event, entry)
            if record is not None:
                self._data(json_records.dumps(record))
        line = self._lines.event(event, entry)
        if line and (self.live is None or not isinstance(event, Visible | Progressed)):
            self.note(line)

    def outcome(self, entry: Entry, outcome: Outcome) -> None:
        """Show how a wait ended, as soon as it has ended.

        Raises:
            OutputClosed: standard output cannot be written any more.
        """
        line = self._lines.outcome(entry, outcome)
        if self._form == "jsonl":
            self._data(json_records.dumps(json_records.ended_record(entry, outcome)))
        # The live view, the line of data, or an earlier run showed the same at the same place.
        is_earlier = entry.ended_at is not None and entry.ended_at < self._table.began
        is_shown = self.live is not None or is_earlier
        if self._form == "text" and (self.live is None or not sys.stdout.isatty()):
            self._data(result_line(entry, outcome))
            if streams.are_one_log(sys.stdout, sys.stderr, os.environ):
                self.told.add(entry.job_id)
                is_shown = True
        if line and not is_shown and not self._quiet:
            self.note(line)
            self.told.add(entry.job_id)

    def document(self, code: int) -> None:
        """Print the document of `--output json`, or the last line of `--output jsonl`.

        Raises:
            OutputClosed: standard output cannot be written any more.
        """
        if self._form == "json":
            self._data(json_records.dumps(json_records.document(self._table, code), indent=2))
        elif self._form == "jsonl":
            self._data(json_records.dumps(json_records.summary_line(self._table.tally, code)))

    def totals(self, code: int) -> None:
        """Print how many waits ended in which way: the last line of all."""
        self.note(f"{totals(self._table.tally)}; exit code {code}")

    def until_status(self, heartbeat: float) -> float:
        """Return the seconds until the next status line is due.

        Of few jobs it is a sign of life, after so many seconds without a line. Of many jobs it
        is printed every so many seconds: it stands for their lines.
        """
        before = self._last_status_at if len(self._table) >= MANY else self._last_line_at
        return before + heartbeat - self._clock()

    def status(self, line: str) -> None:
        """Print the status line."""
        self._last_status_at = self._clock()
        self.note(line)

    def note(self, line: str) -> None:
        """Print a line on standard error, unless quiet; nothing for ""."""
        if line and not self._quiet:
            self.error(line)

    def error(self, line: str) -> None:
        """Print a line on standard error, even when quiet; it steers nothing, whoever wrote it.

        A terminal gets it broken between words, a log with the elapsed time before it.
        """
        text = safe(line.rstrip("\n"))
        if sys.stderr.isatty():
            for part in wrapped(text, self.width):
                self._raw(part)
        else:
            self._raw(f"{stamp(self.elapsed)} {text}")

    def command(self, title: str, words: Sequence[str]) -> None:
        """Print a shell command, to be copied; nothing without words.

        A log gets one line. On a terminal, backslashes continue it between words.
        """
        if not words:
            return
        if self.width is None:
            self.error(" ".join([title, *words]))
            return
        first, *rest = words
        for line in continued([f"{title} {first}", *rest], self.width):
            self._raw(safe(line))

    def _raw(self, line: str) -> None:
        self._last_line_at = self._clock()
        if self.live is not None:
            with contextlib.suppress(OSError):
                self.live.note(line)
        else:
            write(sys.stderr, line)

    def details(self, title: str, lines: Sequence[str], now: float) -> None:
        """Print lines on standard error, even when quiet; a log folds them where it can.

        Args:
            title: what stays visible of them.
            lines: the lines, perhaps none.
            now: the time, in seconds since 1970.
        """
        folded = None
        if lines and not sys.stderr.isatty():
            folded = fold(os.environ, f"{stamp(self.elapsed)} {title}", now)
        if folded:
            self._raw(folded.begin)
        for line in lines:
            self.error(line)
        if folded:
            self._raw(folded.end)

    def commands(self, lines: Iterable[str]) -> None:
        """Print workflow commands on standard error, which are meant for the CI system."""
        for line in lines:
            self._raw(line)

    def _data(self, line: str) -> None:
        if self.live is not None and sys.stdout.isatty():
            self._raw(line)  # both share one terminal: the line goes above the live view
        elif (error := write(sys.stdout, line)) is not None:
            if message := loss(error):
                self.error(message)
            raise OutputClosed
