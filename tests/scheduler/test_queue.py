"""ddswait.scheduler.queue: all polls that are not under way."""

from math import inf

from ddswait.scheduler.queue import PollQueue
from tests.scheduler.polls import poll, queue_of


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


def test_time_of_the_next_poll_is_that_of_a_poll() -> None:
    """Not of one that was put off, nor of the second in which it is due."""
    late, moved = poll("late", 0.0, 10.75), poll("moved", 0.0, 7.5)
    queue = queue_of(late)
    assert queue.due_by(5.0) == 10.75
    queue.add(moved)
    assert queue.due_by(5.0) == 7.5
    queue.put_off(moved, 20.0)
    assert queue.due_by(5.0) == 10.75
    assert queue.due_by(10.9) <= 10.9


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


def test_poll_needs_no_ranking_if_the_others_were_put_off() -> None:
    """What is left of their earlier times does not count."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 1.25)
    queue = queue_of(a, b)
    assert queue.due() == 1.0
    queue.put_off(b, 9.0)
    assert queue.pop_unranked(1.5, plenty=False) is a


def test_ready_polls_of_the_queue_are_ranked_by_their_interval() -> None:
    """The queue passes on how the interval that suits now is found."""
    a, b = poll("a", 9.0, 10.0), poll("b", 0.0, 1.0)
    queue = queue_of()
    queue.make_ready(a, 10.0)
    queue.make_ready(b, 10.0)
    assert [queue.ready.pop(1, 10.0), queue.ready.pop(1, 10.0)] == [b, a]


def test_dropped_poll_leaves_nothing_behind() -> None:
    """It is never due, nor ready, nor a last one."""
    gone, other = poll("gone", 0.0, 1.0, deadline=9.0), poll("other", 0.0, 1.0, deadline=9.0)
    queue = queue_of(gone, other)
    queue.make_ready(gone, 1.0)
    queue.drop(gone)
    assert gone not in queue.ready
    assert gone.due == inf
    assert [*queue.pop_due(5.0)] == [other]
    assert queue.last.next_by(9.0) is other
    queue.drop(gone)  # twice is once


def entries(queue: PollQueue) -> int:
    return len(queue._delayed) + len(queue.last) + queue.ready.size


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


def test_clearing_keeps_the_polls_of_the_running_second() -> None:
    """They lie apart from the others."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 500.0)
    queue = queue_of(a, b)
    assert queue.due() == 1.0
    for step in range(200):
        queue.put_off(b, 500.0 + step)
    assert entries(queue) < 100
    assert [*queue.pop_due(1.0)] == [a]


def test_polls_that_have_waited_for_a_while_are_ranked() -> None:
    """For half a second, even if many may leave: connections are scarce then."""
    a, b = poll("a", 0.0, 1.0), poll("b", 0.0, 1.0)
    queue = queue_of(a, b)
    assert queue.pop_unranked(1.5, plenty=True) is None
    assert a in queue.ready
    queue = queue_of(a)
    assert queue.pop_unranked(1.6, plenty=True) is a


def test_poll_whose_last_moment_has_come_is_a_last_one() -> None:
    """Wherever it waits: it need not be ready."""
    a = poll("a", 0.0, 1.0, deadline=2.0)
    queue = queue_of(a)
    assert queue.last.pop_by(1.9) is None
    assert queue.last.pop_by(2.0) is a
