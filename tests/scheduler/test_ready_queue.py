"""ddswait.ready: who goes first when not all can."""

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.ready_queue import ReadyQueue


def watch(job_id: str, good_at: float, due: float, deadline: float = 1e9) -> JobPoll:
    made = JobPoll(job_id, good_at, deadline, None)
    made.due = due
    return made


def order(ready: ReadyQueue, now: float) -> str:
    out = ""
    while (each := ready.pop(now)) is not None:
        out += each.job_id
    return out


def wanted(each: Poll, _: float) -> float:
    return max(each.due - each.good_at, 2.5)


def filled(*watches: JobPoll) -> ReadyQueue:
    ready = ReadyQueue(wanted)
    for each in watches:
        ready.add(each)
    return ready


def test_most_overdue_for_its_own_interval_goes_first() -> None:
    """A short interval outruns a long one; both grow, so neither starves."""
    short, long = watch("s", 90.0, 92.5), watch("l", 50.0, 90.0)
    assert order(filled(short, long), 100.0) == "sl"  # 10 / 2.5 against 50 / 40
    waiting, fresh = watch("w", 0.0, 40.0), watch("f", 98.0, 100.5)
    assert order(filled(waiting, fresh), 101.0) == "wf"


def test_deadline_comes_before_all() -> None:
    """A last look is worth nothing later."""
    late, last = watch("x", 0.0, 1.0), watch("y", 99.0, 100.0, deadline=100.0)
    assert order(filled(late, last), 100.0) == "yx"


def test_new_jobs_do_not_push_aside_all_others() -> None:
    """What wanted a look at once counts as what its interval says."""
    new, old = watch("n", 100.0, 100.0), watch("o", 0.0, 10.0)
    assert order(filled(new, old), 104.0) == "on"


def test_stale_entries_are_skipped() -> None:
    """What was put off, is under way or was let go is not asked about."""
    later, asked, gone = watch("l", 0.0, 1.0), watch("a", 0.0, 1.0), watch("g", 0.0, 1.0)
    ready = filled(later, asked, gone)
    later.due, asked.by = 50.0, 9.0
    ready.discard(gone)
    assert (order(ready, 10.0), len(ready)) == ("", 0)


def test_thousands_are_ranked_in_parts() -> None:
    """Each comes once, and the most urgent part first."""
    many = [watch(f"{number:04}", 0.0, 1.0 + number) for number in range(1000)]
    ready, out = filled(*many), []
    while (each := ready.pop(2000.0)) is not None:
        out.append(int(each.job_id))
    assert out == sorted(out)
    assert len(out) == 1000
