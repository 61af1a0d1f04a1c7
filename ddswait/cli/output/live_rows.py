"""The rows of the live view, fitted into a terminal.

Columns that are empty, or equal to the names of the jobs, are left out. When the others do not fit,
the bar shrinks first, then texts do, and then whole columns are left out. A name is cut last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli.output.live_text import (
    message,
    percent,
    status,
    style_of,
    text,
)
from ddswait.cli.output.text import left_text
from ddswait.duration_text import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Text

    from ddswait.cli.job_table import Entry, Renewal
    from ddswait.cli.output.live_text import Message

GAP = 2
"""Cells between two columns."""

LONGEST_BAR = 20
"""Cells of a bar, if the terminal has room for them."""

_SHORTEST_NAME = 8


class Column(NamedTuple):
    """One column; widths are in cells.

    Attributes:
        title: its heading.
        least: texts up to this width are not cut as long as a column can be left out.
        rank: the column with the highest rank is left out first; 0 is never left out.
        is_number: whether it is aligned to the right.
    """

    title: str
    least: int
    rank: int = 0
    is_number: bool = False


JOB = Column("job", 48)  # the key of an instance is longer than a job ID
_TASK = Column("task", 10, rank=7)
_INSTANCE = Column("instance", 10, rank=3)
STATUS = Column("status", 16)
BAR = Column("progress", 8, rank=5)
COLUMNS = (
    JOB,
    _TASK,
    _INSTANCE,
    STATUS,
    BAR,
    Column("", 5, rank=1, is_number=True),  # the progress in figures
    Column("age", 9, rank=4, is_number=True),
    Column("next poll", 9, rank=6, is_number=True),
    Column("left", 9, rank=2, is_number=True),
)
_GROWING = (JOB, STATUS, _INSTANCE, _TASK, BAR)  # in this order, if there is room


class Row(NamedTuple):
    """What is shown of a job.

    Attributes:
        cells: by the title of the column; what is missing is empty.
        done: percent; None without a bar.
        message: what stands in place of the columns from the status on; None for nothing.
        style: of the message.
    """

    cells: Mapping[str, Text]
    done: int | None = None
    message: Message | None = None
    style: str = ""

    def width(self, column: Column) -> int:
        """Return the width at which nothing in a column is cut."""
        if column is BAR:
            return 0 if self.done is None else LONGEST_BAR
        cell = self.cells.get(column.title)
        return 0 if cell is None else cell.cell_len


def row(
    entry: Entry, now: float, left: float | None, renewal: Renewal | None, *, is_plain: bool
) -> Row:
    """Return the row of a job.

    Args:
        entry: the job.
        now: the time, in seconds since 1970.
        left: for how long it will still run, in seconds; None if that is not known.
        renewal: why the credentials could not be renewed; None if they could.
        is_plain: whether the terminal shows only ASCII characters.
    """
    job, style = entry.job, style_of(entry)
    instance = job.instance.name if job and job.instance else ""
    is_said = bool(entry.prefix) and instance == entry.label  # the name begins with the service
    names = {
        "job": text(entry.name),
        "task": text(job.task if job else "", "dim"),
        "instance": text("" if is_said else instance),
    }
    if found := message(entry, now, renewal, is_plain=is_plain):
        return Row(names, None, found, style or "yellow")
    wait = None if entry.next_poll_at is None else max(entry.next_poll_at - now, 0.0)
    done = percent(entry)
    rest = {
        "status": text(status(entry, is_plain=is_plain), style),
        "": text("" if done is None else f"{done} %"),
        "age": text(duration(entry.age(now))),
        "next poll": text("" if wait is None else duration(wait), "dim"),
        "left": text("" if left is None else left_text(left)),
    }
    return Row(names | rest, done)


def fitting(rows: Sequence[Row], width: int) -> dict[Column, int]:
    """Return the columns that fit into so many cells, each with its width."""
    natural = {
        column: max(len(column.title), *(row.width(column) for row in rows))
        for column in COLUMNS
        if not column.rank or _says_something(column, rows)
    }
    widths = {column: min(cells, column.least) for column, cells in natural.items()}
    while _total(widths) > width and (ranked := [each for each in widths if each.rank]):
        del widths[max(ranked, key=lambda column: column.rank)]
    for column in _GROWING:
        if column in widths:
            spare = max(width - _total(widths), 0)
            widths[column] = min(natural[column], widths[column] + spare)
    if (lacking := _total(widths) - width) > 0:
        widths[JOB] = max(widths[JOB] - lacking, min(_SHORTEST_NAME, widths[JOB]))
    if (lacking := _total(widths) - width) > 0:
        widths[STATUS] = max(widths[STATUS] - lacking, 1)
    return widths


def _says_something(column: Column, rows: Sequence[Row]) -> bool:
    """Return whether a column holds more than the names of the jobs."""
    if column is BAR:
        return any(row.done is not None for row in rows)
    cells = ((row.cells.get(column.title), row.cells[JOB.title]) for row in rows)
    return any(cell and cell.plain != name.plain for cell, name in cells)


def _total(widths: Mapping[Column, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
