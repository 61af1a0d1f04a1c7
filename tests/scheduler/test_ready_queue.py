"""ddswait.scheduler.ready_queue: which poll goes first when not all that are due can leave."""

from statistics import mean

import pytest

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll, Trouble
from ddswait.scheduler.ready_queue import ReadyQueue
from ddswait.scheduler.urgency import Urgency
from tests.scheduler.polls import poll, ready_by, urgency_by, wanted


def order(ready: ReadyQueue, now: float) -> str:
    out = ""
    while (each := ready.pop(1, now)) is not None:
        out += each.job_id
    return out


def filled(*polls: JobPoll) -> ReadyQueue:
    ready = ready_by(wanted)
    for each in polls:
        ready.add(each, each.due)
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
    assert (order(ready, 10.0), ready.size) == ("", 0)


def test_of_one_interval_whoever_has_waited_longest_goes_first() -> None:
    """Each comes once, in whatever order they came."""
    many = [poll(f"{number:04}", float(number * 7 % 1000), 2000.0) for number in range(1000)]
    ready, out = ready_by(lambda *_: 30.0), []
    for each in many:
        ready.add(each, 2000.0)
    while (first := ready.pop(1, 2000.0)) is not None:
        out.append(first.succeeded_at)
    assert out == [float(number) for number in range(1000)]


def test_under_steady_load_whoever_goes_is_nearly_the_most_urgent() -> None:
    """Whatever interval each wants: four fifths as urgent on average, and never below a fifth."""
    intervals = {f"{number:02}": 1.0 + number**2 / 20 for number in range(60)}
    ready = ready_by(lambda each, _: intervals[each.job_id], spacing=2.0)
    waiting = [poll(name, 0.0, 0.0) for name in intervals]
    for each in waiting:
        ready.add(each, 0.0)
    ratios = []
    for step in range(3000):
        now = 2.0 * step
        best = max((now - each.succeeded_at) / intervals[each.job_id] for each in waiting)
        first = ready.pop(1, now)
        assert first is not None
        if step > 1000:
            ratios.append((now - first.succeeded_at) / intervals[first.job_id] / best)
        first.succeeded_at = first.due = now
        ready.add(first, now)
    assert min(ratios) > 0.2
    assert mean(ratios) > 0.8


def test_poll_whose_interval_will_shrink_goes_first_in_time() -> None:
    """When an end is near, its poll need not be looked at again for that."""
    ready = ready_by(lambda each, now: 1.0 if each.job_id == "late" and now > 20.0 else 50.0)
    for each in (poll("x", 0.0, 1.0), poll("y", 0.0, 1.0), poll("late", 1.0, 2.0)):
        ready.add(each, 30.0)
    assert order(ready, 30.0) == "latexy"


def order_of_one(ready: ReadyQueue, now: float, room: int = 1) -> str:
    first = ready.pop(room, now)
    return "" if first is None else first.job_id


def lengths(ready: ReadyQueue) -> dict[int, int]:
    """Return how many polls wait for each doubling of the urgency."""
    return {exponent: len(queue) for exponent, queue in ready._queues.items()}


def test_polls_wait_for_the_urgency_that_follows_from_the_load() -> None:
    """Twice as many as may leave leave twice as urgent: each wants to leave every 10 s."""
    ready = ready_by(lambda *_: 10.0, spacing=0.98)
    for number in range(165):
        ready.add(poll(f"{number:03}", 0.0, 0.0), 0.0)
    # 10.2 of them are as many polls as may leave; 20.4, 40.8, 81.6, 163.3 twice as many each.
    assert lengths(ready) == {1: 21, 2: 20, 3: 41, 4: 82, 5: 1}
    for number in range(144):
        ready.discard(poll_of(ready, f"{number:03}"))
    ready.add(poll("x", 0.0, 0.0), 0.0)
    assert doubling(ready, "x") == 2


def poll_of(ready: ReadyQueue, job_id: str) -> Poll:
    return next(each for each in ready if each.job_id == job_id)


def doubling(ready: ReadyQueue, job_id: str) -> int:
    return doubling_of(poll_of(ready, job_id))


def doubling_of(each: Poll) -> int:
    assert each.ranking is not None
    return each.ranking.doubling


def test_poll_waits_by_the_middle_of_a_doubling() -> None:
    """The geometric one: what leaves is at most 1.4 times more urgent, or less."""
    ready = ready_by(lambda *_: 10.0, spacing=50.0)
    ready.add(poll("a", 0.0, 0.0), 100.0)
    each = poll("b", 100.0, 110.0)
    ready.add(each, 110.0)
    assert each.ranking is not None
    since, wanted, at, exponent = each.ranking
    assert (since, round(wanted, 6), exponent) == (100.0, 10.0, 3)
    assert round(at, 6) == round(100.0 + 10.0 * 4.0 * 2.0**0.5, 6)


