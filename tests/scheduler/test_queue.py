"""ddswait.scheduler.queue: what is due when, and who goes first when not all can."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.delay_queue import DelayQueue
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.ready_queue import ReadyQueue

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
    ready.add(poll("new", 0.0, 1.0))
    assert order_of_one(ready, 10.0) == "new"
    assert ReadyQueue(wanted).pop(0.0) is None


def order_of_one(ready: ReadyQueue, now: float) -> str:
    first = ready.pop(now)
    return "" if first is None else first.job_id


def test_ranking_holds_for_a_second() -> None:
    """A poll that becomes urgent meanwhile waits for the next ranking, at the most a second."""
    ready = filled(*(poll(f"{number:02}", 50.0, 51.0) for number in range(64)))
    first = ready.pop(100.0)
    assert first is not None
    urgent = poll("urgent", 0.0, 1.0)
    ready.add(urgent)
    assert ready.pop(101.0) is not urgent
    ready.add(poll("other", 50.0, 51.0))
    assert ready.pop(101.1) is urgent


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
    """It is never due, nor ready, nor a last one."""
    gone, other = poll("gone", 0.0, 1.0, deadline=9.0), poll("other", 0.0, 1.0, deadline=9.0)
    queue = queue_of(gone, other)
    queue.make_ready(gone, 1.0)
    queue.drop(gone)
    assert gone not in queue.ready
    assert gone.due == inf
    assert [*queue.pop_due(5.0)] == [other]
    assert queue.last.next_at() == inf
    queue.drop(gone)  # twice is once


def entries(queue: PollQueue) -> int:
    return len(queue._delayed) + len(queue.last) + len(queue.ready)


def test_memory_is_bounded_by_the_polls_that_wait() -> None:
    """However often polls are put off, made ready and dropped."""
    polls = [poll(f"{number}", 0.0, 500.0, deadline=900.0) for number in range(100)]
    queue = queue_of(*polls)
    for step in range(100):
        for each in polls:
            queue.put_off(each, 500.0 + step)
            queue.make_ready(each, 400.0)
            queue.put_off(each, 900.0 if step % 2 else 600.0)
        assert entries(queue) < 3 * (64 + 2 * len(polls)) + len(polls)
    while polls:
        queue.drop(polls.pop())
    assert entries(queue) <= 2 * 64


def test_cleared_entries_are_the_outdated_ones() -> None:
    """Every poll that waits is still due at its time, once."""
    polls = [poll(f"{number:03}", 0.0, 5.0 + number) for number in range(300)]
    queue = queue_of(*polls)
    for each in polls:
        for _ in range(5):
            queue.put_off(each, each.due)
    assert [*queue.pop_due(1e6)][-1] is polls[-1]
    queue = queue_of(*polls)
    for each in polls:
        for wanted_due in (700.0, 800.0, 1000.0 + float(each.job_id)):
            queue.put_off(each, wanted_due)
    assert [*queue.pop_due(999.9)] == []
    assert [*queue.pop_due(1e6)] == polls


def test_last_poll_goes_by_its_own_time() -> None:
    """A poll that is due at its `last_at`, or that is ready and still waits then."""
    delayed, ready = poll("d", 0.0, 50.0, deadline=50.0), poll("r", 0.0, 5.0, deadline=40.0)
    queue = queue_of(delayed, ready)
    assert [*queue.pop_due(10.0)] == [ready]
    queue.add_ready(ready)
    assert queue.due() == -inf
    assert queue.last.next_at() == 40.0
    assert queue.last.pop(39.9) is None
    assert queue.last.pop(50.0) is ready
    assert ready not in queue.ready
    assert (queue.due(), queue.last.next_at()) == (50.0, 50.0)
    assert queue.last.pop(50.0) is delayed
    assert queue.last.pop(50.0) is None


def test_poll_whose_last_one_moved_is_not_a_last_one() -> None:
    """Nor is one under way, or one that is due earlier again."""
    moved, sent, early = (poll(name, 0.0, 5.0, deadline=5.0) for name in "mse")
    queue = queue_of(moved, sent, early)
    moved.deadline = moved.last_at = 30.0
    queue.move_last(moved)
    sent.cut_at = 7.0
    queue.put_off(early, 3.0)
    assert queue.last.next_at() == inf
    assert [*queue.pop_due(4.0)] == [early]
    queue.add_ready(early)
    early.last_at = 20.0
    queue.move_last(early)
    assert queue.last.pop(25.0) is early


def test_last_poll_that_is_too_late_is_taken_out() -> None:
    """Two seconds after its deadline; one before giving up is never too late."""
    late, in_time, patient = (
        poll("l", 0.0, 1.0, deadline=10.0),
        poll("i", 0.0, 1.0, deadline=10.1),
        poll("p", 0.0, 1.0, deadline=99.0),
    )
    patient.last_at = 5.0
    queue = queue_of(late, in_time, patient)
    for each in [*queue.pop_due(1.0)]:
        queue.add_ready(each)
    assert not queue.last.is_late(12.0)  # the first one is patient
    assert [*queue.last.pop_late(12.0)] == [late]
    assert late not in queue.ready
    assert queue.last.pop(12.0) is patient
    assert not queue.last.is_late(12.0)
    assert queue.last.is_late(12.2)
    assert queue.last.pop(12.0) is in_time
    assert not queue.last.is_late(99.0)
