"""The live view on a terminal, with rich: one row per job, redrawn in place.

Over thirty jobs it aggregates: counts, what failed, and what ends next.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ddswait.cli.output.columns import GAP, Column, fit
from ddswait.cli.output.text import duration, human, safe
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType
    from rich.text import Text

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.scheduler.durations import Durations

EVERY = 0.5
"""Seconds between two pictures."""

_MOST_ROWS = 30
_FEW = 10
_SHORT_BAR, _LONG_BAR = 6, 20
_PERCENT = 6  # " 100 %"
_STATUS = 16  # cells that a status may claim whatever the width
_STYLE = {
    "completed": "green",
    "failed": "bold red",
    "timed out": "yellow",
    "pending": "yellow",
    "unreachable": "yellow",
    "not found": "red",
    "vanished": "red",
    "refused": "bold red",
    "not ready": "red",
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
        self, console: Console, table: JobTable, durations: Durations, deadline: float
    ) -> None:
        from rich.live import Live

        self._console = console
        self._table = table
        self._durations = durations
        self._deadline = deadline
        self._is_plain = not (console.encoding or "").lower().startswith("utf")
        # Standard output is somebody's data: it goes where it was sent, not above the picture.
        self._live = Live(
            console=console,
            auto_refresh=False,
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )

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

    def picture(self, now: float) -> RenderableType:
        """Return the present as a rich renderable."""
        from rich.console import Group
        from rich.text import Text

        lines = [Text(self._headline(now), style="bold", overflow="ellipsis", no_wrap=True)]
        entries = list(self._table)
        if len(entries) > self._most_rows:
            lines.append(_counts(entries))
            entries = self._few(entries)
        return Group(*lines, *self._grid(entries, now))

    @property
    def _most_rows(self) -> int:
        # Two lines are the headline's and the titles', one is the cursor's.
        return max(1, min(_MOST_ROWS, self._console.height - 3))

    def _headline(self, now: float) -> str:
        tally = self._table.tally
        ended = tally.total() - tally[OutcomeKind.PENDING]
        left = max(self._deadline - now, 0.0)
        rest = f", times out in {duration(left)}" if ended < len(self._table) else ""
        waited = duration(now - self._table.began)
        jobs = "job" if len(self._table) == 1 else "jobs"
        return f"{ended} of {len(self._table)} {jobs} ended after {waited}{rest}"

    def _few(self, entries: list[Entry]) -> list[Entry]:
        """Return the failed ones and those that are expected to end next."""
        few = max(1, min(_FEW, (self._most_rows - 1) // 2))
        failed = [each for each in entries if each.outcome and not each.outcome.ok]
        running = [each for each in entries if each.outcome is None]
        running.sort(key=self._expected_end)
        return [*failed[-few:], *running[:few]]

    def _expected_end(self, entry: Entry) -> float:
        usual = self._durations.median_of(entry.job.name) if entry.job else None
        return float("inf") if usual is None else entry.submitted_at + usual

    def _grid(self, entries: list[Entry], now: float) -> list[Text]:
        """Return the titles and a row for each entry, of the columns that fit."""
        from rich.text import Text

        rows = [self._cells(entry, now) for entry in entries]

        def natural(title: str) -> int:
            return max([len(title), *(row[title].cell_len for row in rows)])

        columns = (
            Column("job", 12, natural("job")),
            Column("task", 10, natural("task"), rank=6),
            Column("instance", 10, natural("instance"), rank=3),
            Column("status", min(natural("status"), _STATUS), natural("status")),
            Column("progress", _SHORT_BAR + _PERCENT, _LONG_BAR + _PERCENT, rank=1),
            Column("age", 6, natural("age"), rank=2),
            Column("next look", natural("next look"), natural("next look"), rank=5),
            Column("left", natural("left"), natural("left"), rank=4),
        )
        width = fit(columns, self._console.width)
        titles = [Text(title, "dim") for title in width]
        lines = [_row(dict(zip(width, titles, strict=True)), width)]
        for entry, cells in zip(entries, rows, strict=True):
            if "progress" in width:
                cells["progress"] = self._bar(entry, width["progress"] - _PERCENT)
            lines.append(_row(cells, width))
        return lines

    def _cells(self, entry: Entry, now: float) -> dict[str, Text]:
        from rich.text import Text

        job = entry.job
        pause = "" if entry.next_poll_at is None else duration(max(entry.next_poll_at - now, 0.0))
        return {
            "job": Text(safe(entry.name)),
            "task": Text(safe(job.name) if job else "", "dim"),
            "instance": Text(safe(job.instance.name) if job and job.instance else ""),
            "status": Text(safe(self._mark(entry) + _state(entry)), _style(entry)),
            "age": Text(duration(entry.age(now))),
            "next look": Text(pause, "dim"),
            "left": Text(self._left(entry, now), "dim"),
        }

    def _mark(self, entry: Entry) -> str:
        if self._is_plain or entry.outcome is None:
            return ""
        return "\N{CHECK MARK} " if entry.outcome.ok else "\N{MULTIPLICATION X} "

    def _bar(self, entry: Entry, length: int) -> Text:
        from rich.text import Text

        if entry.outcome is not None and entry.outcome.ok:
            done = 100
        elif entry.job is None or entry.job.progress is None or entry.outcome is not None:
            return Text("")
        else:
            done = min(entry.job.progress, 100)
        full, empty = ("#", ".") if self._is_plain else ("\N{FULL BLOCK}", "\N{LIGHT SHADE}")
        filled = done * length // 100
        bar = Text(full * filled, "green")
        bar.append(empty * (length - filled), "dim")
        return bar.append(f" {done:3} %")

    def _left(self, entry: Entry, now: float) -> str:
        """Return how much longer jobs of its name usually take."""
        if entry.outcome is not None:
            return ""
        seconds = self._expected_end(entry) - now
        if seconds == float("inf"):
            return ""
        return f"~{duration(seconds)}" if seconds > 0 else "soon"


def _row(cells: dict[str, Text], width: dict[str, int]) -> Text:
    """Return cells side by side, each cut or filled up to its column's width."""
    from rich.text import Text

    parts = []
    for title, wide in width.items():
        cell = cells[title].copy()
        cell.truncate(wide, overflow="ellipsis")
        filling = " " * (wide - cell.cell_len)
        is_time = title in {"age", "next look", "left"}
        parts.append(Text(filling).append_text(cell) if is_time else cell.append(filling))
    line = Text(" " * GAP).join(parts)
    line.rstrip()
    line.no_wrap, line.overflow = True, "crop"
    return line


def _counts(entries: Sequence[Entry]) -> Text:
    from rich.text import Text

    told = Text(no_wrap=True, overflow="ellipsis")
    for state, count in Counter(map(_state, entries)).most_common():
        told.append(f"{count} {safe(state)}   ", _STYLE.get(state, ""))
    return told


def _state(entry: Entry) -> str:
    if entry.outcome is not None:
        return human(entry.outcome.kind)
    return entry.job.status if entry.job else "not visible"


def _style(entry: Entry) -> str:
    """Return the style of a job's state; yellow while looks at it fail."""
    return "yellow" if entry.problem and entry.outcome is None else _STYLE.get(_state(entry), "")
