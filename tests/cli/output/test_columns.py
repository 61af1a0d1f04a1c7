"""ddswait.cli.columns: a table fits into any terminal."""

from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli.output.columns import GAP, Column, fit

COLUMNS = st.lists(
    st.builds(Column, st.text("abcdef", min_size=1), st.integers(1, 20), st.integers(1, 60)),
    min_size=1,
    max_size=8,
    unique_by=lambda column: column.title,
).map(lambda columns: [each._replace(rank=place) for place, each in enumerate(columns)])


@given(COLUMNS, st.integers(1, 300))
def test_what_is_shown_fits(columns: list[Column], room: int) -> None:
    """Never wider than the room, but for the column that always stays; nothing beyond natural."""
    width = fit(columns, room)
    known = {column.title: column for column in columns}
    assert columns[0].title in width
    for title, wide in width.items():
        column = known[title]
        assert min(column.least, column.natural) <= wide <= column.natural
    if len(width) > 1:
        assert sum(width.values()) + GAP * (len(width) - 1) <= room


@given(COLUMNS, st.integers(1, 300))
def test_no_room_is_wasted(columns: list[Column], room: int) -> None:
    """While a shown column is cut, no cell is free; what is dropped would not have fitted."""
    width = fit(columns, room)
    shown = [column for column in columns if column.title in width]
    free = room - sum(width.values()) - GAP * (len(shown) - 1)
    if any(width[column.title] < column.natural for column in shown):
        assert free <= 0
    if dropped := [column for column in columns if column not in shown]:
        first = min(dropped, key=lambda column: column.rank)
        least = sum(min(column.least, column.natural) for column in (*shown, first))
        assert least + GAP * len(shown) > room


def test_highest_rank_goes_first() -> None:
    """The least important column makes room for the others."""
    columns = [Column("job", 10, 30), Column("task", 10, 20, rank=2), Column("age", 6, 6, rank=1)]
    assert fit(columns, 100) == {"job": 30, "task": 20, "age": 6}
    assert fit(columns, 40) == {"job": 15, "task": 15, "age": 6}
    assert fit(columns, 28) == {"job": 20, "age": 6}
    assert fit(columns, 12) == {"job": 12}
    assert fit(columns, 3) == {"job": 10}
