"""After the job: the instance must be normal with nothing pending."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ddswait import InstanceNotReady, OutcomeKind, Password, Token, Waiter
from ddswait.api import Fault, InstanceState, read_instance
from ddswait.job import Job
from ddswait.outcome import Outcome, Refusal
from ddswait.readiness import Readiness
from ddswait.simulator import Simulator
from ddswait.watch import Rules
from tests.cloud import Still


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_ready_waits_for_the_instance(dds: Simulator) -> None:
    """The record comes when the instance is normal and idle; without `ready`, before."""
    dds.settle_seconds = 60.0
    begin, job_id = now(), dds.add_job(seconds=100)
    async with waiter(dds) as w:
        early = w.track(job_id)
        job = await w.wait(job_id, ready=True)
        assert early.done()
    assert job.status == "Completed"
    assert 160 <= now() - begin < 172


async def test_not_ready_by_the_deadline_is_its_own_outcome(dds: Simulator) -> None:
    """InstanceNotReady, exactly at the deadline, says what is pending; the record is there."""
    dds.settle_seconds = 1e6
    begin = now()
    async with waiter(dds, timeout=300) as w:
        with pytest.raises(InstanceNotReady, match="normal, with RESTARTING pending") as caught:
            await w.wait(dds.add_job(seconds=100), ready=True)
    assert now() - begin == pytest.approx(300, abs=0.2)
    assert caught.value.job is not None


async def test_leaving_the_block_waits_for_readiness_too(dds: Simulator) -> None:
    """As for jobs: a normal exit waits, an exception cancels."""
    dds.settle_seconds = 60.0
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
    assert future.done()
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
        await asyncio.sleep(30)
        assert [each.kind for each in w.pending()] == [OutcomeKind.PENDING]
        await w.close()
    assert future.cancelled()


async def test_token_may_end_meanwhile(dds: Simulator) -> None:
    """A 401 to a look at the instance renews the token, as one to a look at a job does."""
    dds.settle_seconds = 200.0
    auth = Password(dds.user, dds.password, dds.domain, dds.endpoint, dds.region)
    async with Waiter(endpoint=dds.endpoint, auth=auth) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
        await asyncio.sleep(100)
        dds.revoke_all()
        assert (await future).status == "Completed"


async def test_weather_only_delays(dds: Simulator) -> None:
    """Faults of the looks at the instance are no verdict."""
    job_id = dds.add_job(seconds=10)
    dds.inject("error", count=4, path=f"/v3/{dds.project_id}/instances")
    async with waiter(dds) as w:
        assert (await w.wait(job_id, ready=True)).status == "Completed"


def readiness(name: str = "Create_MongoDB", instance: str = "i1") -> Readiness:
    record = {"id": "x", "name": name, "status": "Completed", "instance_id": instance}
    outcome = Outcome("x", OutcomeKind.COMPLETED, Job.from_record(record))
    return Readiness(outcome, 0.0, 100.0, Rules(), Still())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (InstanceState(found=True, status="normal"), OutcomeKind.COMPLETED),
        (InstanceState(found=True, status="normal", actions=("RESTARTING",)), None),
        (InstanceState(found=True, status="creating"), None),
        (InstanceState(found=False), None),
        (InstanceState(found=True, status="createfail"), OutcomeKind.NOT_READY),
        (Refusal(403, "DBS.280032"), OutcomeKind.NOT_READY),
        (Fault("weather"), None),
    ],
)
def test_what_an_answer_means(
    reply: InstanceState | Fault | Refusal, kind: OutcomeKind | None
) -> None:
    """Ready, hopeless, or asked again; at the deadline everything but ready is not ready."""
    outcome = readiness().take(reply, 50.0)
    assert (outcome and outcome.kind) is kind
    late = readiness().take(reply, 100.0)
    assert late is not None
    assert late.kind is (kind or OutcomeKind.NOT_READY)


def test_after_a_deletion_there_is_nothing_to_be_ready() -> None:
    """The instance is gone: completed. Of other jobs, the message says that no such ID is known."""
    outcome = readiness("Delete_MongoDB").take(InstanceState(found=False), 1.0)
    assert outcome is not None
    assert outcome.ok
    lost = readiness().take(InstanceState(found=False), 100.0)
    assert lost is not None
    assert "jobs name nodes as well" in lost.message


@pytest.mark.parametrize(
    ("status", "body", "reply"),
    [
        (200, b'{"instances": []}', InstanceState(found=False)),
        (200, b'{"instances": [{"status": "normal"}]}', InstanceState(found=True, status="normal")),
        (404, b'{"error_code": "DBS.200011"}', InstanceState(found=False)),
    ],
)
def test_replies_are_read(status: int, body: bytes, reply: InstanceState) -> None:
    """An empty list, and 404 of DDS, both say that there is no such instance."""
    assert read_instance(status, {}, body) == reply
    assert isinstance(read_instance(200, {}, b"<html>"), Fault)
    assert isinstance(read_instance(403, {}, b"{}"), Refusal)
