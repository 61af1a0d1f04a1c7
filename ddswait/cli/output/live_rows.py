"""The rows of the live view, as a table of rich.

rich draws the table, its bars and its ellipses. It cannot leave columns out, so the columns that
fit into the terminal are chosen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ddswait.cli.duration_text import duration, exact
from ddswait.cli.escaping import safe
from ddswait.cli.time_left import rounded
from ddswait.outcome import OutcomeKind, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import OverflowMethod

    from ddswait.cli.job_table import Entry
    from ddswait.outcome import Outcome

_GAP = 2  # cells between two columns
_BAR = 20  # cells of a bar, if the terminal has room for them
_LONGEST = 200  # characters of a text; no terminal shows more

Row = dict[str, Text | ProgressBar]
"""What a job's row shows, by the title of the column."""


class Column(NamedTuple):
    """One column; widths are in cells.

    Attributes:
        title: its heading.
        least: texts up to this width are never cut.
        rank: the column with the highest rank is left out first; 0 is never left out.
        is_number: whether it is aligned to the right.
    """

    title: str
    least: int
    rank: int
    is_number: bool = False


COLUMNS = (
    Column("job", 36, rank=0),  # a whole job ID
    Column("task", 10, rank=7),
    Column("instance", 10, rank=3),
    Column("status", 16, rank=0),
    Column("progress", 8, rank=4),
    Column("", 5, rank=1, is_number=True),  # the progress in figures
    Column("age", 9, rank=2, is_number=True),
    Column("next poll", 9, rank=6, is_number=True),
    Column("left", 9, rank=5, is_number=True),
)


def row(entry: Entry, now: float, left: float | None, *, is_plain: bool) -> Row:
    """Return the row of a job.

    Args:
        entry: the job.
        now: the time, in seconds since 1970.
        left: for how long it will still run, in seconds; None if that is not known.
        is_plain: whether the terminal shows only ASCII characters.
    """
    job = entry.job
    instance = job.instance.name if job and job.instance else ""
    done = _percent(entry)
    next_poll = "" if entry.next_poll_at is None else duration(max(entry.next_poll_at - now, 0.0))
    return {
        "job": _text(entry.name),
        "task": _text(job.name if job else "", "dim"),
        "instance": _text(instance),
        "status": _text(_mark(entry.outcome, is_plain=is_plain) + state_of(entry), _style(entry)),
        "progress": _text("") if done is None else _bar(done),
        "": _text("" if done is None else f"{done} %"),
        "age": _text(duration(entry.age(now))),
        "next poll": _text(next_poll, "dim"),
        "left": _text("" if left is None else left_text(left), "dim"),
    }


def grid(rows: Sequence[Row], width: int, overflow: OverflowMethod) -> Table:
    """Return the titles and the rows.

    Args:
        rows: of `row`.
        width: of the terminal, in cells.
        overflow: how rich shortens a text.
    """
    columns = fitting(rows, width)
    fits = _needed(columns, rows) <= width
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        natural = _natural(column, rows)
        table.add_column(
            Text(column.title, no_wrap=True),
            overflow=overflow,
            justify="right" if column.is_number else "left",
            # rich shortens the other columns, the widest first.
            width=natural if fits and natural <= column.least else None,
        )
    for each in rows:
        table.add_row(*(each[column.title] for column in columns))
    return table


def fitting(rows: Sequence[Row], width: int) -> list[Column]:
    """Return the columns that are not empty and fit into so many cells."""
    columns = [each for each in COLUMNS if not each.rank or any(row[each.title] for row in rows)]
    while _needed(columns, rows) > width and any(column.rank for column in columns):
        columns.remove(max(columns, key=lambda column: column.rank))
    return columns


def _needed(columns: Sequence[Column], rows: Sequence[Row]) -> int:
    least = sum(min(column.least, _natural(column, rows)) for column in columns)
    return least + _GAP * (len(columns) - 1)


def _natural(column: Column, rows: Sequence[Row]) -> int:
    """Return the width at which nothing in a column is cut."""
    return max([len(column.title), *(_width(row[column.title]) for row in rows)])


def _width(cell: Text | ProgressBar) -> int:
    return cell.cell_len if isinstance(cell, Text) else _BAR


def _text(text: str, style: str = "") -> Text:
    return Text(safe(text, _LONGEST), style, no_wrap=True)


def _bar(done: int) -> ProgressBar:
    return ProgressBar(100, done, _BAR, complete_style="green", finished_style="green")


def _percent(entry: Entry) -> int | None:
    if entry.outcome is not None:
        return 100 if entry.outcome.ok else None
    if entry.job is None or entry.job.progress is None:
        return None
    return min(entry.job.progress, 100)


def left_text(seconds: float) -> str:
    """Return an estimate of the time left as people read it."""
    shown = rounded(seconds)
    return f"~{exact(shown)}" if shown else "soon"


def _mark(outcome: Outcome | None, *, is_plain: bool) -> str:
    if is_plain or outcome is None or outcome.kind is OutcomeKind.PENDING:
        return ""  # a pending job runs on: nothing has gone wrong
    return "\N{CHECK MARK} " if outcome.ok else "\N{MULTIPLICATION X} "


def state_of(entry: Entry) -> str:
    """Return how a job's wait ended, or else the job's status."""
    if entry.outcome is not None:
        return entry.outcome.facts.label
    return entry.job.status if entry.job else "not visible"


def _style(entry: Entry) -> str:
    if entry.outcome is not None:
        return style_of(entry.outcome)
    return "yellow" if entry.problem else ""  # the last poll failed


def style_of(outcome: Outcome) -> str:
    """Return the style in which an outcome is shown."""
    match outcome.facts.severity:
        case Severity.SUCCESS:
            return "green"
        case Severity.WARNING:
            return "yellow"
        case Severity.ERROR:
            return "bold red"
        case severity:
            assert_never(severity)
