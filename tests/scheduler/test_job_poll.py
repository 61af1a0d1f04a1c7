"""ddswait.scheduler.job_poll: every arrow of the state diagram, with exact times."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from ddswait.job import EarlierWait, JobPhase
from ddswait.outcome import CompletedOutcome, NotCompletedOutcome, Outcome, Refusal
from ddswait.outcome import OutcomeKind as Kind
from ddswait.scheduler import expected_end, messages, poll_interval
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import PollContext
from ddswait.scheduler.poll_settings import LAST_POLL, PollSettings
from ddswait.service.replies import JobSeen, Throttled, TransientFailure, UnknownJob
from tests.scheduler.shell import (
    LOCATION,
    Reply,
    completed,
    context_of,
    failed,
    record,
    seen,
    take_job_reply,
)

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
                Step(12, FAILURE, 19.5),
                Step(20, FAILURE, 27.5),
                Step(595, FAILURE, 600),
                Step(600, FAILURE, Kind.UNREACHABLE),
            ],
            id="unreachable from the start: delays up to the interval, and the end exactly in time",
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
    poll.sent(1189.0, SETTINGS)
    assert poll.cut_at == 1189.0 + LAST_POLL  # the last one before giving up, too
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
    assert "it was not polled" in poll.timed_out(0.0, 100.0).message
    take_job_reply(poll, UNKNOWN, 0.0, SETTINGS)
    assert "not visible yet" in poll.timed_out(0.0, 100.0).message
    take_job_reply(poll, SEEN, 0.0, SETTINGS)
    take_job_reply(poll, FAILURE, 90.0, SETTINGS)
    message = poll.timed_out(0.0, 100.0).message
    assert "Running, 9 %" in message
    assert "HTTP 502" in message
    assert "after 100 s" in message
    assert "not sent" not in message
    assert poll.timed_out(0.0, 100.0, "no room").message.endswith("was not sent: no room")
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


def test_429_is_an_answer() -> None:
    """Being unreachable counts from the first failure after it, and a pause does not count."""
    poll = JobPoll("x", 0.0, 7200.0, "me")
    poll.sent(0.0, SETTINGS)
    take_job_reply(poll, FAILURE, 0.0, SETTINGS)
    poll.sent(550.0, SETTINGS)
    take_job_reply(poll, Throttled("429", 400.0), 550.0, SETTINGS)
    assert (poll.throttled, poll.due, poll.last_at) == (True, 970.0, 1150.0)
    poll.sent(970.0, SETTINGS)
    assert take_job_reply(poll, FAILURE, 970.0, SETTINGS) is None
    assert poll.last_at == 1570.0
    assert take_job_reply(poll, SEEN, 980.0, SETTINGS) is None
    assert not poll.throttled


def test_pause_after_a_429_is_not_longer_than_unreachable_after() -> None:
    """However long the reply asks for: then the last poll is due."""
    poll = JobPoll("x", 0.0, 7200.0, "me")
    poll.sent(0.0, SETTINGS)
    take_job_reply(poll, Throttled("429", 3000.0), 1.0, SETTINGS)
    assert poll.due == poll.last_at == 601.0


def test_wait_that_is_resumed_goes_on_from_the_first_run() -> None:
    """The grace is over, the age is known, and a job that was seen has vanished."""
    poll = JobPoll("x", 0.0, 3600.0, "me")
    poll.resume(EarlierWait(500.0, SEEN.job, 600.0), 0.0)
    assert (poll.due, poll.created_at) == (0.0, -600.0)
    assert take_job_reply(poll, UNKNOWN, 0.0, SETTINGS) is None
    outcome = take_job_reply(poll, UNKNOWN, 1.0, SETTINGS)
    assert outcome is not None
    assert (outcome.kind, outcome.waited) == (Kind.VANISHED, 501.0)
    other = JobPoll("y", 0.0, 3600.0, "me")
    other.resume(EarlierWait(500.0), 0.0)
    assert other.created_at == -500.0
    outcome = take_job_reply(other, UNKNOWN, 0.0, SETTINGS)
    assert outcome is not None
    assert outcome.message == messages.not_found("y", 500.0, LOCATION)


CLOCK = "Fri, 01 Jan 2021 00:00:00 GMT"


def known(progress: int = 9, created: str = "2020-12-31T23:59:00+0000") -> JobSeen:
    """Return a reply with a job that was a minute old when the clock of the test began."""
    return seen({**record("x", progress=progress), "created": created})


def experienced() -> PollContext:
    """Return a context that knows the server's clock and one past job."""
    context = context_of(SETTINGS)
    context.clock.read(CLOCK, 0.0)
    context.durations.add("Create_MongoDB", "old", 300.0)
    return context


