"""The live view on a terminal, with rich: one row per job, redrawn in place.

Over thirty jobs it aggregates: counts, what failed, and what ends next.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ddswait.cli.text import duration, safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ddswait.cli.ledger import Entry, Ledger
    from ddswait.durations import Durations

EVERY = 0.5
"""Seconds between two pictures."""

_MOST_ROWS = 30
_FEW = 10
_BAR = 10
_WIDE, _NARROW = 100, 60
_STYLE = {
    "completed": "green",
    "failed": "bold red",
    "timed_out": "yellow",
    "pending": "yellow",
    "unreachable": "yellow",
}


def console(stream: TextIO) -> Console | None:
    """Return a console for a terminal that can be redrawn; None for anything less."""
    if not stream.isatty():
        return None
    try:
        from rich.console import Console  # 60 ms, for a terminal only; an extra
    except ImportError:
        return None
    made = Console(file=stream, highlight=False, markup=False, emoji=False)
    return None if made.is_dumb_terminal or not made.is_terminal else made


class LiveView:
    """Shows a ledger until it is stopped; what is shown last stays.

    Args:
        console: a terminal.
        ledger: what to show.
        durations: tells how long jobs usually take.
        deadline: when the wait times out, in seconds since 1970.
    """

    def __init__(
        self, console: Console, ledger: Ledger, durations: Durations, deadline: float
    ) -> None:
        from rich.live import Live

        self._console = console
        self._ledger = ledger
        self._durations = durations
        self._deadline = deadline
        self._is_plain = not (console.encoding or "").lower().startswith("utf")
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self, now: float) -> None:
        """Draw for the last time, and leave it there."""
        self.draw(now)
        self._live.stop()

    def draw(self, now: float) -> None:
        """Draw the present."""
        self._live.update(self.picture(now), refresh=True)

    def note(self, line: str) -> None:
        """Print a line above the picture."""
        self._console.print(line, soft_wrap=True)

    def picture(self, now: float) -> Table:
        """Return the present as a rich renderable."""
        from rich.table import Table
        from rich.text import Text

        outer = Table.grid()
        outer.add_row(Text(self._headline(now), style="bold", overflow="ellipsis", no_wrap=True))
        entries = list(self._ledger)
        if len(entries) > _MOST_ROWS:
            counts = Counter(_state(entry) for entry in entries)
            told = Text()
            for state, count in counts.most_common():
                told.append(f"{count} {state}   ", _STYLE.get(state, ""))
            outer.add_row(told)
            entries = self._few(entries, now)
        outer.add_row(self._table(entries, now))
        return outer

    def _headline(self, now: float) -> str:
        ended = len(self._ledger.outcomes)
        left = max(self._deadline - now, 0.0)
        rest = f", times out in {duration(left)}" if ended < len(self._ledger) else ""
        waited = duration(now - self._ledger.began)
        return f"{ended} of {len(self._ledger)} jobs ended after {waited}{rest}"

    def _few(self, entries: list[Entry], now: float) -> list[Entry]:
        """Return the failed ones and those that are expected to end next."""
        failed = [each for each in entries if each.outcome and not each.outcome.ok]
        running = [each for each in entries if each.outcome is None]
        running.sort(key=lambda each: self._seconds_left(each, now))
        return [*failed[-_FEW:], *running[:_FEW]]

    def _seconds_left(self, entry: Entry, now: float) -> float:
        usual = self._durations.median_of(entry.job.name) if entry.job else None
        return float("inf") if usual is None else usual - entry.age(now)

    def _table(self, entries: list[Entry], now: float) -> Table:
        from rich.table import Table

        width = self._console.width
        table = Table(box=None, pad_edge=False, show_header=width >= _NARROW, header_style="dim")
        # A job's own name and state survive the narrowest terminal.
        table.add_column("job", no_wrap=True, overflow="ellipsis", ratio=3, min_width=8)
        if width >= _WIDE:
            table.add_column("task", no_wrap=True, overflow="ellipsis", ratio=2)
        if width >= _NARROW:
            table.add_column("instance", no_wrap=True, overflow="ellipsis", ratio=2)
        table.add_column("status", no_wrap=True, min_width=9)
        if width >= _NARROW:
            table.add_column("progress", no_wrap=True, min_width=_BAR + 5)
        table.add_column("age", no_wrap=True, justify="right", min_width=6)
        if width >= _NARROW:
            table.add_column("next look", no_wrap=True, justify="right")
            table.add_column("left", no_wrap=True, justify="right", min_width=6)
        for entry in entries:
            table.add_row(*self._cells(entry, now, width))
        return table

    def _cells(self, entry: Entry, now: float, width: int) -> list[Text]:
        from rich.text import Text

        job, style = entry.job, _STYLE.get(_state(entry), "")
        state = Text(safe(self._mark(entry) + _state(entry)), style)
        age = Text(duration(entry.age(now)))
        name = Text(safe(entry.name))
        if width < _NARROW:
            return [name, state, age]
        instance = Text(safe(job.instance.name) if job and job.instance else "")
        pause = "" if entry.next_look is None else duration(max(entry.next_look - now, 0.0))
        cells = [name]
        if width >= _WIDE:
            cells.append(Text(safe(job.name) if job else ""))
        left = Text(self._left(entry, now), "dim")
        return [*cells, instance, state, self._bar(entry), age, Text(pause, "dim"), left]

    def _mark(self, entry: Entry) -> str:
        if self._is_plain or entry.outcome is None:
            return ""
        return "\N{CHECK MARK} " if entry.outcome.ok else "\N{MULTIPLICATION X} "

    def _bar(self, entry: Entry) -> Text:
        from rich.text import Text

        if entry.outcome is not None and entry.outcome.ok:
            done = 100
        elif entry.job is None or entry.job.progress is None or entry.outcome is not None:
            return Text(safe(entry.trouble)[: _BAR + 5], "yellow")
        else:
            done = min(entry.job.progress, 100)
        full, empty = ("#", ".") if self._is_plain else ("\N{FULL BLOCK}", "\N{LIGHT SHADE}")
        filled = done * _BAR // 100
        bar = Text(full * filled, "green")
        bar.append(empty * (_BAR - filled), "dim")
        return bar.append(f" {done:3} %")

    def _left(self, entry: Entry, now: float) -> str:
        if entry.outcome is not None:
            return ""
        seconds = self._seconds_left(entry, now)
        if seconds == float("inf"):
            return ""
        return f"~{duration(seconds)}" if seconds > 0 else "soon"


def _state(entry: Entry) -> str:
    if entry.outcome is not None:
        return str(entry.outcome.kind)
    return entry.job.status if entry.job else "not visible"
