"""ddswait.scheduler.ready_queue: which poll goes first when not all that are due can leave."""

from statistics import mean

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll, Trouble
from ddswait.scheduler.ready_queue import ReadyQueue
from ddswait.scheduler.urgency import Urgency
from tests.scheduler.polls import poll, ready_by, wanted


def order(ready: ReadyQueue, now: float) -> str:
    out = ""
    while (each := ready.pop(now)) is not None:
        out += each.job_id
    return out


def filled(*polls: JobPoll) -> ReadyQueue:
    ready = ready_by(wanted)
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


def test_of_one_interval_whoever_has_waited_longest_goes_first() -> None:
    """Each comes once, in whatever order they came."""
    many = [poll(f"{number:04}", float(number * 7 % 1000), 2000.0) for number in range(1000)]
    ready, out = ready_by(lambda *_: 30.0), []
    for each in many:
        ready.add(each)
    while (first := ready.pop(2000.0)) is not None:
        out.append(first.succeeded_at)
    assert out == [float(number) for number in range(1000)]


def test_under_steady_load_whoever_goes_is_nearly_the_most_urgent() -> None:
    """Whatever interval each wants: four fifths as urgent on average, and never below a fifth."""
    intervals = {f"{number:02}": 1.0 + number**2 / 20 for number in range(60)}
    ready = ready_by(lambda each, _: intervals[each.job_id])
    waiting = [poll(name, 0.0, 0.0) for name in intervals]
    for each in waiting:
        ready.add(each)
    ratios = []
    for step in range(3000):
        now = 2.0 * step
        best = max((now - each.succeeded_at) / intervals[each.job_id] for each in waiting)
        first = ready.pop(now)
        assert first is not None
        if step > 1000:
            ratios.append((now - first.succeeded_at) / intervals[first.job_id] / best)
        first.succeeded_at = first.due = now
        ready.add(first)
    assert min(ratios) > 0.2
    assert mean(ratios) > 0.8


def test_poll_whose_interval_will_shrink_goes_first_in_time() -> None:
    """When an end is near, its poll need not be looked at again for that."""
    ready = ready_by(lambda each, now: 1.0 if each.job_id == "late" and now > 20.0 else 50.0)
    for each in (poll("x", 0.0, 1.0), poll("y", 0.0, 1.0), poll("late", 1.0, 2.0)):
        ready.add(each)
    assert order(ready, 30.0) == "latexy"


def test_polls_that_waited_by_another_urgency_are_moved_in_turn() -> None:
    """One with each that leaves; then those that are urgent now are not behind others."""
    ready = ready_by(lambda each, _: 1.0 if each.job_id == "urgent" else 30.0)
    for number in range(20):
        ready.add(poll(f"{number:02}", float(number), 30.0))
    ready._usual = 100.0
    ready.add(poll("urgent", 100.0, 101.0))
    assert [len(each) for each in ready._queues.values()] == [20, 1]
    assert order_of_one(ready, 200.0) == "urgent"
    assert [len(each) for each in ready._queues.values()] == [19, 1]
    ready._usual = 100.0
    assert [order_of_one(ready, 200.0) for _ in range(20)] == [f"{n:02}" for n in range(20)]
    assert len(ready._queues) == 1


def test_usual_urgency_rises_soon_and_falls_slowly() -> None:
    """By half of the difference, or by an eighth."""
    ready = ready_by(lambda *_: 10.0)
    for now, usual in ((50.0, 3.0), (110.0, 7.0), (0.0, 6.125), (65.0, 6.3125)):
        ready.add(poll("a", 0.0, 0.0))
        assert order_of_one(ready, now) == "a"
        assert ready._usual == usual


def test_nobody_starves() -> None:
    """One that wants a long interval leaves, though others that want short ones come back."""
    ready = ready_by(lambda each, _: 1000.0 if each.job_id == "long" else 2.0)
    for name in ("long", "a", "b", "c"):
        ready.add(poll(name, 0.0, 0.0))
    now, name = 0.0, ""
    while name != "long":
        now += 2.0
        assert now < 10_000.0
        first = ready.pop(now)
        assert first is not None
        first.succeeded_at = first.due = now
        ready.add(first)
        name = first.job_id
    assert now > 500.0


def test_of_polls_that_came_at_other_urgencies_the_most_urgent_now_goes_first() -> None:
    """Exactly: the first ones of all queues are compared."""
    ready = ready_by(lambda each, _: float(each.job_id))
    for usual, name in ((1.0, "40"), (5.0, "20"), (20.0, "30")):
        ready._usual = usual
        ready.add(poll(name, 0.0, 0.0))
    assert len(ready._queues) == 3
    ready._usual = 1000.0
    assert [order_of_one(ready, 100.0) for _ in range(3)] == ["20", "30", "40"]


def order_of_one(ready: ReadyQueue, now: float) -> str:
    first = ready.pop(now)
    return "" if first is None else first.job_id


def test_each_choice_costs_the_same_however_many_wait() -> None:
    """Even when every wanted interval has grown, or the usual urgency has."""
    looked: list[float] = []

    class Counted(Urgency):
        def of(self, poll: Poll, now: float) -> float:
            looked.append(now)
            return now - poll.succeeded_at

        def reached_at(self, poll: Poll, urgency: float) -> float:
            looked.append(urgency)
            return poll.succeeded_at + urgency

    ready = ReadyQueue(Counted(None))  # type: ignore[arg-type]
    for number in range(500):
        ready.add(poll(f"{number:03}", float(number) / 10, 90.0))
    for now in (100.0, 101.0, 2000.0, 2001.0, 2002.0, 90_000.0, 90_001.0):
        looked.clear()
        assert order_of_one(ready, now)
        assert len(looked) <= 3


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


def test_memory_is_bounded_by_the_polls_that_wait() -> None:
    """However often polls are added and discarded."""
    polls = [poll(f"{number:03}", 0.0, 1.0) for number in range(100)]
    ready = ready_by(lambda *_: 5.0)
    for _ in range(200):
        for each in polls:
            ready.add(each)
            ready.discard(each)
    for each in polls:
        ready.add(each)
    assert len(ready) == 100
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
        ready.add(each)
    assert order(ready, 100.0) == "zfa"
