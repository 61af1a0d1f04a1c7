"""ddswait.scheduler.poll: when a poll is due, and when the request under way is cut."""

import pytest

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.service.replies import TransientFailure
from tests.scheduler.shell import context_of

SETTINGS = PollSettings()


def failed_once() -> JobPoll:
    """Return a poll that failed at 0 s, and is due at 10 s."""
    poll = JobPoll("x", 0.0, 3600.0, "me")
    poll.sent(0.0, SETTINGS)
    poll.failed(TransientFailure("HTTP 502"), 0.0, context_of(SETTINGS))
    poll.due = 10.0
    return poll


@pytest.mark.parametrize(
    ("sent_at", "heard_at", "since"),
    [
        (50.0, 10.0, 40.0),  # the service replied when the poll was due, which had to wait
        (50.0, 30.0, 40.0),
        (50.0, 9.9, 0.0),  # nobody has heard from the service since
        (10.5, 10.0, 0.5),
        (9.0, 10.0, 0.0),  # the poll left early
    ],
)
def test_waiting_for_the_rate_limiter_is_not_being_unreachable(
    sent_at: float, heard_at: float, since: float
) -> None:
    """The time between being due and leaving does not count, if others were answered meanwhile."""
    poll = failed_once()
    poll.sent(sent_at, SETTINGS, heard_at)
    assert poll.unreachable_since == since


@pytest.mark.parametrize(
    ("sent_at", "cut_at"),
    [
        (98.9, 100.0),  # a last one follows
        (99.0, 102.0),
        (99.999, 102.0),
        (100.0, 102.0),
        (100.5, 102.5),
        (101.5, 103.0),
        (102.0, 103.0),
    ],
)
def test_last_poll_has_two_seconds(sent_at: float, cut_at: float) -> None:
    """From when it left, or from the deadline; at least one if it left late."""
    poll = JobPoll("x", 0.0, 100.0, "me")
    poll.sent(sent_at, SETTINGS)
    assert poll.cut_at == cut_at


@pytest.mark.parametrize(
    ("now", "delay", "due"),
    [
        (90.0, 9.0, 99.0),
        (90.0, 9.5, 100.0),  # less than a second before the deadline
        (90.0, 10.5, 100.0),
        (90.0, 60.0, 100.0),
        (100.0, 5.0, 105.0),  # a reply to the last poll: whoever waits on, waits on
    ],
)
def test_no_poll_is_due_within_a_second_before_the_deadline(
    now: float, delay: float, due: float
) -> None:
    """It would be cut before it is answered: the last poll leaves at the deadline instead."""
    poll = JobPoll("x", 0.0, 100.0, "me")
    poll.schedule(delay, now)
    assert poll.due == due


def test_poll_under_way_is_cut_by_the_deadline_of_whoever_joined() -> None:
    """If it left long before; if it left within the last second, it is the last poll."""
    poll = JobPoll("x", 0.0, 3600.0, "me")
    poll.sent(10.0, SETTINGS)
    poll.deadline = 20.0
    poll.set_cut(SETTINGS)
    assert poll.cut_at == 20.0
    poll.deadline = 10.5
    poll.set_cut(SETTINGS)
    assert poll.cut_at == 12.5


def test_last_poll_is_due_at_the_deadline_or_before_giving_up() -> None:
    """Whichever comes first."""
    poll = JobPoll("x", 0.0, 100.0, "me")
    assert poll.last_at == 100.0
    poll.schedule(10.0, 20.0, 60.0)
    assert (poll.due, poll.last_at) == (30.0, 60.0)
    poll.schedule(39.5, 20.0, 60.0)
    assert poll.due == 60.0
    poll.schedule(10.0, 30.0)
    assert (poll.due, poll.last_at) == (40.0, 100.0)
    for give_up_at in (29.0, 30.0):  # whoever waits on then
        poll.schedule(10.0, 30.0, give_up_at)
        assert (poll.due, poll.last_at) == (40.0, 100.0)


def test_poll_that_begins_after_its_deadline_is_a_last_one() -> None:
    """The instance of a job that completed with its last poll."""
    assert Poll("x", 105.0, 100.0, "me").due == 100.0


def test_new_poll_knows_of_no_failure() -> None:
    """It is due at once, nothing is under way, and it was never answered."""
    poll = Poll("x", 5.0, 100.0, "me")
    assert (poll.due, poll.succeeded_at, poll.unreachable_since) == (5.0, 5.0, 5.0)
    assert (poll.cut_at, poll.trouble.cause, poll.failures, poll.polls) == (None, None, 0, 0)
    assert poll.wanted_interval(50.0, context_of(SETTINGS)) == 2.5
