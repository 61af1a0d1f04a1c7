"""ddswait.scheduler.instance_poll: the instance becomes normal, with nothing pending."""

from dataclasses import replace

import pytest

from ddswait import OutcomeKind
from ddswait.job import Instance
from ddswait.outcome import Outcome, Refusal
from ddswait.scheduler import instance_messages as messages
from ddswait.scheduler.instance_poll import (
    CONFIRM,
    InstancePoll,
    instance_of,
    outcome_without_job,
)
from ddswait.scheduler.messages import NEVER_POLLED
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.service.dds import SERVICE
from ddswait.service.replies import InstanceState, TransientFailure
from tests.scheduler.shell import context_of, take_instance_reply

READY = InstanceState(is_found=True, is_ready=True)


ABSENT = InstanceState(is_found=False, description="jobs name nodes as well")


def instance_poll(name: str = "Restart_MongoDB", instance: str = "i1") -> InstancePoll:
    record = {"id": "x", "name": name, "status": "Completed", "instance_id": instance}
    outcome = Outcome("x", OutcomeKind.COMPLETED, SERVICE.read_record(record))
    return InstancePoll(outcome, 0.0, 100.0, None)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (READY, OutcomeKind.COMPLETED),
        (InstanceState(is_found=True, description="it is creating"), None),
        (ABSENT, None),
        (InstanceState(is_found=True, is_hopeless=True), OutcomeKind.NOT_READY),
        (Refusal(403, "DBS.280032"), OutcomeKind.NOT_READY),
        (TransientFailure("HTTP 502"), None),
    ],
)
def test_each_reply_has_its_outcome(
    reply: InstanceState | TransientFailure | Refusal, kind: OutcomeKind | None
) -> None:
    """An instance is ready, hopeless or polled again; at the deadline it is not ready."""
    poll = instance_poll()
    poll.sent(50.0, PollSettings())
    outcome = take_instance_reply(poll, reply, 50.0)
    assert (outcome and outcome.kind) is kind
    assert poll.timed_out(0.0, 100.0).kind is OutcomeKind.NOT_READY


def test_after_a_deletion_there_is_nothing_to_be_ready() -> None:
    """The instance is gone: completed. Of other jobs, the message says that no such ID is known."""
    outcome = take_instance_reply(instance_poll("Delete_MongoDB"), ABSENT, 1.0)
    assert outcome is not None
    assert outcome.ok
    lost = instance_poll()
    assert take_instance_reply(lost, ABSENT, 100.0) is None
    assert "jobs name nodes as well" in lost.timed_out(0.0, 100.0).message


RECORD = {"id": "x", "name": "Restart_MongoDB", "status": "Completed", "instance_id": "i1"}
DONE = Outcome(
    "x", OutcomeKind.COMPLETED, SERVICE.read_record(RECORD), "job x completed", waited=5.0, polls=2
)
BUSY = InstanceState(is_found=True, description="it is creating")
FAILURE = TransientFailure("HTTP 502")
REFUSED = Refusal(403, "DBS.280032", "not allowed")


def begun() -> InstancePoll:
    """Return the poll of an instance whose job was polled twice and ended after 5 s, at 10 s."""
    return InstancePoll(DONE, 10.0, 100.0, "me")


def not_ready(seconds: float, state: str) -> str:
    return messages.not_ready("x", "i1", seconds, state)


def test_outcome_is_that_of_the_job_with_the_time_and_the_polls_of_both() -> None:
    """A job that completed stays completed, in the words of its own outcome."""
    poll = begun()
    assert (poll.job_id, poll.key, poll.instance_id) == ("x", "me", "i1")
    poll.sent(10.0, PollSettings())
    assert take_instance_reply(poll, BUSY, 10.0) is None
    assert poll.cut_at is None
    assert take_instance_reply(poll, READY, 30.0) == replace(DONE, waited=25.0, polls=4)


@pytest.mark.parametrize(
    ("reply", "state", "cause"),
    [
        (BUSY, "it is creating", None),
        (FAILURE, messages.last_poll_failed("HTTP 502"), "HTTP 502"),
        (REFUSED, f"the request was refused: {REFUSED}", None),
    ],
)
def test_instance_that_is_not_ready_says_what_the_last_poll_said(
    reply: InstanceState | TransientFailure | Refusal, state: str, cause: str | None
) -> None:
    """And for how long it was waited after the job."""
    poll = begun()
    poll.sent(100.0, PollSettings())
    outcome = take_instance_reply(poll, reply, 100.0) or poll.timed_out(10.0, 100.0)
    assert outcome == replace(
        DONE,
        kind=OutcomeKind.NOT_READY,
        message=not_ready(90.0, state),
        cause=cause,
        waited=95.0,
        polls=3,
    )


