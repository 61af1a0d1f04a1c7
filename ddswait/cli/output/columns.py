"""Which columns of a table fit into a terminal, and how wide each becomes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2


class Column(NamedTuple):
    """One column; widths in cells.

    Attributes:
        title: its name.
        least: below this width it says nothing.
        natural: the width at which nothing is cut.
        rank: when there is no room, the column with the highest rank goes first; 0 never goes.
    """

    title: str
    least: int
    natural: int
    rank: int = 0


def fit(columns: Sequence[Column], room: int) -> dict[str, int]:
    """Return the width of each column that is shown, by its title.

    No column is wider than natural, and none is shown that would be narrower than its least
    width, but for those of rank 0. What room is left goes in equal parts to those that want more.
    """
    kept = list(columns)
    while _needed(kept) > room and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    width = {column.title: min(column.least, column.natural) for column in kept}
    spare = room - sum(width.values()) - GAP * (len(kept) - 1)
    wanting = [column for column in kept if column.natural > width[column.title]]
    while spare > 0 and wanting:
        share = max(1, spare // len(wanting))
        for column in wanting[:spare]:
            more = min(share, column.natural - width[column.title])
            width[column.title] += more
            spare -= more
        wanting = [column for column in wanting if column.natural > width[column.title]]
    return width


def _needed(columns: Sequence[Column]) -> int:
    least = sum(min(column.least, column.natural) for column in columns)
    return least + GAP * (len(columns) - 1)
