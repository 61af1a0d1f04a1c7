"""ddswait.timetable: an order, whatever the order of the calls."""

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.delay_queue import DelayQueue
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll

TIMES = st.floats(0, 200) | st.integers(0, 50).map(float) | st.floats(0, 1e9)


@given(st.lists(st.tuples(TIMES, st.sampled_from("abc")) | st.none()))
def test_entries_come_out_earliest_first(steps: list[tuple[float, str] | None]) -> None:
    """However entries are pushed and popped, the first is always the least of all."""
    table = DelayQueue()
    model: list[Poll] = []
    for step in steps:
        if step is not None:
            watch = JobPoll(step[1], step[0], 1e10, None)
            table.push(watch)
            model.append(watch)
        elif model:
            first = table.first()
            assert first is not None
            assert first == table.pop()
            assert first[:2] == min(map(key, model))
            model.remove(first[2])
        else:
            assert table.first() is None
        assert len(table) == len(model)
    table.rebuild(model)
    assert [(table.first(), table.pop())[1][:2] for _ in model] == sorted(map(key, model))


def key(watch: Poll) -> tuple[float, str]:
    return watch.due, watch.job_id