def test_instance_that_was_never_polled_says_so() -> None:
    """When its deadline passes first; while it is waited for, it is pending."""
    unsent = begun().timed_out(10.0, 101.0, "no room")
    assert unsent.message.endswith("it was not polled; the last poll was not sent: no room")
    outcome = begun().timed_out(10.0, 101.0)
    assert outcome.kind is OutcomeKind.NOT_READY
    assert outcome.message == not_ready(91.0, NEVER_POLLED)
    pending = begun().pending(40.0)
    assert pending == replace(
        DONE, kind=OutcomeKind.PENDING, message=messages.pending("x"), waited=35.0
    )


def test_unreachable_and_refused_name_the_instance() -> None:
    """The service as a whole failed, or refused, while this one was waited for."""
    gone = begun().unreachable("no credentials", 10.0, 40.0, PollSettings(location="here"))
    assert gone.kind is OutcomeKind.UNREACHABLE
    assert gone.message == messages.unreachable("x", "i1", 30.0, "here", "no credentials")
    assert gone.cause == "no credentials"
    refused = begun().refused(REFUSED, 40.0, PollSettings(location="here"))
    assert refused == replace(
        DONE,
        kind=OutcomeKind.REFUSED,
        message=messages.refused("x", "i1", "here", REFUSED),
        refusal=REFUSED,
        waited=35.0,
    )


def test_failures_in_a_row_are_further_and_further_apart() -> None:
    """Any state of the instance ends the row, and clears the failure."""
    poll = begun()
    for now, due in ((20.0, 20.75), (21.0, 22.5), (23.0, 26.0)):
        assert take_instance_reply(poll, FAILURE, now) is None
        assert poll.due == due
    take_instance_reply(poll, BUSY, 30.0)
    assert (poll.succeeded_at, poll.trouble.cause) == (30.0, None)
    take_instance_reply(poll, FAILURE, 40.0)
    assert poll.due == 40.75


def test_instance_that_cannot_be_polled_for_too_long_is_unreachable() -> None:
    """As a job is: the time counts from the first failed poll, not up to the deadline."""
    for outcome in (DONE, outcome_without_job("i1")):
        poll = InstancePoll(outcome, 10.0, 9000.0, "me")
        poll.sent(20.0, PollSettings())
        assert take_instance_reply(poll, FAILURE, 21.0) is None
        poll.sent(30.0, PollSettings())
        assert take_instance_reply(poll, FAILURE, 619.9) is None
        assert poll.due == 620.0
        poll.sent(620.0, PollSettings())
        ended = take_instance_reply(poll, FAILURE, 620.0)
        assert ended is not None
        assert (ended.kind, ended.cause) == (OutcomeKind.UNREACHABLE, "HTTP 502")


@pytest.mark.parametrize(
    "name", ["Create_MongoDB", "RESTORE", "batchCreateInstance", "PITR_restore_new"]
)
def test_two_polls_must_agree_after_a_creation_or_a_restoration(name: str) -> None:
    """DDS begins a backup some seconds later: one poll says nothing about that."""
    poll = instance_poll(name)
    assert take_instance_reply(poll, READY, 5.0) is None
    assert poll.due == 5.0 + CONFIRM
    assert take_instance_reply(poll, BUSY, 15.0) is None
    assert take_instance_reply(poll, READY, 40.0) is None
    assert take_instance_reply(poll, READY, 49.0) is None
    assert poll.due == 50.0
    ended = take_instance_reply(poll, READY, 50.0)
    assert ended is not None
    assert ended.ok


@pytest.mark.parametrize("between", [BUSY, ABSENT])
def test_only_two_polls_without_another_state_between_agree(between: InstanceState) -> None:
    """The first one counts no longer when the instance was busy, or missing, since."""
    poll = instance_poll("Create_MongoDB")
    assert take_instance_reply(poll, READY, 5.0) is None
    assert take_instance_reply(poll, between, 10.0) is None
    assert take_instance_reply(poll, READY, 16.0) is None


def test_failed_poll_does_not_undo_a_ready_one() -> None:
    """It says nothing about the instance; and a second is not needed then."""
    poll = instance_poll("Create_MongoDB")
    assert take_instance_reply(poll, READY, 5.0) is None
    assert take_instance_reply(poll, FAILURE, 15.0) is None
    ended = take_instance_reply(poll, READY, 16.0)
    assert ended is not None
    assert ended.ok