def test_outcome_holds_everything_that_is_known() -> None:
    """The last record, the polls that were answered, and the time since the wait began."""
    poll = JobPoll("x", 10.0, 3600.0, "me")
    for now, reply in ((10.0, UNKNOWN), (11.0, FAILURE), (12.0, SEEN)):
        poll.sent(now, SETTINGS)
        assert take_job_reply(poll, reply, now, SETTINGS) is None
        assert poll.cut_at is None
    assert (poll.polls, poll.succeeded_at, poll.trouble.cause) == (3, 12.0, None)
    outcome = take_job_reply(poll, DONE, 30.0, SETTINGS)
    assert outcome == Outcome(
        "x", Kind.COMPLETED, DONE.job, messages.completed("x"), None, None, 20.0, 4
    )


def test_refusal_holds_the_last_record_and_the_last_failure() -> None:
    """The message names the place that refused."""
    poll = JobPoll("x", 10.0, 3600.0, "me")
    take_job_reply(poll, SEEN, 10.0, SETTINGS)
    take_job_reply(poll, FAILURE, 20.0, SETTINGS)
    message = messages.refused("x", LOCATION, REFUSED)
    assert take_job_reply(poll, REFUSED, 30.0, SETTINGS) == Outcome(
        "x", Kind.REFUSED, SEEN.job, message, "HTTP 502", REFUSED, 20.0, 2
    )


def test_unknown_job_is_counted_from_the_beginning_of_its_wait() -> None:
    """The grace and the message count from there, and a reply of any kind is a success."""
    poll = JobPoll("x", 10.0, 3600.0, "me")
    assert take_job_reply(poll, UNKNOWN, 69.0, SETTINGS) is None
    assert poll.due == pytest.approx(69.5)
    assert poll.succeeded_at == 69.0
    outcome = take_job_reply(poll, UNKNOWN, 70.0, SETTINGS)
    assert outcome is not None
    assert outcome.message == messages.not_found("x", 60.0, LOCATION)
    poll = JobPoll("x", 10.0, 3600.0, "me")
    outcome = take_job_reply(poll, UNKNOWN, 70.0, SETTINGS._replace(service="dds"))
    assert outcome is not None
    assert outcome.message == messages.not_found("x", 60.0, LOCATION, "dds")
    late = JobPoll("x", 0.0, 3600.0, "me")
    take_job_reply(late, SEEN, 0.0, SETTINGS)
    assert take_job_reply(late, UNKNOWN, 60.0, SETTINGS) is None
    assert late.due == 60.5
    outcome = take_job_reply(late, UNKNOWN, 61.0, SETTINGS)
    assert outcome is not None
    assert outcome.message == messages.vanished("x", SEEN.job, LOCATION)


def test_unreachable_names_the_time_without_a_reply() -> None:
    """And the last failure, at the place that was polled."""
    poll = JobPoll("x", 0.0, 3600.0, "me")
    poll.sent(100.0, SETTINGS)
    outcome = take_job_reply(poll, FAILURE, 700.0, SETTINGS)
    assert outcome is not None
    assert outcome.message == messages.unreachable("x", 600.0, LOCATION, "HTTP 502")
    assert outcome.cause == "HTTP 502"
    other = poll.unreachable("no credentials", 650.0, 710.0, SETTINGS)
    assert other.message == messages.unreachable("x", 60.0, LOCATION, "no credentials")
    assert (other.kind, other.cause) == (Kind.UNREACHABLE, "no credentials")


def test_timeout_counts_from_the_beginning_of_the_wait() -> None:
    """The message says how long was waited by the deadline, the outcome how long in all."""
    poll = JobPoll("x", 10.0, 100.0, "me")
    take_job_reply(poll, SEEN, 20.0, SETTINGS)
    take_job_reply(poll, FAILURE, 90.0, SETTINGS)
    outcome = poll.timed_out(10.0, 102.0)
    assert (outcome.kind, outcome.waited) == (Kind.TIMED_OUT, 92.0)
    assert outcome.message == messages.timed_out("x", 90.0, "last seen Running, 9 %", "HTTP 502")
    pending = poll.pending(50.0)
    assert (pending.kind, pending.message, pending.waited) == (
        Kind.PENDING, messages.pending(), 40.0,
    )  # fmt: skip


def test_age_is_by_the_servers_clock() -> None:
    """A job that ran for a minute before the first poll is a minute old then."""
    context, poll = experienced(), JobPoll("x", 0.0, 3600.0, "me")
    poll.seen(known().job, 40.0, context)
    assert poll.created_at == -60.0
    poll.seen(known(created="2020-12-31T00:00:00+0000").job, 50.0, context)
    assert poll.created_at == -60.0  # told once
    unknown = JobPoll("x", 30.0, 3600.0, "me")
    unknown.seen(known(created="").job, 40.0, context)
    assert unknown.created_at == 30.0


