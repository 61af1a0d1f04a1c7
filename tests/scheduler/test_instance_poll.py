"""ddswait.scheduler.instance_poll: the instance becomes normal, with nothing pending."""

from dataclasses import replace

import pytest

from ddswait import OutcomeKind
from ddswait.outcome import Outcome, Refusal
from ddswait.scheduler import messages
from ddswait.scheduler.instance_poll import InstancePoll, instance_of
from ddswait.scheduler.poll import PollSettings
from ddswait.service.dds import SERVICE
from ddswait.service.replies import InstanceState, TransientFailure
from tests.scheduler.shell import take_instance_reply

READY = InstanceState(is_found=True, is_ready=True)


ABSENT = InstanceState(is_found=False, description="jobs name nodes as well")


def instance_poll(name: str = "Create_MongoDB", instance: str = "i1") -> InstancePoll:
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
    outcome = take_instance_reply(instance_poll(), reply, 50.0)
    assert (outcome and outcome.kind) is kind
    late = take_instance_reply(instance_poll(), reply, 100.0)
    assert late is not None
    assert late.kind is (kind or OutcomeKind.NOT_READY)


def test_after_a_deletion_there_is_nothing_to_be_ready() -> None:
    """The instance is gone: completed. Of other jobs, the message says that no such ID is known."""
    outcome = take_instance_reply(instance_poll("Delete_MongoDB"), ABSENT, 1.0)
    assert outcome is not None
    assert outcome.ok
    lost = take_instance_reply(instance_poll(), ABSENT, 100.0)
    assert lost is not None
    assert "jobs name nodes as well" in lost.message


RECORD = {"id": "x", "name": "Create_MongoDB", "status": "Completed", "instance_id": "i1"}
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
    return messages.instance_not_ready("x", "i1", seconds, state)


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
    outcome = take_instance_reply(begun(), reply, 100.0)
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
    outcome = begun().timed_out(10.0, 101.0)
    assert outcome.kind is OutcomeKind.NOT_READY
    assert outcome.message == not_ready(91.0, messages.NEVER_POLLED)
    pending = begun().pending(40.0)
    assert pending == replace(
        DONE, kind=OutcomeKind.PENDING, message=messages.instance_pending(), waited=35.0
    )


def test_unreachable_and_refused_name_the_instance() -> None:
    """The service as a whole failed, or refused, while this one was waited for."""
    gone = begun().unreachable("no credentials", 10.0, 40.0, PollSettings())
    assert gone.kind is OutcomeKind.NOT_READY
    assert gone.message == not_ready(30.0, messages.last_poll_failed("no credentials"))
    assert gone.cause == "no credentials"
    refused = begun().refused(REFUSED, 40.0, PollSettings(location="here"))
    assert refused == replace(
        DONE,
        kind=OutcomeKind.REFUSED,
        message=messages.instance_refused("x", "i1", "here", REFUSED),
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
    assert (poll.succeeded_at, poll.cause) == (30.0, None)
    take_instance_reply(poll, FAILURE, 40.0)
    assert poll.due == 40.75


def test_job_without_an_instance_has_nothing_to_wait_for() -> None:
    """Its outcome names none."""
    assert instance_of(DONE) == "i1"
    assert instance_of(Outcome("x", OutcomeKind.COMPLETED)) == ""
    record = SERVICE.read_record({"id": "x", "status": "Completed"})
    assert instance_of(Outcome("x", OutcomeKind.COMPLETED, record)) == ""
