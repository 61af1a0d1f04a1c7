"""ddswait.scheduler.queue: what is due when, and who goes first when not all can."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import DelayQueue, PollQueue, ReadyQueue

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


def test_few_polls_are_ranked_each_time() -> None:
    """A poll that becomes urgent among few is the next one."""
    ready = filled(poll("a", 0.0, 1.0), poll("b", 1.0, 2.0), poll("c", 2.0, 3.0))
    assert order_of_one(ready, 10.0) == "a"
    ready.add(poll("last", 9.0, 10.0, deadline=10.0))
    assert order_of_one(ready, 10.0) == "last"
    assert ReadyQueue(wanted).pop(0.0) is None


def order_of_one(ready: ReadyQueue, now: float) -> str:
    first = ready.pop(now)
    return "" if first is None else first.job_id


def test_ranking_holds_for_a_second() -> None:
    """A poll that becomes urgent meanwhile waits for the next ranking, at the most a second."""
    polls = [poll(f"{number:02}", 0.0, 1.0) for number in range(64)]
    ready = filled(*polls)
    first = ready.pop(100.0)
    assert first is not None
    last = poll("last", 99.0, 100.0, deadline=100.5)
    ready.add(last)
    assert ready.pop(101.0) is not last
    ready.add(poll("other", 0.0, 1.0))
    assert ready.pop(101.1) is last


def test_ranking_after_the_queue_was_empty_is_a_new_one() -> None:
    """What is left of an old ranking is not taken for one of those that wait now."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 1.0)
    ready = filled(a)
    assert order(ready, 10.0) == "a"
    ready.add(b)
    ready.discard(a)
    assert b in ready
    assert a not in ready
    assert [*ready] == [b]
    assert order(ready, 10.1) == "b"


def test_urgency_is_by_the_interval_that_suits_now() -> None:
    """The wanted interval is that of the present moment, not of the last poll."""
    asked: list[float] = []

    def note(_: Poll, now: float) -> float:
        asked.append(now)
        return 2.0

    ready = ReadyQueue(note)
    assert ready.urgency(poll("a", 4.0, 5.0), 10.0) == 3.0
    assert asked == [10.0]


def queue_of(*polls: JobPoll) -> PollQueue:
    queue = PollQueue(wanted)
    for each in polls:
        queue.add(each)
    return queue


def test_next_poll_is_due_when_the_earliest_is() -> None:
    """Ready ones are overdue; without any poll, nothing is ever due."""
    a, b = poll("a", 0.0, 5.0), poll("b", 0.0, 3.0)
    queue = queue_of(a, b)
    assert queue.due() == queue.next_delayed() == 3.0
    queue.make_ready(a, 1.0)
    assert (a.due, queue.due(), queue.next_delayed()) == (1.0, -inf, 3.0)
    queue.make_ready(b, 4.0)
    assert b.due == 3.0
    assert queue_of().due() == inf


def test_poll_that_is_put_off_is_due_then_only() -> None:
    """Its earlier entry is skipped, and it is ready no more."""
    a = poll("a", 0.0, 1.0)
    queue = queue_of(a)
    queue.make_ready(a, 1.0)
    queue.put_off(a, 9.0)
    assert a not in queue.ready
    assert (a.due, queue.due()) == (9.0, 9.0)
    assert [*queue.pop_due(8.9)] == []
    assert [*queue.pop_due(9.0)] == [a]


def test_polls_under_way_are_not_due() -> None:
    """A poll that has left has no place in the queue until its reply comes."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 2.0)
    queue = queue_of(a, b)
    a.cut_at = 30.0
    assert queue.next_delayed() == 2.0
    assert [*queue.pop_due(5.0)] == [b]


def test_lone_poll_needs_no_ranking() -> None:
    """It leaves at once; of several that are due, the first leaves only if many may."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 1.0)
    queue = queue_of(a)
    assert queue.pop_unranked(0.9, plenty=True) is None
    assert queue.pop_unranked(1.0, plenty=False) is a
    queue = queue_of(a, b)
    assert queue.pop_unranked(1.0, plenty=True) is a
    queue = queue_of(a, b)
    assert queue.pop_unranked(1.0, plenty=False) is None
    assert a in queue.ready
    assert queue.pop_unranked(1.0, plenty=True) is None  # a ready one comes first


def test_ready_polls_of_the_queue_are_ranked_by_their_interval() -> None:
    """The queue passes on how the interval that suits now is found."""
    a, b = poll("a", 9.0, 10.0), poll("b", 0.0, 1.0)
    queue = queue_of()
    queue.make_ready(a, 10.0)
    queue.make_ready(b, 10.0)
    assert order(queue.ready, 10.0) == "ba"


def test_dropped_poll_leaves_nothing_behind() -> None:
    """It is never due; entries of polls that are gone are cleared away when they are many."""
    live = [poll(f"l{number}", 0.0, 500.0 + number) for number in range(10)]
    under_way, ready = poll("u", 0.0, 1.0), poll("r", 0.0, 1.0)
    queue = queue_of(*live)
    queue.make_ready(ready, 1.0)
    under_way.cut_at = 30.0
    others = [*live, under_way, ready]
    for number in range(64 + 2 * len(others) - len(live)):
        queue.add(poll(f"g{number}", 0.0, 100.0))
    gone = poll("gone", 0.0, 1.0)
    queue.make_ready(gone, 1.0)
    queue.drop(gone, others)
    assert gone not in queue.ready
    assert gone.due == inf
    assert len(queue._delayed) == 64 + 2 * len(others)
    queue.add(poll("one more", 0.0, 100.0))
    queue.drop(gone, others)
    assert len(queue._delayed) == len(live)
    assert queue.next_delayed() == 500.0
    queue.drop(gone, others)  # twice is once
