"""ddswait.scheduler.ready_queue: which poll goes first when not all that are due can leave."""

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll, Trouble
from ddswait.scheduler.ready_queue import ReadyQueue
from tests.scheduler.polls import poll, wanted


def order(ready: ReadyQueue, now: float) -> str:
    out = ""
    while (each := ready.pop(now)) is not None:
        out += each.job_id
    return out


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
    fails = poll("f", 0.0, 100.0)
    fails.trouble = Trouble(failures=1)
    assert ReadyQueue(wanted).urgency(fails, 100.0) == 1.0
