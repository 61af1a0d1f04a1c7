"""ddswait.scheduler.instance_poll: the instance becomes normal, with nothing pending."""

import pytest

from ddswait import OutcomeKind
from ddswait.outcome import Outcome, Refusal
from ddswait.scheduler.instance_poll import InstancePoll
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