def test_last_poll_needs_no_confirmation() -> None:
    """An instance that is ready at the deadline is ready, even if nothing confirms it any more."""
    poll = instance_poll("Create_MongoDB")
    assert take_instance_reply(poll, READY, 95.0) is None
    assert poll.due == 100.0
    poll.sent(100.0, PollSettings())
    ended = take_instance_reply(poll, READY, 100.1)
    assert ended is not None
    assert ended.ok
    poll = instance_poll("Create_MongoDB")
    assert take_instance_reply(poll, READY, 95.0) is None
    late = poll.timed_out(0.0, 102.0)
    assert late.kind is OutcomeKind.NOT_READY
    assert late.message == messages.not_ready("x", "i1", 102.0, messages.UNCONFIRMED)


def alone(deadline: float = 1000.0) -> InstancePoll:
    """Return the poll of an instance without a job."""
    return InstancePoll(outcome_without_job("i1"), 0.0, deadline, "me")


def test_instance_without_a_job_has_an_outcome_of_its_own() -> None:
    """It names the instance and no job; the instance may be new, so two polls must agree."""
    poll = alone()
    assert (poll.job_id, poll.instance_id) == ("", "i1")
    assert poll.pending(3.0).message == "not ready yet"
    assert take_instance_reply(poll, READY, 1.0) is None
    ended = take_instance_reply(poll, READY, 11.0)
    message = messages.ready("i1")
    assert ended == Outcome(
        "", OutcomeKind.COMPLETED, None, message, waited=11.0, polls=2, instance=Instance("i1", "")
    )
    assert ended.result() == Instance("i1", "")


def test_instance_without_a_job_may_be_listed_late() -> None:
    """It is not found when the grace is over, at that very moment, and not before."""
    poll = alone()
    assert take_instance_reply(poll, ABSENT, 59.7) is None
    assert poll.due == 60.0
    ended = take_instance_reply(poll, ABSENT, 60.0)
    assert ended is not None
    assert ended.kind is OutcomeKind.NOT_FOUND
    assert ended.message == messages.not_found("i1", 60.0, PollSettings().location)
    assert ended.error().job_id == ""


def test_instance_that_is_not_found_may_be_somewhere_else() -> None:
    """The message names the place that does not know it, and says what else to try."""
    context = context_of(PollSettings(location="here"))
    ended = alone().seen(ABSENT._replace(hint="try there"), 60.0, context)
    assert ended is not None
    assert ended.message == messages.not_found("i1", 60.0, "here", "try there")


def test_instance_without_a_job_that_was_seen_vanishes() -> None:
    """When two polls in a row miss it, after the grace; one alone says nothing."""
    poll = alone()
    assert take_instance_reply(poll, BUSY, 1.0) is None
    assert take_instance_reply(poll, ABSENT, 70.0) is None
    assert take_instance_reply(poll, BUSY, 75.0) is None
    assert take_instance_reply(poll, ABSENT, 80.0) is None
    ended = take_instance_reply(poll, ABSENT, 85.0)
    assert ended is not None
    assert (ended.kind, ended.message) == (
        OutcomeKind.VANISHED,
        messages.vanished("i1", PollSettings().location),
    )


@pytest.mark.parametrize(
    ("reply", "now", "kind", "word"),
    [
        (BUSY, 999.0, OutcomeKind.TIMED_OUT, "it is creating"),
        (ABSENT, 1000.0, OutcomeKind.NOT_FOUND, "was not known"),
        (FAILURE, 1000.0, OutcomeKind.UNREACHABLE, "HTTP 502"),
        (REFUSED, 5.0, OutcomeKind.REFUSED, "not allowed"),
        (
            InstanceState(is_found=True, is_hopeless=True, description="it is frozen"),
            5.0,
            OutcomeKind.NOT_READY,
            "it is frozen",
        ),
    ],
)
def test_each_reply_about_an_instance_without_a_job_has_its_outcome(
    reply: InstanceState | TransientFailure | Refusal, now: float, kind: OutcomeKind, word: str
) -> None:
    """As for a job: the deadline, a refusal, a service that is gone; and a hopeless state."""
    poll = alone()
    ended = take_instance_reply(poll, reply, now) or poll.timed_out(0.0, 1000.0)
    assert ended.kind is kind
    assert word in ended.message