def test_what_is_known_of_past_jobs_and_of_progress_decides_when_to_poll() -> None:
    """The next poll, the urgency of this one, and what the job adds to a list."""
    context, poll = experienced(), JobPoll("x", 0.0, 3600.0, "me")
    assert poll.past(context) is None
    assert poll.wanted_interval(20.0, context) == SETTINGS.interval / 4
    assert poll.waits(6.0, context) == 6.0 * SETTINGS.interval / 4
    poll.seen(known(9).job, 40.0, context)
    assert poll.estimate is None
    poll.seen(known(50).job, 100.0, context)
    assert poll.estimate == expected_end.estimate(160.0, 50)
    past = context.durations.of("Create_MongoDB")
    assert poll.past(context) == past
    for estimate in (poll.estimate, None):
        poll.estimate = estimate
        poll.seen(known(50).job, 110.0, context)
        wanted = poll_interval.wanted(10.0, 170.0, past, estimate)
        assert poll.due == pytest.approx(110.0 + wanted)
        assert poll.wanted_interval(125.0, context) == poll_interval.wanted_by_now(
            10.0, 185.0, 15.0, past, estimate
        )
        assert poll.waits(3.0, context) == poll_interval.waiting_time(
            10.0, 170.0, 3.0, past, estimate
        )
        assert poll.hazard(125.0, context) == expected_end.hazard(185.0, past, estimate)


def test_list_moves_a_job_on() -> None:
    """Status and progress are taken from it; what it names differently is not."""
    context, poll = experienced(), JobPoll("x", 0.0, 3600.0, "me")
    poll.sent(0.0, SETTINGS)
    poll.seen(known(9).job, 0.0, context)
    assert poll.digest == 0
    poll.digest = 7
    assert (before := poll.job) is not None
    listed = replace(known(9).job, name="CreateMongoDB", created=None)
    poll.listed(listed, 40.0, context)
    assert poll.job is before
    assert poll.digest == 7
    poll.listed(replace(listed, progress=50), 100.0, context)
    assert poll.job == replace(before, progress=50)
    assert poll.digest == 0  # a poll that repeats the last one says something else now
    assert poll.estimate == expected_end.estimate(160.0, 50)
    odd = replace(listed, progress=50, status="Paused", phase=JobPhase.UNKNOWN)
    poll.listed(odd, 110.0, context)
    assert poll.job == replace(before, progress=50, status="Paused", phase=JobPhase.UNKNOWN)
    assert (poll.succeeded_at, poll.polls) == (110.0, 1)


def test_first_record_may_come_from_a_list() -> None:
    """It makes the job visible, with its age."""
    context, poll = experienced(), JobPoll("x", 0.0, 3600.0, "me")
    poll.listed(known().job, 40.0, context)
    assert (poll.job, poll.created_at, poll.succeeded_at) == (known().job, -60.0, 40.0)


def test_list_puts_a_poll_off_for_thirty_intervals_at_most() -> None:
    """Then the job is polled individually, whatever lists say; they count from the last poll."""
    context, poll = experienced(), JobPoll("x", 0.0, 3600.0, "me")
    poll.sent(0.0, SETTINGS)
    poll.seen(known().job, 0.0, context)
    poll.listed(known().job, 200.0, context)
    wanted = poll_interval.wanted(10.0, 260.0, poll.past(context), None)
    assert poll.due == pytest.approx(200.0 + wanted)
    poll.listed(known().job, 299.5, context)
    assert poll.due == 300.0
    poll.listed(known().job, 305.0, context)
    assert poll.due == 305.0


def test_representation_names_the_job_its_status_and_the_next_poll() -> None:
    """For debugging."""
    poll = JobPoll("x", 5.0, 3600.0, "me")
    assert repr(poll) == "<JobPoll x not visible, due at 5.0>"
    assert (poll.subscriber, poll.estimate) == ("me", None)
    take_job_reply(poll, SEEN, 5.0, SETTINGS)
    assert repr(poll).startswith("<JobPoll x Running, due at ")


def test_deletion_that_vanishes_has_completed() -> None:
    """Its record is the last one that was seen, and the message says why."""
    poll = JobPoll("x", 10.0, 3600.0, "me")
    deletion = seen({**record("x", progress=9), "name": "Delete_MongoDB"})
    take_job_reply(poll, deletion, 10.0, SETTINGS)
    take_job_reply(poll, UNKNOWN, 80.0, SETTINGS)
    assert take_job_reply(poll, UNKNOWN, 81.0, SETTINGS) == Outcome(
        "x",
        Kind.COMPLETED,
        deletion.job,
        messages.deletion_vanished("x", deletion.job),
        waited=71.0,
        polls=3,
    )


@pytest.mark.parametrize(
    ("reply", "kind"), [(DONE, CompletedOutcome), (BROKEN, NotCompletedOutcome)]
)
def test_class_of_an_outcome_follows_its_kind(reply: Reply, kind: type[Outcome]) -> None:
    """A completed job has a result, and no other has one."""
    outcome = take_job_reply(JobPoll("x", 0.0, 3600.0, "me"), reply, 1.0, SETTINGS)
    assert type(outcome) is kind
