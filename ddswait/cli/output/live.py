"""The live view: one row per job, redrawn in place on a terminal that can do so.

With more than thirty jobs it shows the counts, the jobs that did not complete, and those that are
expected to end next.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ddswait.cli.duration_text import duration
from ddswait.cli.escaping import safe
from ddswait.cli.output.text import count
from ddswait.cli.time_left import time_left
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from rich.console import Console, OverflowMethod, RenderableType
    from rich.text import Text

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.scheduler.durations import Durations

EVERY = 0.5
"""Seconds from one drawing to the next."""

_MOST_ROWS = 30  # drawing more takes too long, and nobody reads them
_FEW = 10  # rows of each kind when not every job has one


def console(stream: TextIO) -> Console | None:
    """Return a console for a terminal that can be redrawn, or None."""
    if not stream.isatty():
        return None
    try:
        from rich.console import Console  # takes 60 ms, which only a terminal is worth
    except ImportError:
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
    """

    def __init__(
        self, console: Console, table: JobTable, durations: Durations, deadline: float
    ) -> None:
        from rich.live import Live

        self._console = console
        self._table = table
        self._durations = durations
        self._deadline = deadline
        self._is_plain = console.options.ascii_only
        # Standard output is the user's data: it goes where it was sent, not above the view.
        self._live = Live(
            console=console,
            auto_refresh=False,
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Take over the bottom of the terminal."""
        self._live.start()

    def stop(self, now: float) -> None:
        """Draw for the last time."""
        self.draw(now)
        self._live.stop()

    def draw(self, now: float) -> None:
        """Draw the jobs as they are `now`, in seconds since 1970."""
        self._live.update(self.picture(now), refresh=True)

    def note(self, line: str) -> None:
        """Print a line above the view."""
        self._console.print(line, soft_wrap=True)

    def picture(self, now: float) -> RenderableType:
        """Return what `draw` draws."""
        from rich.console import Group
        from rich.text import Text

        from ddswait.cli.output.live_rows import grid, row

        # The ellipsis is not an ASCII character.
        overflow: OverflowMethod = "crop" if self._is_plain else "ellipsis"
        lines = [Text(self._headline(now), style="bold", overflow=overflow, no_wrap=True)]
        entries = list(self._table)
        if len(entries) > self._most_rows:
            lines.append(_counts(entries, overflow))
            entries = self._few(entries, now)
        rows = [
            row(each, now, self._time_left(each, now), is_plain=self._is_plain) for each in entries
        ]
        return Group(*lines, grid(rows, self._console.width, overflow))

    @property
    def _most_rows(self) -> int:
        # The headline, the titles and the cursor take a line each.
        return max(1, min(_MOST_ROWS, self._console.height - 3))

    def _headline(self, now: float) -> str:
        tally = self._table.tally
        ended = tally.total() - tally[OutcomeKind.PENDING]
        left = max(self._deadline - now, 0.0)
        rest = f", times out in {duration(left)}" if ended < len(self._table) else ""
        waited = duration(now - self._table.began)
        return f"{ended} of {count(len(self._table), 'job')} ended after {waited}{rest}"

    def _few(self, entries: list[Entry], now: float) -> list[Entry]:
        """Return the last jobs that did not complete, and those expected to end next."""
        few = max(1, min(_FEW, (self._most_rows - 1) // 2))
        failed = [each for each in entries if each.outcome and not each.outcome.ok]
        running = [each for each in entries if each.outcome is None]
        left = {each.job_id: self._time_left(each, now) for each in running}
        running.sort(key=lambda each: (left[each.job_id] is None, left[each.job_id]))
        return [*failed[-few:], *running[:few]]

    def _time_left(self, entry: Entry, now: float) -> float | None:
        """Return for how long a job will still run, in seconds; None if nobody can know."""
        job = entry.job
        if job is None or job.is_final or entry.outcome is not None:
            return None
        return time_left(entry.age(now), entry.progress, self._durations.of(job.name))


def _counts(entries: list[Entry], overflow: OverflowMethod) -> Text:
    """Return how many jobs are in each state."""
    from rich.text import Text

    from ddswait.cli.output.live_rows import state_of, style_of

    styles = {state_of(each): style_of(each.outcome) for each in entries if each.outcome}
    counts = Text(no_wrap=True, overflow=overflow)
    for state, number in Counter(map(state_of, entries)).most_common():
        counts.append(f"{number} {safe(state)}   ", styles.get(state, ""))
    return counts
