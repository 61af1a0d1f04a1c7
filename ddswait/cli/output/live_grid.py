"""Rows in columns: the lines of the live view below its headline."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from rich.text import Text

from ddswait.cli.output.live_order import shown
from ddswait.cli.output.live_rows import BAR, GAP, JOB, STATUS, fitting
from ddswait.cli.output.live_text import bar, text
from ddswait.cli.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import OverflowMethod

    from ddswait.cli.job_table import Entry
    from ddswait.cli.output.live_order import Groups
    from ddswait.cli.output.live_rows import Column, Row
    from ddswait.cli.output.live_text import Message

_INDENT = 4


def fitted(
    groups: Groups, row_of: Callable[[Entry], Row], room: int, width: int, *, is_plain: bool
) -> list[Text]:
    """Return the line of titles, and the lines of the jobs that fit below it.

    What went wrong with a job is cut only if other jobs need the lines.

    Args:
        groups: all jobs.
        row_of: returns the row of a job.
        room: how many lines there are for jobs.
        width: of the terminal, in cells.
        is_plain: whether the terminal shows only ASCII characters.
    """
    everyone = [entry for group in groups for entry in group]
    if len(everyone) <= room:
        grid = Grid([row_of(each) for each in everyone], width, is_plain=is_plain, is_whole=True)
        if len(lines := grid.picture()) <= room + 1:
            return lines
    # What went wrong with a job may need a second line; whether it does is known once it is drawn.
    failed = [entry.job_id for entry in groups.failed]
    heights = dict.fromkeys(failed, 2)
    first, learned = _drawn(groups, row_of, room, width, heights, is_plain=is_plain)
    longest = max((learned[each] for each in failed if each in learned), default=2)
    heights = dict.fromkeys(failed, longest) | learned
    second, _ = _drawn(groups, row_of, room, width, heights, is_plain=is_plain)
    return second if len(second) <= room + 1 else first


def _drawn(  # noqa: PLR0913 - of `fitted`
    groups: Groups,
    row_of: Callable[[Entry], Row],
    room: int,
    width: int,
    heights: Mapping[str, int],
    *,
    is_plain: bool,
) -> tuple[list[Text], dict[str, int]]:
    """Return the lines if each job needs as many as `heights` says, and how many each took."""
    entries, rest = shown(groups, room, lambda entry: heights.get(entry.job_id, 1))
    rows = [row_of(each) for each in entries]
    grid = Grid(rows, width, is_plain=is_plain)
    drawn = {each.job_id: grid.lines(row) for each, row in zip(entries, rows, strict=True)}
    lines = [grid.titles(), *chain.from_iterable(drawn.values())]
    if rest:
        lines.append(text(rest, "dim"))
        lines[-1].truncate(width, overflow="crop")
    return lines, {key: len(some) for key, some in drawn.items()}


class Grid:
    """Rows in columns that fit into a terminal.

    Args:
        rows: what to show.
        width: of the terminal, in cells.
        is_plain: whether the terminal shows only ASCII characters.
        is_whole: whether what went wrong takes as many lines as it needs, instead of one.
    """

    def __init__(
        self, rows: Sequence[Row], width: int, *, is_plain: bool, is_whole: bool = False
    ) -> None:
        self._rows = rows
        self._width = width
        self._is_plain = is_plain
        self._is_whole = is_whole
        # The ellipsis is not an ASCII character.
        self._overflow: OverflowMethod = "crop" if is_plain else "ellipsis"
        self.columns = fitting(rows, width)

    def picture(self) -> list[Text]:
        """Return the line of titles, and the lines of all rows."""
        return [self.titles(), *chain.from_iterable(map(self.lines, self._rows))]

    def titles(self) -> Text:
        """Return the line of titles."""
        cells = {column.title: Text(column.title, "dim") for column in self.columns}
        return self._line(cells, list(self.columns))

    def lines(self, row: Row) -> list[Text]:
        """Return the line of a job, and lines of what went wrong if that has no room for it."""
        columns = list(self.columns)
        if row.message is None:
            cells = dict(row.cells)
            if row.done is not None and BAR in self.columns:
                cells[BAR.title] = bar(row.done, self.columns[BAR], is_plain=self._is_plain)
            return [self._line(cells, columns)]
        # The message may take the place of the columns after the name as well.
        heads = (self._head(row, columns[: columns.index(STATUS)]), self._head(row, [JOB]))
        return self._with_message(row.message, row.style, heads)

    def _head(self, row: Row, columns: Sequence[Column]) -> Text:
        head = self._line(row.cells, columns)
        head.pad_right(sum(self.columns[each] + GAP for each in columns) - head.cell_len)
        return head

    def _with_message(self, message: Message, style: str, heads: Sequence[Text]) -> list[Text]:
        for number, each in enumerate(message.texts):
            for head in heads:
                shown = text(each, style)
                if head.cell_len + shown.cell_len <= self._width:
                    return [head + shown, *(self._details(message) if number else ())]
        line = heads[-1] + text(message.texts[-1], style)
        line.truncate(self._width, overflow=self._overflow)
        return [line, *self._details(message)]

    def _details(self, message: Message) -> list[Text]:
        if not message.details:
            return []
        indent = " " * _INDENT
        details = indent + text(message.details).plain
        parts = wrapped(details, self._width, indent) if self._is_whole else [details]
        lines = [Text(part, no_wrap=True) for part in parts]
        for line in lines:
            line.truncate(self._width, overflow=self._overflow)
        return lines

    def _line(self, cells: Mapping[str, Text], columns: Sequence[Column]) -> Text:
        line = Text(no_wrap=True)
        for column in columns:
            width = self.columns[column]
            cell = cells.get(column.title, Text()).copy()
            cell.truncate(width, overflow=self._overflow)
            space = width - cell.cell_len
            line.append(" " * space if column.is_number else "").append_text(cell)
            line.append(" " * (GAP if column.is_number else space + GAP))
        line.rstrip()
        return line
