"""The first line of the live view: the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ddswait.cli.output.live_rows import GAP, LONGEST_BAR
from ddswait.cli.output.live_text import bar, last_percent
from ddswait.cli.output.text import count, left_text
from ddswait.cli.time_left import rounded
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind, facts_of

if TYPE_CHECKING:
    from ddswait.cli.job_table import JobTable

_SHORTEST_BAR = 8


def headline(
    table: JobTable, left: float | None, times: tuple[float, float], width: int, *, is_plain: bool
) -> Text:
    """Return how far the run is: the jobs that ended, one bar over all, and its times.

    What does not fit is left out: first the bar, then the deadline, then the time left.

    Args:
        table: the jobs.
        left: for how long the run will go on, in seconds; None if that is not known.
        times: now, and when the wait times out, in seconds since 1970.
        width: of the terminal, in cells.
        is_plain: whether the terminal shows only ASCII characters.
    """
    now, deadline = times
    is_open = table.tally.total() < len(table)  # not after the wait was given up
    line = _counts(table)
    texts = [Text(f"{duration(max(now - table.began, 0.0))} elapsed")]
    if left is not None and is_open:
        texts.append(Text(f"{left_text(left)} left" if rounded(left) else "ends soon"))
    if is_open:
        texts.append(Text(f"times out in {duration(max(deadline - now, 0.0))}", "dim"))
    while texts and _width([line, *texts]) > width:
        texts.pop()
    share = _share(table)
    figures = Text(f"{share:.0f} %")
    room = width - _width([line, figures, *texts]) - GAP
    if len(table) > 1 and room >= _SHORTEST_BAR:
        texts[:0] = [bar(share, min(room, LONGEST_BAR), is_plain=is_plain), figures]
    for each in texts:
        line.append(" " * GAP).append_text(each)
    line.truncate(width, overflow="crop")
    return line


def _counts(table: JobTable) -> Text:
    ended = sum(number for kind, number in table.tally.items() if facts_of(kind).is_final)
    line = Text(f"{ended} of {count(len(table), 'job')} ended", "bold", no_wrap=True)
    given_up = table.tally[OutcomeKind.PENDING]
    bad = table.tally.total() - table.tally[OutcomeKind.COMPLETED] - given_up
    if bad:
        line.append(f", {bad} not completed", "bold red")
    return line


def _share(table: JobTable) -> float:
    """Return how much of all jobs is done, in percent; a job that ended is done.

    A job that timed out has not ended, nor has one that could not be reached.
    """
    shares = (
        100 if (end := entry.end) and end.facts.is_final else last_percent(entry) for entry in table
    )
    return sum(share or 0 for share in shares) / len(table)


def _width(texts: list[Text]) -> int:
    return sum(each.cell_len for each in texts) + GAP * (len(texts) - 1)
