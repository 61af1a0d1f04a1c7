"""ddswait.watch: every arrow of the picture, with exact times."""

from typing import NamedTuple

import pytest

from ddswait.outcome import OutcomeKind as Kind
from ddswait.outcome import Refusal
from ddswait.scheduler.job_poll import JobPoll, PollSettings
from ddswait.scheduler.poll import LAST_LOOK
from ddswait.service.dds import (
    Completed,
    Failed,
    Reply,
    Running,
    Throttled,
    TransientFailure,
    UnknownJob,
)
from tests.scheduler.shell import PLACE, Still, job, record

RULES = PollSettings(place=PLACE)
SEEN = Running(record("x", progress=9))
UNKNOWN = UnknownJob("unknown")
DONE = Completed(job("x", "Completed"))
BROKEN = Failed(job("x", "Failed"))
FAULT = TransientFailure("HTTP 502")
REFUSED = Refusal(400, "DBS.200001", "bad parameter")


class Step(NamedTuple):
    at: float
    reply: Reply
    then: Kind | float  # the outcome, or when the next look is due


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([Step(0, DONE, Kind.COMPLETED)], id="done at the first look"),
        pytest.param([Step(0, BROKEN, Kind.FAILED)], id="failed at the first look"),
        pytest.param([Step(0, REFUSED, Kind.REFUSED)], id="refused at the first look"),
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
            id="never seen: quick looks that slow down, the last one when the grace ends",
        ),
        pytest.param(
            [Step(0, UNKNOWN, 0.5), Step(59, FAULT, 59.75), Step(61, SEEN, 61 + 8.155)],
            id="the grace ends with a look that works, not with a fault",
        ),
        pytest.param(
            [Step(0, SEEN, 7.771), Step(300, SEEN, 309.512), Step(1000, SEEN, 1012.674)],
            id="visible: the older, the longer between looks",
        ),
        pytest.param(
            [Step(0, SEEN, 7.771), Step(8, UNKNOWN, 8.5), Step(9, SEEN, 7.829 + 9)],
            id="unknown within the grace is no end",
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
                Step(111, FAULT, 111.75),
                Step(112, UNKNOWN, Kind.VANISHED),
            ],
            id="a fault between two unknowns says nothing",
        ),
        pytest.param(
            [
                Step(0, FAULT, 0.75),
                Step(1, FAULT, 2.5),
                Step(3, FAULT, 6),
                Step(6, FAULT, 12),
                Step(12, FAULT, 24),
                Step(24, FAULT, 48),
                Step(48, FAULT, 93),
                Step(590, FAULT, 600),
                Step(600, FAULT, Kind.UNREACHABLE),
            ],
            id="blind from the start: growing pauses, and the end exactly in time",
        ),
        pytest.param(
            [
                Step(500, SEEN, 510.513),
                Step(1400, FAULT, 1400.75),
                Step(1999, FAULT, 2000),
                Step(2000, FAULT, Kind.UNREACHABLE),
            ],
            id="blindness counts from the first look that failed, however long after the last",
        ),
        pytest.param(
            [
                Step(0, TransientFailure("HTTP 503", 100.0), 105.0),
                Step(1, Throttled("429", 0.1), 2.5),
            ],
            id="Retry-After counts when it is longer",
        ),
        pytest.param([Step(3591, SEEN, 3600.0)], id="a look near the deadline is put off to it"),
        pytest.param(
            [Step(0, Running(record("x", "Queued")), 7.771)], id="an odd status is not final"
        ),
    ],
)
def test_transitions(steps: list[Step]) -> None:
    """Each history leads to its next look, or to its end."""
    watch = JobPoll("x", 0.0, 3600.0, "me")
    for step in steps:
        watch.ask(step.at, RULES)
        outcome = watch.take(step.reply, step.at, RULES, Still())
        if isinstance(step.then, Kind):
            assert outcome is not None
            assert (outcome.kind, outcome.waited) == (step.then, step.at)
            assert outcome.message
        else:
            assert outcome is None
            assert watch.due == pytest.approx(step.then, abs=0.001)
            assert watch.due > step.at


def test_waiting_for_a_turn_while_others_are_answered_is_not_blindness() -> None:
    """The look after a failed one may leave late: that time counts only in an outage for all."""
    for heard in (500.0, -1.0):
        watch = JobPoll("x", 0.0, 3600.0, "me")
        watch.ask(0.0, RULES)
        watch.take(FAULT, 0.0, RULES, Still())
        watch.ask(550.75, RULES, heard)
        assert watch.take(FAULT, 550.75, RULES, Still()) is None
        watch.ask(watch.due, RULES, heard)
        assert (watch.take(FAULT, 600.0, RULES, Still()) is None) == (heard > 0)


def test_looks_are_clipped() -> None:
    """A look has its request timeout, but never beyond deadline or the end of patience."""
    watch = JobPoll("x", 0.0, 100.0, "me")
    watch.ask(0.0, RULES)
    assert watch.by == 30.0
    watch.ask(80.0, RULES)
    assert watch.by == 100.0
    watch.ask(100.0, RULES)
    assert watch.by == 100.0 + LAST_LOOK
    watch.deadline = 3600.0
    watch.ask(590.0, RULES)
    watch.take(FAULT, 595.0, RULES, Still())
    watch.ask(1180.0, RULES)
    assert watch.by == 1190.0
    watch.ask(1190.0, RULES)
    assert watch.by == 1220.0


def test_ended_while_running_is_not_believed() -> None:
    """Only the status ends a job: DDS fills in `ended` while it runs."""
    running = Running({**record("x", progress=100), "ended": "2021-07-13T07:28:53+0000"})
    watch = JobPoll("x", 0.0, 3600.0, "me")
    assert watch.take(running, 0.0, RULES, Still()) is None


def test_messages_say_what_is_known() -> None:
    """A time-out tells the last record and the last fault; unreachable tells the cause."""
    watch = JobPoll("x", 0.0, 100.0, "me")
    assert "not visible yet" in watch.timed_out(100.0, 100.0).message
    watch.take(SEEN, 0.0, RULES, Still())
    watch.take(FAULT, 90.0, RULES, Still())
    message = watch.timed_out(100.0, 100.0).message
    assert "Running, 9 %" in message
    assert "HTTP 502" in message
    assert "after 100 s" in message
    assert "x" in repr(watch)
