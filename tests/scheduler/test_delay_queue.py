"""ddswait.scheduler.delay_queue: which poll is due when."""

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.delay_queue import DelayQueue
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from tests.scheduler.polls import poll

TIMES = st.floats(0, 200) | st.integers(0, 50).map(float) | st.floats(0, 1e9)


@given(st.lists(st.tuples(TIMES, st.sampled_from("abc")) | st.none()))
def test_entries_come_out_earliest_first(steps: list[tuple[float, str] | None]) -> None:
    """However entries are pushed and popped, the first is always the least of all."""
    queue = DelayQueue()
    model: list[Poll] = []
    for step in steps:
        if step is not None:
            poll = JobPoll(step[1], step[0], 1e10, None)
            queue.push(poll)
            model.append(poll)
        elif model:
            first = queue.first()
            assert first is not None
            assert first[2] is queue.pop()
            assert first[:2] == min(map(key, model))
            model.remove(first[2])
        else:
            assert queue.first() is None
        assert len(queue) == len(model)
    assert [key(queue.pop()) for _ in list(model) if queue.first()] == sorted(map(key, model))


def key(poll: Poll) -> tuple[float, str]:
    return poll.due, poll.job_id


def test_entries_of_the_running_second_and_of_the_next_stay_in_order() -> None:
    """What comes for the second that is being worked off, or for its end, takes its place."""
    queue = DelayQueue()
    for job_id, due in (("a", 5.0), ("b", 5.9), ("c", 6.2), ("d", 6.0), ("e", 7.5)):
        queue.push(poll(job_id, 0.0, due))
    assert queue.first() is not None
    for job_id, due in (("f", 6.0), ("g", 5.5), ("h", 3.0), ("i", 6.5), ("j", 7.0)):
        queue.push(poll(job_id, 0.0, due))
    assert "".join(queue.pop().job_id for _ in range(10) if queue.first()) == "hagbdfcije"
    assert (queue.first(), len(queue)) == (None, 0)
