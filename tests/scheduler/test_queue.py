"""ddswait.scheduler.queue: what is due when, and who goes first when not all can."""

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import DelayQueue, ReadyQueue

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
    queue.rebuild(model)
    assert [key(queue.pop()) for _ in model if queue.first()] == sorted(map(key, model))


def key(poll: Poll) -> tuple[float, str]:
    return poll.due, poll.job_id


def poll(job_id: str, succeeded_at: float, due: float, deadline: float = 1e9) -> JobPoll:
    made = JobPoll(job_id, succeeded_at, deadline, None)
    made.due = due
    return made


def order(ready: ReadyQueue, now: float) -> str:
    out = ""
    while (each := ready.pop(now)) is not None:
        out += each.job_id
    return out


def wanted(each: Poll, _: float) -> float:
    return max(each.due - each.succeeded_at, 2.5)


def filled(*polls: JobPoll) -> ReadyQueue:
    ready = ReadyQueue(wanted)
    for each in polls:
        ready.add(each)
    return ready


def test_most_overdue_for_its_own_interval_goes_first() -> None:
    """A short interval outruns a long one; both grow, so neither starves."""
    short, long = poll("s", 90.0, 92.5), poll("l", 50.0, 90.0)
    assert order(filled(short, long), 100.0) == "sl"  # 10 / 2.5 against 50 / 40
    waiting, fresh = poll("w", 0.0, 40.0), poll("f", 98.0, 100.5)
    assert order(filled(waiting, fresh), 101.0) == "wf"


def test_deadline_comes_before_all() -> None:
    """A last poll at its deadline goes before all others."""
    late, last = poll("x", 0.0, 1.0), poll("y", 99.0, 100.0, deadline=100.0)
    assert order(filled(late, last), 100.0) == "yx"


def test_new_jobs_do_not_push_aside_all_others() -> None:
    """A poll that is due at once ranks by its usual interval."""
    new, old = poll("n", 100.0, 100.0), poll("o", 0.0, 10.0)
    assert order(filled(new, old), 104.0) == "on"


def test_stale_entries_are_skipped() -> None:
    """A job that was put off, is in flight or was cancelled is not polled."""
    later, asked, gone = poll("l", 0.0, 1.0), poll("a", 0.0, 1.0), poll("g", 0.0, 1.0)
    ready = filled(later, asked, gone)
    later.due, asked.cut_at = 50.0, 9.0
    ready.discard(gone)
    assert (order(ready, 10.0), len(ready)) == ("", 0)


def test_thousands_are_ranked_in_parts() -> None:
    """Each comes once, and the most urgent part first."""
    many = [poll(f"{number:04}", 0.0, 1.0 + number) for number in range(1000)]
    ready, out = filled(*many), []
    while (each := ready.pop(2000.0)) is not None:
        out.append(int(each.job_id))
    assert out == sorted(out)
    assert len(out) == 1000
