"""A waiter waits for instances without a job, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ddswait import (
    EarlierWait,
    InputError,
    Instance,
    InstanceNotReady,
    JobNotFound,
    Outcome,
    OutcomeKind,
    Refused,
    Token,
    Unreachable,
    Waiter,
    WaiterClosed,
    WaitTimedOut,
)
from ddswait.events import Ended, Event
from ddswait.simulator import Simulator


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


def instances(dds: Simulator) -> str:
    return f"/v3/{dds.project_id}/instances"


async def test_instance_is_waited_for_without_a_job(dds: Simulator) -> None:
    """Its future holds the instance; the outcome names no job, and is called back once."""
    begin, instance_id = now(), "a" * 32 + "in02"
    dds.add_job(seconds=100, instance_id=instance_id)
    outcomes: list[Outcome] = []
    async with waiter(dds) as w:
        future = w.track_instance(instance_id, callback=outcomes.append)
        assert await w.wait_for_instance(instance_id) == Instance(instance_id, "")
        assert await future == Instance(instance_id, "")
    assert 110 <= now() - begin < 125
    assert outcomes == [future.outcome]
    (outcome,) = outcomes
    assert (outcome.job_id, outcome.job, outcome.ok) == ("", None, True)
    assert outcome.instance == outcome.result() == Instance(instance_id, "")


async def test_backup_after_a_creation_is_waited_for(dds: Simulator) -> None:
    """DDS begins it some seconds after the instance is ready for the first time."""
    dds.backup_seconds = 200.0
    begin, instance_id = now(), "a" * 32 + "in02"
    job_id = dds.add_job(seconds=100, instance_id=instance_id)
    async with waiter(dds) as w:
        by_job, alone = w.track(job_id, ready=True), w.track_instance(instance_id)
        await asyncio.sleep(250)
        assert not by_job.done()
        assert not alone.done()
        await asyncio.gather(by_job, alone)
    assert now() - begin >= 320


async def test_ways_in_which_a_wait_for_an_instance_ends(dds: Simulator) -> None:
    """Not found after the grace, timed out, unreachable, refused, cancelled, closed."""
    busy = "b" * 32 + "in02"
    dds.add_job(seconds=1e6, instance_id=busy)
    async with waiter(dds, unreachable_after=100.0) as w:
        begin = now()
        with pytest.raises(JobNotFound, match="instance x1 was not known"):
            await w.wait_for_instance("x1")
        assert 60 <= now() - begin < 61
        with pytest.raises(WaitTimedOut, match="it is creating"):
            await w.wait_for_instance(busy, timeout=30)
        dds.inject("error", count=None, path=instances(dds))
        begin = now()
        with pytest.raises(Unreachable, match="HTTP 5"):
            await w.wait_for_instance(busy)
        assert 100 <= now() - begin < 132
        dds.clear_faults()
        cancelled = w.track_instance(busy)
        await asyncio.sleep(5)
        assert [each.instance for each in w.pending()] == [Instance(busy, "")]
        cancelled.cancel()
        assert w.pending() == []
        dds.inject("forbidden", count=None, path=instances(dds))
        with pytest.raises(Refused, match="refused to say whether instance"):
            await w.wait_for_instance(busy)
    with pytest.raises(WaiterClosed):
        w.track_instance(busy)


async def test_resumed_wait_for_an_instance_has_no_second_grace(dds: Simulator) -> None:
    """As that for a job: grace, message and outcome count from where the earlier wait began."""
    async with waiter(dds) as w:
        begin = now()
        job = w.track("unknown", earlier=EarlierWait(50.0))
        instance = w.track_instance("x1", earlier=EarlierWait(50.0))
        await asyncio.gather(job, instance, return_exceptions=True)
        assert 10 <= now() - begin < 12
        for outcome in (job.outcome, instance.outcome):
            assert outcome is not None
            assert outcome.kind is OutcomeKind.NOT_FOUND
            assert 60 <= outcome.waited < 62
        busy = "b" * 32 + "in02"
        dds.add_job(seconds=1e6, instance_id=busy)
        with pytest.raises(WaitTimedOut, match="after 80 s"):
            await w.track_instance(busy, timeout=30, earlier=EarlierWait(50.0))


async def test_instance_that_needs_help_is_not_ready(dds: Simulator) -> None:
    """At once, with the service's own word."""
    failed = "c" * 32 + "in02"
    dds.add_job(seconds=5, instance_id=failed, fails="no quota")
    async with waiter(dds) as w:
        with pytest.raises(InstanceNotReady, match=rf"instance {failed} .*createfail") as caught:
            await w.wait_for_instance(failed)
    assert (caught.value.job_id, caught.value.job) == ("", None)


async def test_unreachable_after_holds_for_the_instance_of_a_job_too(dds: Simulator) -> None:
    """A wait whose instance polls all fail does not go on until its deadline."""
    job_id = dds.add_job(seconds=10)
    dds.inject("error", count=None, path=instances(dds))
    begin = now()
    async with waiter(dds, unreachable_after=100.0) as w:
        with pytest.raises(Unreachable, match=f"job {job_id} completed, but its instance"):
            await w.wait(job_id, ready=True)
    assert 110 <= now() - begin < 150


async def test_events_and_groups_know_instances_apart(dds: Simulator) -> None:
    """An instance that ends is reported as such; job IDs and instances may be mixed."""
    instance_id = "d" * 32 + "in02"
    dds.add_job(seconds=10, instance_id=instance_id)
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        job, instance = w.track(dds.add_job(seconds=20)), w.track_instance(instance_id)
        await asyncio.gather(job, instance)
    ends = [(each.job_id, each.instance) for each in events if isinstance(each, Ended)]
    assert sorted(ends) == [("", True), (job.job_id, False)]
    assert instance.outcome is not None
    assert instance.outcome.kind is OutcomeKind.COMPLETED


@pytest.mark.parametrize("instance_id", ["", " ", "a b", "a/b", "x" * 65, "a\n", "ä", 5, None])
async def test_wrong_instance_id_is_refused_at_once(dds: Simulator, instance_id: Any) -> None:
    """The message quotes it; nothing is polled."""
    async with waiter(dds) as w:
        with pytest.raises(InputError, match="instance ID"):
            w.track_instance(instance_id)
    assert not dds.requests