def test_poll_that_is_added_again_counts_once() -> None:
    """For the load as well as in the queue."""
    ready = ready_by(lambda *_: 1.0)
    each = poll("a", 0.0, 0.0)
    for _ in range(9):
        ready.add(each, 0.0)
    assert lengths(ready) == {1: 9}  # eight are outdated
    assert (order(ready, 5.0), ready.size) == ("a", 0)


@pytest.mark.parametrize(("room", "exponent"), [(1, 1), (2, 5)])
def test_load_is_what_connections_leave_room_for(room: int, exponent: int) -> None:
    """Where the rate limit lets more than one leave, the next one waits for a connection."""
    ready = ready_by(lambda *_: 10.0, spacing=1e-6)
    for number in range(300):
        ready.add(poll(f"{number:03}", 0.0, 0.0), 0.0)
    for step in range(200):
        assert order_of_one(ready, step / 1.0, room)
    ready.add(poll("x", 0.0, 0.0), 200.0)
    assert doubling(ready, "x") == exponent


def test_polls_that_wait_for_a_lower_urgency_are_moved_where_connections_are_scarce() -> None:
    """What these can bear is learned late; a rate limit is known from the start."""
    left = {}
    for room in (1, 9):
        ready = ready_by(lambda each, _: 1000.0 if each.job_id < "5" else 1.0, spacing=1e-6)
        slow = [poll(f"{number:02}", 0.0, 0.0) for number in range(50)]
        for each in (*slow, *(poll(f"9{number}", 0.0, 0.0) for number in range(20))):
            ready.add(each, 0.0)
        for step in range(60):
            first = ready.pop(room, float(step))
            assert first is not None
            assert first not in slow
            first.succeeded_at = first.due = float(step)
            ready.add(first, float(step))
        left[room] = sum(doubling_of(each) == 1 for each in slow)
    assert left[1] == 50
    assert left[9] < 10


def test_pause_while_nothing_waits_is_not_the_time_for_a_connection() -> None:
    """Connections need not have been busy."""
    ready = ready_by(lambda *_: 1.0, spacing=1e-6)
    for now in (0.0, 1000.0, 2000.0, 3000.0):
        ready.add(poll("a", now, now), now)
        assert order_of_one(ready, now, 9) == "a"
    for name in "xyz":
        ready.add(poll(name, 3000.0, 3000.0), 3000.0)
    assert lengths(ready)[1] == 3


def test_time_for_a_connection_is_forgotten_when_the_rate_limits() -> None:
    """By a part with each poll that leaves."""
    ready = ready_by(lambda *_: 1.0, spacing=1e-6)
    for number in range(300):
        ready.add(poll(f"{number:03}", 0.0, 0.0), 0.0)
    for step in range(100):
        assert order_of_one(ready, 2.0 * step, 9)
    ready.add(poll("x", 200.0, 200.0), 200.0)
    assert doubling(ready, "x") == 10  # 200 wait, each for 1.6 of 2 s, twice that for safety
    for _ in range(3):
        assert order_of_one(ready, 200.0)
    ready.add(poll("x", 200.0, 200.0), 200.0)
    assert doubling(ready, "x") == 10
    for _ in range(190):
        assert order_of_one(ready, 200.0)
    ready.add(poll("y", 200.0, 200.0), 200.0)
    assert doubling(ready, "y") < 4


def test_polls_that_wait_for_a_far_higher_urgency_are_moved_in_turn() -> None:
    """One with each that leaves; not for one doubling, which may be the next load again."""
    ready = ready_by(lambda *_: 10.0, spacing=0.98)
    for number in range(100):
        ready.add(poll(f"{number:03}", float(number), 100.0), 100.0)
    assert lengths(ready) == {1: 21, 2: 20, 3: 41, 4: 18}
    for number in range(80):
        ready.discard(poll_of(ready, f"{number:03}"))
    assert order_of_one(ready, 200.0) == "080"
    # 20 polls waited, so one of the 18 is moved to the first doubling.
    assert [lengths(ready)[4], lengths(ready)[1]] == [17, 1]
    assert order(ready, 200.0) == "".join(f"{number:03}" for number in range(81, 100))


def test_poll_that_waits_for_a_four_times_higher_urgency_is_moved() -> None:
    """When the load falls, though only two queues are left."""
    spacings = iter((1.0, 60.0, 30.0))  # of those that wait, each wants to leave every 10 s
    ready = ReadyQueue(urgency_by(lambda *_: 10.0), lambda _: next(spacings, 1.0))
    for number, name in enumerate("abc"):
        ready.add(poll(name, float(number), 10.0), 10.0)
    assert lengths(ready) == {1: 1, 3: 2}
    assert order_of_one(ready, 20.0) == "a"
    assert [doubling(ready, name) for name in "bc"] == [1, 3]


@pytest.mark.parametrize(("room", "left"), [(1, 21), (2, 20)])
def test_polls_that_wait_for_a_lower_urgency_are_moved_one_by_one(room: int, left: int) -> None:
    """Only where more than one may leave: the rate limit is known when a poll is added."""
    ready = ready_by(lambda *_: 10.0, spacing=0.98)
    for number in range(100):
        ready.add(poll(f"{number:03}", 100.0 - number, 100.0), 100.0)
    assert lengths(ready) == {1: 21, 2: 20, 3: 41, 4: 18}
    assert order_of_one(ready, 100.0, room) == "099"
    assert sum(doubling_of(each) == 1 for each in ready) == left


