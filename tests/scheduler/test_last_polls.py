"""ddswait.scheduler.last_polls: the last poll of each wait goes before all others."""

from collections.abc import Iterable
from math import inf
from typing import Any

import pytest

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll, Trouble
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.time_queue import TimeQueue
from tests.scheduler.polls import empty_queue, poll, queue_of


def test_last_poll_goes_by_its_own_time() -> None:
    """A poll that is due at its `last_at`, or that is ready and still waits then."""
    delayed, ready = poll("d", 0.0, 50.0, deadline=50.0), poll("r", 0.0, 5.0, deadline=40.0)
    queue = queue_of(delayed, ready)
    assert [*queue.pop_due(10.0)] == [ready]
    queue.add_ready(ready, 10.0)
    assert queue.due() == -inf
    assert queue.last.next_at(50.0) == 40.0
    assert queue.last.pop_by(39.9) is None
    assert queue.last.pop_by(41.9) is ready
    assert ready not in queue.ready
    assert (queue.due(), queue.last.next_at(50.0)) == (50.0, 50.0)
    assert queue.last.pop_by(50.0) is delayed
    assert queue.last.pop_by(50.0) is None


def test_poll_whose_last_one_moved_is_not_a_last_one() -> None:
    """Nor is one under way, until it comes back."""
    moved, sent = poll("m", 0.0, 5.0, deadline=5.0), poll("s", 0.0, 5.0, deadline=5.0)
    queue = queue_of(moved, sent)
    moved.deadline = moved.last_at = 30.0
    queue.move_last(moved)
    sent.cut_at = 7.0
    assert queue.last.next_by(6.0) is None
    assert queue.last.next_at(30.0) == 30.0
    sent.cut_at = None
    queue.add(sent)
    assert queue.last.pop_by(6.0) is sent
    assert queue.last.pop_by(30.0) is moved


def test_moment_of_a_far_last_poll_is_not_looked_for() -> None:
    """Sorting those of a second costs, and most never come to it; no poll is later than said."""
    far = poll("f", 0.0, 5.0, deadline=70.5)
    queue = queue_of(far)
    assert 60.0 < queue.last.next_at(60.0) <= 70.5
    assert queue.last.next_at(70.0) == 70.5


def test_last_poll_is_not_due_before_its_time() -> None:
    """Not even within the same second."""
    queue = queue_of(poll("l", 0.0, 5.0, deadline=70.75))
    assert queue.last.next_by(70.5) is None
    assert queue.last.pop_by(70.5) is None
    assert queue.last.next_by(70.75) is not None


def test_poll_is_entered_once() -> None:
    """However often it leaves and comes back; its time costs nothing then."""
    each = poll("e", 0.0, 5.0, deadline=70.0)
    queue = queue_of(each)
    for _ in range(5):
        queue.add(each)
        queue.add_ready(each, 5.0)
        queue.move_last(each)
    assert len(queue.last) == 1


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
        queue.add_ready(each, 1.0)
    assert not queue.last.is_late(12.0)  # the first one is patient
    assert [*queue.last.pop_late(12.0)] == [late]
    assert late not in queue.ready
    assert queue.last.pop_by(12.0) is patient
    assert not queue.last.is_late(12.0)
    assert queue.last.is_late(12.2)
    assert queue.last.pop_by(12.0) is in_time
    assert not queue.last.is_late(99.0)


def test_entries_are_cleared_when_nobody_waits_any_more() -> None:
    """Nothing is kept of polls that are gone, nor of times that have moved."""
    polls = [poll(f"{number:03}", 0.0, 50.0, deadline=50.0) for number in range(100)]
    queue = queue_of(*polls)
    for step in range(9):
        for each in polls:
            each.last_at = each.deadline = 60.0 + step
            queue.last.enter(each)
        assert len(queue.last) <= 64 + 2 * 100
    for each in polls:
        queue.drop(each)
    assert len(queue.last) <= 64


def test_each_poll_that_waits_is_counted_once() -> None:
    """Outdated entries are those beyond that number, so it decides when they are cleared."""
    polls = [poll(name, 0.0, 50.0, deadline=50.0) for name in "abc"]
    queue = queue_of(*polls)
    assert queue.last.expected == 3
    polls[0].last_at = 60.0
    queue.last.enter(polls[0])
    assert queue.last.expected == 3
    queue.drop(polls[1])
    assert queue.last.expected == 2
    assert queue.last.pop_by(50.0) is polls[2]
    assert queue.last.expected == 1
    queue.add(polls[2])
    assert queue.last.expected == 2
    for each in polls:
        queue.drop(each)
    assert queue.last.expected == 0


