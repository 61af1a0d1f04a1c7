"""ddswait.scheduler.job_poll: every arrow of the state diagram, with exact times."""

from typing import NamedTuple

import pytest

from ddswait.outcome import OutcomeKind as Kind
from ddswait.outcome import Refusal
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import LAST_POLL, PollSettings
from ddswait.service.replies import Throttled, TransientFailure, UnknownJob
from tests.scheduler.shell import LOCATION, Reply, completed, failed, record, seen, take_job_reply

SETTINGS = PollSettings(location=LOCATION)
SEEN = seen(record("x", progress=9))
UNKNOWN = UnknownJob("unknown")
DONE = completed("x")
BROKEN = failed("x")
FAILURE = TransientFailure("HTTP 502")
REFUSED = Refusal(400, "DBS.200001", "bad parameter")


class Step(NamedTuple):
    at: float
    reply: Reply
    then: Kind | float  # the outcome, or when the next poll is due


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([Step(0, DONE, Kind.COMPLETED)], id="completed at the first poll"),
        pytest.param([Step(0, BROKEN, Kind.FAILED)], id="failed at the first poll"),
        pytest.param([Step(0, REFUSED, Kind.REFUSED)], id="refused at the first poll"),
        pytest.param(
            [
                Step(0, UNKNOWN, 0.5),
                Step(0.5, UNKNOWN, 1.5),
                Step(1.5, UNKNOWN, 3.5),
                Step(3.5, UNKNOWN, 7.5),
                Step(7.5, UNKNOWN, 12.5),
                Step(12.5, UNKNOWN, 17.5),
                Step(57.5, UNKNOWN, 60.0),
                Step(60, UNKNOWN, Kind.NOT_FOUND),
            ],
            id="never seen: quick polls that slow down, the last one when the grace ends",
        ),
        pytest.param(
            [Step(0, UNKNOWN, 0.5), Step(59, FAILURE, 59.75), Step(61, SEEN, 61 + 8.155)],
            id="the grace ends with a good reply, not with a failure",
        ),
        pytest.param(
            [Step(0, SEEN, 7.771), Step(300, SEEN, 309.512), Step(1000, SEEN, 1012.674)],
            id="visible: the older the job, the longer the interval",
        ),
        pytest.param(
            [Step(0, SEEN, 7.771), Step(8, UNKNOWN, 8.5), Step(9, SEEN, 7.829 + 9)],
            id="unknown within the grace does not end the wait",
        ),
        pytest.param(
            [
                Step(100, SEEN, 108.392),
                Step(110, UNKNOWN, 110.5),
                Step(111, UNKNOWN, Kind.VANISHED),
            ],
            id="seen, then unknown twice",
        ),
        pytest.param(
            [
                Step(100, SEEN, 108.392),
                Step(110, UNKNOWN, 110.5),
                Step(111, SEEN, 119.457),
                Step(120, UNKNOWN, 120.5),
                Step(121, DONE, Kind.COMPLETED),
            ],
            id="unknown once is a lagging replica",
        ),
        pytest.param(
            [
                Step(100, SEEN, 108.392),
                Step(110, UNKNOWN, 110.5),
                Step(111, FAILURE, 111.75),
                Step(112, UNKNOWN, Kind.VANISHED),
            ],
            id="a failure between two unknowns changes nothing",
        ),
        pytest.param(
            [
                Step(0, FAILURE, 0.75),
                Step(1, FAILURE, 2.5),
                Step(3, FAILURE, 6),
                Step(6, FAILURE, 12),
                Step(12, FAILURE, 24),
                Step(24, FAILURE, 48),
                Step(48, FAILURE, 93),
                Step(590, FAILURE, 600),
                Step(600, FAILURE, Kind.UNREACHABLE),
            ],
            id="unreachable from the start: growing delays, and the end exactly in time",
        ),
        pytest.param(
            [
                Step(0, FAILURE, 0.75),
                Step(1, FAILURE, 2.5),
                Step(3, UNKNOWN, 3.5),
                Step(4, FAILURE, 4.75),
                Step(5, SEEN, 12.803),
                Step(14, FAILURE, 14.75),
            ],
            id="any reply ends the failures in a row, also one that does not know the ID",
        ),
        pytest.param(
            [
                Step(500, SEEN, 510.513),
                Step(1400, FAILURE, 1400.75),
                Step(1999, FAILURE, 2000),
                Step(2000, FAILURE, Kind.UNREACHABLE),
            ],
            id="unreachable since the first failed poll, however long after the last good one",
        ),
        pytest.param(
            [
                Step(0, TransientFailure("HTTP 503", 100.0), 105.0),
                Step(1, Throttled("429", 0.1), 2.5),
            ],
            id="Retry-After counts when it is longer",
        ),
        pytest.param([Step(3591, SEEN, 3600.0)], id="a poll near the deadline is put off to it"),
        pytest.param(
            [Step(0, seen(record("x", "Queued")), 7.771)], id="an undocumented status is not final"
        ),
    ],
)
def test_transitions(steps: list[Step]) -> None:
    """Each history leads to its next poll or to its outcome."""
    poll = JobPoll("x", 0.0, 3600.0, "me")
    for step in steps:
        poll.sent(step.at, SETTINGS)
        outcome = take_job_reply(poll, step.reply, step.at, SETTINGS)
        if isinstance(step.then, Kind):
            assert outcome is not None
            assert (outcome.kind, outcome.waited) == (step.then, step.at)
            assert outcome.message
        else:
            assert outcome is None
            assert poll.due == pytest.approx(step.then, abs=0.001)
            assert poll.due > step.at


