"""ddswait.scheduler.poll: when a poll is due, and when the request under way is cut."""

import pytest

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll, PollSettings
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


@pytest.mark.parametrize(("sent_at", "cut_at"), [(100.0, 102.0), (100.9, 102.0), (101.5, 102.5)])
def test_last_poll_has_two_seconds_from_the_deadline(sent_at: float, cut_at: float) -> None:
    """Or one from when it left, if it could not leave in time."""
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


def test_new_poll_knows_of_no_failure() -> None:
    """It is due at once, nothing is under way, and it was never answered."""
    poll = Poll("x", 5.0, 100.0, "me")
    assert (poll.due, poll.succeeded_at, poll.unreachable_since) == (5.0, 5.0, 5.0)
    assert (poll.cut_at, poll.cause, poll.failures, poll.polls) == (None, None, 0, 0)
    assert poll.wanted_interval(50.0, context_of(SETTINGS)) == 2.5