def test_instance_that_was_not_listed_before_its_deadline_timed_out() -> None:
    """Within the grace, it may still be listed."""
    poll = alone(30.0)
    assert take_instance_reply(poll, ABSENT, 30.0) is None
    ended = poll.timed_out(0.0, 30.0)
    assert ended.kind is OutcomeKind.TIMED_OUT
    assert "jobs name nodes as well" in ended.message


def test_job_without_an_instance_has_nothing_to_wait_for() -> None:
    """Its outcome names none."""
    assert instance_of(DONE) == "i1"
    assert instance_of(Outcome("x", OutcomeKind.COMPLETED)) == ""
    record = SERVICE.read_record({"id": "x", "status": "Completed"})
    assert instance_of(Outcome("x", OutcomeKind.COMPLETED, record)) == ""


def test_wait_without_a_job_counts_from_its_own_beginning() -> None:
    """Its grace, and the seconds that its messages state."""
    poll = InstancePoll(outcome_without_job("i1"), 1000.0, 1100.0, "me")
    ended = take_instance_reply(poll, ABSENT, 1060.0)
    assert ended is not None
    assert ended.message == messages.not_found("i1", 60.0, PollSettings().location)
    late = InstancePoll(outcome_without_job("i1"), 1000.0, 1100.0, "me")
    assert take_instance_reply(late, BUSY, 1099.0) is None
    assert late.timed_out(1000.0, 1100.0).message == messages.timed_out(
        "i1", 100.0, "it is creating"
    )
    assert outcome_without_job("i1").kind is OutcomeKind.PENDING


def test_resumed_wait_without_a_job_counts_from_the_earlier_beginning() -> None:
    """Its grace, its messages and how long it lasted: the earlier wait began 40 s before."""
    earlier = outcome_without_job("i1", 40.0)
    poll = InstancePoll(earlier, 1000.0, 1100.0, "me")
    assert take_instance_reply(poll, ABSENT, 1019.0) is None
    ended = take_instance_reply(poll, ABSENT, 1020.0)
    assert ended is not None
    assert ended.message == messages.not_found("i1", 60.0, PollSettings().location)
    assert ended.waited == 60.0
    late = InstancePoll(earlier, 1000.0, 1100.0, "me").timed_out(1000.0, 1100.0)
    assert late.message == messages.timed_out("i1", 140.0, NEVER_POLLED)
    assert late.waited == 140.0


def test_instance_that_vanishes_is_polled_at_the_usual_pace() -> None:
    """Two polls must miss it, after the grace too, in which they are not put together."""
    poll = alone()
    for now in (1.0, 61.0):
        assert take_instance_reply(poll, BUSY, now) is None
    assert take_instance_reply(poll, ABSENT, 70.0) is None
    assert poll.due > 70.5
    ended = take_instance_reply(poll, ABSENT, 72.0)
    assert ended is not None
    assert ended.kind is OutcomeKind.VANISHED


def test_instance_poll_is_unreachable_from_its_first_failure_on() -> None:
    """A reply before it is neither a failure nor a 429."""
    poll = alone()
    poll.sent(1.0, PollSettings())
    assert take_instance_reply(poll, BUSY, 1.5) is None
    assert poll.throttled is False
    for sent_at in (10.0, 20.0):
        poll.sent(sent_at, PollSettings())
        assert take_instance_reply(poll, FAILURE, sent_at) is None
    assert poll.unreachable_since == 10.0


def test_poll_that_left_a_second_before_the_deadline_needs_no_confirmation() -> None:
    """No other one follows that could confirm that the instance is ready."""
    poll = alone(100.0)
    poll.sent(99.0, PollSettings())
    ended = take_instance_reply(poll, READY, 99.5)
    assert ended is not None
    assert ended.kind is OutcomeKind.COMPLETED


def test_grace_of_an_instance_that_was_seen_ends_at_its_very_moment() -> None:
    """Two misses are believed then; after one, the next poll is not at once."""
    poll = alone()
    assert take_instance_reply(poll, BUSY, 1.0) is None
    assert take_instance_reply(poll, ABSENT, 55.0) is None
    ended = take_instance_reply(poll, ABSENT, 60.0)
    assert ended is not None
    assert ended.kind is OutcomeKind.VANISHED
    other = alone()
    assert take_instance_reply(other, BUSY, 1.0) is None
    assert take_instance_reply(other, ABSENT, 60.0) is None
    assert other.due > 60.4


def test_instance_is_polled_within_the_interval() -> None:
    """Also when that is shorter than the usual delay of an unknown ID."""
    poll = alone()
    assert poll.seen(BUSY, 1.0, context_of(PollSettings(interval=0.3))) is None
    assert poll.due == 1.3
