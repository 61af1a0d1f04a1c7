"""The live view: what the jobs are doing, redrawn in place on a terminal that can do so.

It fills the terminal: one line about the whole run, and a row for each job, the most important
ones if there are too many.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TextIO

from ddswait.cli.time_left import time_left_of
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console
    from rich.text import Text

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.live_rows import Row
    from ddswait.cli.output.terminal import Size
    from ddswait.scheduler.durations import Durations

EVERY = 0.5
"""Seconds from one drawing to the next."""


def console(stream: TextIO, say: Callable[[str], None]) -> Console | None:
    """Return a console for a terminal that can be redrawn, or None.

    Args:
        stream: where the view would be shown.
        say: is told how to get the view if only rich is missing.
    """
    if not stream.isatty():
        return None
    try:
        from rich.console import Console  # takes 60 ms, which only a terminal is worth
    except ImportError:
        say("rich is not installed, so there is no live view: pip install rich")
        return None
    made = Console(file=stream, highlight=False, markup=False, emoji=False)
    return None if made.is_dumb_terminal or not made.is_terminal else made


class LiveView:
    """Shows the jobs until it is stopped; the last drawing stays on the terminal.

    Args:
        console: a terminal.
        table: the jobs.
        durations: how long jobs usually take.
        deadline: when the wait times out, in seconds since 1970.
        needed: how many jobs must complete; None for all.
    """

    def __init__(
        self,
        console: Console,
        table: JobTable,
        durations: Durations,
        deadline: float,
        needed: int | None = None,
    ) -> None:
        from ddswait.cli.output.terminal import Terminal

        self._console = console
        self._table = table
        self._durations = durations
        self._deadline = deadline
        self._needed = needed
        self._is_plain = console.options.ascii_only
        self._terminal = Terminal(console.file)

    def stop(self, now: float) -> None:
        """Draw for the last time, and leave the picture where it is.

        Raises:
            OSError: the terminal cannot be written.
        """
        self.draw(now)
        self._terminal.close()

    def draw(self, now: float) -> None:
        """Draw the jobs as they are `now`, in seconds since 1970.

        Raises:
            OSError: the terminal cannot be written.
        """
        from ddswait.cli.output.terminal import Line

        size = self._terminal.size()
        picture = self.picture(now, size)
        self._terminal.draw([Line(self._coded(line), line.cell_len) for line in picture])

    def note(self, line: str) -> None:
        """Print a line above the view.

        Raises:
            OSError: the terminal cannot be written.
        """
        self._terminal.print(line)

    def leave(self) -> None:
        """Clear the view away before the process is stopped, as Ctrl-Z does.

        Raises:
            OSError: the terminal cannot be written.
        """
        self._terminal.erase()

    def forget(self) -> None:
        """Leave the picture where it is; the next one is drawn below it."""
        self._terminal.forget()

    def _coded(self, line: Text) -> str:
        """Return a line with the control sequences of its colours."""
        with self._console.capture() as capture:
            self._console.print(line, end="", soft_wrap=True)
        return capture.get()

    def picture(self, now: float, size: Size) -> list[Text]:
        """Return the lines that `draw` draws into a terminal of a size."""
        from ddswait.cli.output.live_grid import fitted
        from ddswait.cli.output.live_headline import headline
        from ddswait.cli.output.live_order import grouped

        running = [entry for entry in self._table if entry.end is None]
        left = {entry.job_id: self._time_left(entry, now) for entry in running}
        completed = self._table.tally[OutcomeKind.COMPLETED]
        needed = len(running) if self._needed is None else max(self._needed - completed, 1)
        # While nothing can be reached, progress only seems to stand still.
        is_known = any(not entry.problem for entry in running)
        of_all = time_left_of(left.values(), min(needed, len(running))) if is_known else None
        times = (now, self._deadline)
        line = headline(self._table, of_all, times, size.columns, is_plain=self._is_plain)
        # The headline, the titles and the cursor take a line each.
        room = max(size.lines - 3, 1)
        groups = grouped(self._table, left)
        row_of = partial(self._row, left, now)
        return [line, *fitted(groups, row_of, room, size.columns, is_plain=self._is_plain)]

    def _row(self, left: Mapping[str, float | None], now: float, entry: Entry) -> Row:
        from ddswait.cli.output.live_rows import row

        seconds, renewal = left.get(entry.job_id), self._table.renewal
        return row(entry, now, seconds, renewal, is_plain=self._is_plain)

    def _time_left(self, entry: Entry, now: float) -> float | None:
        """Return for how long a job will still run, in seconds; None if nobody can know."""
        return entry.time_left(now, self._durations)
