"""ddswait.runtime.groups: loops that were left, and outcomes that belong to their own wait."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import ddswait
from ddswait import Waiter
from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = ddswait.Token(settings.pop("token", dds.token))
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


def now() -> float:
    return asyncio.get_running_loop().time()


# ---- as_completed


async def left(w: Waiter, dds: Simulator) -> Any:
    """Leave a loop by `break`; return its generator."""
    outcomes = w.as_completed([dds.add_job(seconds=5), dds.add_job(seconds=3000)])
    async for outcome in outcomes:
        assert outcome.ok
        break
    return outcomes


async def test_block_does_not_wait_for_a_loop_that_it_has_left(dds: Simulator) -> None:
    """A generator that is still referred to does not hold the block up."""
    began = now()
    async with waiter(dds) as w:
        outcomes = await left(w, dds)
    assert now() - began < 60
    assert [outcome.kind async for outcome in outcomes] == ["pending"]


async def test_block_does_not_wait_for_a_loop_of_a_task_that_has_ended(dds: Simulator) -> None:
    """A loop that another task has left counts no more when that task ends, and not before."""
    kept: list[Any] = []

    async def use() -> None:
        kept.append(await left(w, dds))
        await asyncio.sleep(100)

    began = now()
    async with waiter(dds) as w:
        task = asyncio.ensure_future(use())
        await asyncio.sleep(1)
    assert task.done()
    assert 100 <= now() - began < 160


async def test_block_waits_for_a_loop_that_another_task_goes_on_with(dds: Simulator) -> None:
    """While a task works between two steps of its loop, the block waits for the loop."""
    seen: list[str] = []

    async def use() -> None:
        ids = [dds.add_job(seconds=seconds) for seconds in (5, 300, 900)]
        async for outcome in w.as_completed(ids):
            await asyncio.sleep(50)
            seen.append(outcome.kind)

    async with waiter(dds) as w:
        task = asyncio.ensure_future(use())
    await task
    assert seen == ["completed"] * 3


async def test_generator_that_is_handed_on_belongs_to_whoever_uses_it(dds: Simulator) -> None:
    """A loop that one task begins and another one goes on with belongs to the latter."""
    seen: list[str] = []

    async def go_on(outcomes: Any) -> None:
        seen.extend([outcome.kind async for outcome in outcomes])

    async with waiter(dds) as w:
        outcomes = await left(w, dds)
        task = asyncio.ensure_future(go_on(outcomes))
        await asyncio.sleep(1)
    await task
    assert seen == ["completed"]


@pytest.mark.parametrize("way", ["aclosing", "break"])
async def test_loop_that_is_left_lets_go_at_once(dds: Simulator, way: str) -> None:
    """With `aclosing`, or without a reference to the generator, the waits end with the loop."""
    async with waiter(dds) as w:
        if way == "aclosing":
            ids = [dds.add_job(seconds=5), dds.add_job(seconds=3000)]
            async with contextlib.aclosing(w.as_completed(ids)) as outcomes:
                async for _ in outcomes:
                    break
        else:
            await left(w, dds)
            gc.collect()
            await asyncio.sleep(0.1)
        assert w.pending() == []


async def test_generator_that_was_never_used_tracks_nothing(dds: Simulator) -> None:
    """Jobs are tracked at the first step of the loop."""
    async with waiter(dds) as w:
        outcomes = w.as_completed([dds.add_job()])
        assert w.pending() == []
    with pytest.raises(ddswait.WaiterClosed):
        await anext(outcomes)


# ---- wait_all


@pytest.mark.parametrize("ready", [False, True])
async def test_fail_fast_accounts_for_every_job(dds: Simulator, ready: bool) -> None:
    """With a wrong token every job is refused, and every job has an outcome."""
    ids = [dds.add_job() for _ in range(3)]
    async with waiter(dds, token="wrong") as w:
        outcomes = await w.wait_all(ids, fail_fast=True, ready=ready)
        again = await w.wait_all(ids, fail_fast=True, ready=ready)
    assert [each.job_id for each in outcomes] == ids
    assert [each.kind for each in [*outcomes, *again]] == ["refused"] * 6


async def test_fail_fast_tells_each_wait_about_itself(dds: Simulator) -> None:
    """What another caller waits for the same job does not replace one's own outcome."""
    done, failing = dds.add_job(seconds=5), dds.add_job(seconds=50, fails="x")
    running = dds.add_job(seconds=3000)

    async def again() -> None:
        await asyncio.sleep(30)
        w.track(done, timeout=3, ready=True)  # tracked anew, after its end
        w.track(running, timeout=3)

    async with waiter(dds) as w:
        task = asyncio.ensure_future(again())
        outcomes = await w.wait_all([done, running, failing], fail_fast=True)
        await task
    assert [each.kind for each in outcomes] == ["completed", "pending", "failed"]
    assert outcomes[1].job is not None


async def test_fail_fast_while_an_instance_is_waited_for(dds: Simulator) -> None:
    """A wait for an instance that goes on is pending, with the record of its completed job."""
    dds.settle_seconds = 3000.0
    slow, failing = dds.add_job(seconds=5), dds.add_job(seconds=50, fails="x")
    async with waiter(dds) as w:
        outcomes = await w.wait_all([slow, failing], fail_fast=True, ready=True)
    assert [each.kind for each in outcomes] == ["pending", "failed"]
    assert outcomes[0].job is not None
    assert outcomes[0].job.status == "Completed"
