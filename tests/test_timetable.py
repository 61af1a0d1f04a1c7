"""ddswait.timetable: an order, whatever the order of the calls."""

from hypothesis import given
from hypothesis import strategies as st

from ddswait.timetable import Timetable

TIMES = st.floats(0, 200) | st.integers(0, 50).map(float) | st.floats(0, 1e9)


@given(st.lists(st.tuples(TIMES, st.sampled_from("abc")) | st.none()))
def test_entries_come_out_earliest_first(steps: list[tuple[float, str] | None]) -> None:
    """However entries are pushed and popped, the first is always the least of all."""
    table, model = Timetable(), []
    for step in steps:
        if step is not None:
            table.push(*step)
            model.append(step)
        elif model:
            assert table.first() == min(model)
            assert table.pop() == min(model)
            model.remove(min(model))
        else:
            assert table.first() is None
        assert len(table) == len(model)
    table.rebuild(model)
    assert [(table.first(), table.pop())[1] for _ in model] == sorted(model)