def test_waiting_while_others_get_replies_does_not_count_as_unreachable() -> None:
    """The time until a late next poll counts only while no job gets a reply."""
    for heard in (500.0, -1.0):
        poll = JobPoll("x", 0.0, 3600.0, "me")
        poll.sent(0.0, SETTINGS)
        take_job_reply(poll, FAILURE, 0.0, SETTINGS)
        poll.sent(550.75, SETTINGS, heard)
        assert take_job_reply(poll, FAILURE, 550.75, SETTINGS) is None
        poll.sent(poll.due, SETTINGS, heard)
        assert (take_job_reply(poll, FAILURE, 600.0, SETTINGS) is None) == (heard > 0)


def test_request_is_cut_at_the_deadline() -> None:
    """A request is cut after its timeout, at the deadline or after unreachable_after."""
    poll = JobPoll("x", 0.0, 100.0, "me")
    poll.sent(0.0, SETTINGS)
    assert poll.cut_at == 30.0
    poll.sent(80.0, SETTINGS)
    assert poll.cut_at == 100.0
    poll.sent(100.0, SETTINGS)
    assert poll.cut_at == 100.0 + LAST_POLL
    poll.deadline = 3600.0
    poll.sent(590.0, SETTINGS)
    take_job_reply(poll, FAILURE, 595.0, SETTINGS)
    poll.sent(1180.0, SETTINGS)
    assert poll.cut_at == 1190.0
    poll.sent(1190.0, SETTINGS)
    assert poll.cut_at == 1220.0


def test_ended_while_running_is_not_believed() -> None:
    """Only the status ends a job: DDS fills in `ended` while it runs."""
    running = seen({**record("x", progress=100), "ended": "2021-07-13T07:28:53+0000"})
    poll = JobPoll("x", 0.0, 3600.0, "me")
    assert take_job_reply(poll, running, 0.0, SETTINGS) is None


def test_timeout_message_names_the_last_record_and_failure() -> None:
    """The message of a timeout contains the last record and the last failure."""
    poll = JobPoll("x", 0.0, 100.0, "me")
    assert "not visible yet" in poll.timed_out(100.0, 100.0).message
    take_job_reply(poll, SEEN, 0.0, SETTINGS)
    take_job_reply(poll, FAILURE, 90.0, SETTINGS)
    message = poll.timed_out(100.0, 100.0).message
    assert "Running, 9 %" in message
    assert "HTTP 502" in message
    assert "after 100 s" in message
    assert "x" in repr(poll)


def test_delay_that_a_429_asks_for_is_not_unreachable() -> None:
    """Many 429s with figures last longer than `unreachable_after`: the service replied to each."""
    poll = JobPoll("x", 0.0, 7200.0, "me")
    now = 0.0
    for _ in range(6):
        poll.sent(now, SETTINGS)
        throttled = Throttled("429", 150.0, limit=200, window=300.0)
        assert take_job_reply(poll, throttled, now, SETTINGS) is None
        now = poll.due
    assert now > SETTINGS.unreachable_after