def test_new_polls_outdate_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entering a thousand looks for no outdated entry; moving them all twice does."""
    searched: list[int] = []
    search = TimeQueue.polls

    def seen(queue: TimeQueue) -> Iterable[Poll]:
        searched.append(len(queue))
        return search(queue)

    monkeypatch.setattr(TimeQueue, "polls", seen)
    polls = [poll(f"{number:04}", 0.0, 50.0, deadline=90.0) for number in range(1000)]
    queue = queue_of(*polls)
    assert (len(queue.last), searched) == (1000, [])
    for at in (91.0, 92.0):
        for each in polls:
            each.last_at = at
            queue.last.enter(each)
    assert searched


def held_back(heard_at: float, **state: Any) -> tuple[PollQueue, JobPoll]:
    """Return a queue at 80 s with a poll that failed, and one whose deadline was at 73 s.

    The first failed at 12 s and is due since 20 s: after 60 s without a reply, its wait is given
    up at 72 s. The service last replied to another one at `heard_at`.
    """
    fails, ends = poll("f", 0.0, 20.0, deadline=100.0), poll("e", 0.0, 30.0, deadline=73.0)
    fails.trouble, fails.unreachable_since, fails.last_at = Trouble(failures=2), 12.0, 72.0
    for name, value in state.items():
        setattr(fails, name, value)
    queue = empty_queue(60.0)
    queue.last.heard_at = heard_at
    queue.add(fails)
    queue.add(ends)
    for each in [*queue.pop_due(70.0)]:
        queue.add_ready(each, 70.0)
    return queue, fails


def test_poll_that_only_waits_for_the_rate_limiter_is_not_given_up() -> None:
    """While others are answered, a deadline goes before it, and its last poll is later."""
    queue, fails = held_back(71.0)
    last = queue.last.pop_by(73.5)
    assert last is not None
    assert last.job_id == "e"
    assert fails in queue.ready
    assert fails.last_at == 100.0  # 12 + 60 + the 53.5 that it has waited, or its deadline
    assert queue.last.pop_by(99.9) is None
    assert queue.last.pop_by(100.0) is fails


@pytest.mark.parametrize(
    ("heard_at", "state"),
    [(19.0, {}), (71.0, {"trouble": Trouble(2, throttled=True)}), (71.0, {"due": 72.0})],
)
def test_poll_before_its_wait_is_given_up_goes_by_its_time(
    heard_at: float, state: dict[str, Any]
) -> None:
    """If nobody is answered, if a 429 was its last reply, or if it is due just then."""
    queue, fails = held_back(heard_at, **state)
    assert queue.last.pop_by(73.5) is fails
    assert fails.last_at == 72.0


def test_moved_last_poll_counts_from_when_it_became_due() -> None:
    """However often it moves."""
    queue, fails = held_back(71.0, deadline=1000.0)
    for now in (73.5, 126.0, 200.0):
        while (other := queue.last.pop_by(now)) is not None:
            assert other.job_id == "e"
        assert fails.last_at == 12.0 + 60.0 + now - 20.0


def test_poll_that_is_due_when_its_wait_is_given_up_leaves_then() -> None:
    """Whatever the rounding of the times says."""
    fails = poll("f", 0.0, 105.1, deadline=900.0)
    fails.trouble, fails.unreachable_since, fails.last_at = Trouble(failures=2), 45.1, 105.1
    queue = empty_queue(60.0)
    queue.last.heard_at = 105.2
    queue.add(fails)
    assert 45.1 + (105.3 - 105.1) + 60.0 > 105.3
    assert queue.last.pop_by(105.3) is fails


def test_poll_that_is_due_within_the_rounding_of_its_time_leaves_then() -> None:
    """It is not moved on to that very time, again and again."""
    fails = poll("f", 0.0, 101.89999999999999, deadline=900.0)
    fails.trouble, fails.unreachable_since, fails.last_at = Trouble(failures=2), 41.9, 101.9
    assert 41.9 + (109.0 - 101.89999999999999) + 60.0 == 109.0
    queue = empty_queue(60.0)
    queue.last.heard_at = 105.0
    queue.add_ready(fails, 109.0)
    assert queue.last.pop_by(109.0) is fails


def test_poll_whose_deadline_passed_while_it_was_held_back_is_too_late() -> None:
    """It is not sent two seconds after that, but taken out."""
    queue, fails = held_back(71.0, deadline=74.0)
    last = queue.last.pop_by(74.5)
    assert last is not None
    assert last.job_id == "e"
    assert queue.last.is_late(76.0)
    queue, fails = held_back(71.0, deadline=74.0)
    queue.drop(last)
    for each in [*queue.ready]:
        if each is not fails:
            queue.drop(each)
    assert queue.last.pop_by(76.0) is None
    assert [*queue.last.pop_late(76.0)] == [fails]