def test_polls_of_one_queue_stay_there() -> None:
    """They are in order as they are, whatever the load has become: no time is worked out again."""
    looked: list[float] = []

    class Counted(Urgency):
        def span(self, poll: Poll, urgency: float) -> tuple[float, float]:
            looked.append(urgency)
            return poll.succeeded_at, poll.succeeded_at + urgency

    spacing = 0.0
    ready = ReadyQueue(Counted(None), lambda _: spacing)  # type: ignore[arg-type]
    for number, name in enumerate("abc"):
        ready.add(poll(name, float(number), 10.0), 10.0)
    looked.clear()
    spacing = 1000.0
    assert "".join(order_of_one(ready, 20.0, 2) for _ in range(3)) == "abc"
    assert looked == []


def test_nobody_starves() -> None:
    """One that wants a long interval leaves, though others that want short ones come back."""
    ready = ready_by(lambda each, _: 1000.0 if each.job_id == "long" else 2.0)
    for name in ("long", "a", "b", "c"):
        ready.add(poll(name, 0.0, 0.0), 0.0)
    now, name = 0.0, ""
    while name != "long":
        now += 2.0
        assert now < 10_000.0
        first = ready.pop(1, now)
        assert first is not None
        first.succeeded_at = first.due = now
        ready.add(first, now)
        name = first.job_id
    assert now > 500.0


def test_of_polls_that_came_at_other_loads_the_most_urgent_now_goes_first() -> None:
    """The first ones of all queues are compared."""
    loads = iter((1.0, 100.0, 1000.0))
    ready = ReadyQueue(urgency_by(lambda each, _: float(each.job_id)), lambda _: next(loads, 0.0))
    for name in ("40", "20", "30"):
        ready.add(poll(name, 0.0, 0.0), 0.0)
    assert len(ready._queues) == 3
    assert [order_of_one(ready, 100.0) for _ in range(3)] == ["20", "30", "40"]


def test_each_choice_costs_the_same_however_many_wait() -> None:
    """Even when every wanted interval has grown, or the load has."""
    looked: list[float] = []

    class Counted(Urgency):
        def span(self, poll: Poll, urgency: float) -> tuple[float, float]:
            looked.append(urgency)
            return poll.succeeded_at, poll.succeeded_at + urgency

    spacing = 1.0
    ready = ReadyQueue(Counted(None), lambda _: spacing)  # type: ignore[arg-type]
    for number in range(500):
        ready.add(poll(f"{number:03}", float(number) / 10, 90.0), 90.0)
    for now in (100.0, 101.0, 2000.0, 2001.0, 2002.0, 90_000.0, 90_001.0):
        looked.clear()
        spacing = now
        assert order_of_one(ready, now)
        assert len(looked) <= 1


def test_ranking_after_the_queue_was_empty_is_a_new_one() -> None:
    """What is left of an old ranking is not taken for one of those that wait now."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 1.0)
    ready = filled(a)
    assert order(ready, 10.0) == "a"
    ready.add(b, 10.0)
    ready.discard(a)
    assert b in ready
    assert a not in ready
    assert [*ready] == [b]
    assert order(ready, 10.1) == "b"


def test_memory_is_bounded_by_the_polls_that_wait() -> None:
    """However often polls are added and discarded."""
    polls = [poll(f"{number:03}", 0.0, 1.0) for number in range(100)]
    ready = ready_by(lambda *_: 5.0)
    for _ in range(200):
        for each in polls:
            ready.add(each, 1.0)
            ready.discard(each)
    for each in polls:
        ready.add(each, 1.0)
    assert ready.size == 100
    assert sum(map(len, ready._queues.values())) < 64 + 3 * 100


def test_jobs_that_fail_do_not_push_aside_those_that_wait() -> None:
    """They were polled not long ago, though in vain."""
    fails, waits = poll("f", 0.0, 95.0), poll("w", 20.0, 30.0)
    fails.trouble = Trouble(failures=3)
    assert order(filled(fails, waits), 100.0) == "wf"
    fails.trouble = Trouble(failures=0)
    assert order(filled(fails, waits), 100.0) == "wf"
    longer = poll("l", 0.0, 10.0)
    longer.trouble = Trouble(failures=1)
    assert order(filled(fails, longer), 100.0) == "lf"


def test_poll_that_failed_is_as_urgent_as_one_that_is_just_due() -> None:
    """At its retry."""
    ready = ready_by(lambda *_: 30.0)
    fails = poll("f", 0.0, 100.0)
    fails.trouble = Trouble(failures=1)
    for each in (poll("a", 70.1, 100.0), fails, poll("z", 69.9, 100.0)):
        ready.add(each, 100.0)
    assert order(ready, 100.0) == "zfa"
