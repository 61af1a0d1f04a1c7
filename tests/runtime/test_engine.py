"""ddswait.runtime.engine: entering, leaving, closing and using a waiter again, in every order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import ddswait
from ddswait import Lease, Outcome, Token, Waiter, WaiterClosed, WaiterInUse, virtual_time
from ddswait.simulator import Simulator
from tests.runtime.waiters import now, own_tasks, waiter

# ---- entering


async def test_second_entry_is_an_error_and_harms_nobody(dds: Simulator) -> None:
    """Whoever enters a waiter that runs gets an error; the waits of the first go on."""
    w = waiter(dds)
    async with w:
        future = w.track(dds.add_job(seconds=50))
        with pytest.raises(WaiterInUse, match="entered already"):
            await asyncio.ensure_future(w.__aenter__())
        with pytest.raises(WaiterInUse):
            async with w:
                pass
        assert (await future).status == "Completed"


async def test_entry_while_closing_is_an_error_until_it_is_closed(dds: Simulator) -> None:
    """A waiter that is still closing cannot be entered; after `close()` it can."""
    w = waiter(dds)
    await w.__aenter__()
    w.track(dds.add_job())
    await asyncio.sleep(1)
    closing = asyncio.ensure_future(w.close())
    await asyncio.sleep(0)
    with pytest.raises(WaiterInUse, match="still closing"):
        await w.__aenter__()
    with pytest.raises(WaiterClosed):
        w.track("x")
    await w.close()
    assert not closing.done() or closing.result() is None
    async with w:
        assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"


@pytest.mark.parametrize("before", ["never", "left", "closed"])
async def test_waiter_takes_jobs_only_inside_its_block(dds: Simulator, before: str) -> None:
    """Outside the block every call is a clear error, and closing does nothing."""
    w = waiter(dds)
    if before == "left":
        async with w:
            pass
    if before == "closed":
        await w.__aenter__()
        await w.close()
    await w.close()
    for call in (lambda: w.track("x"), lambda: w.as_completed(["x"])):
        with pytest.raises(WaiterClosed, match="inside the waiter's `async with` block"):
            call()
    with pytest.raises(WaiterClosed):
        await w.wait_all(["x"])
    assert w.pending() == []
    assert "not running" in repr(w)


def obtaining(dds: Simulator, calls: list[float]) -> Any:
    class Provider:
        async def obtain(self, send: Any) -> Lease:
            calls.append(now())
            await asyncio.sleep(5)
            return Lease(Token(dds.token), renew_in=50.0)

    return Provider()


@pytest.mark.parametrize("seconds", [0.0, 1.0, 5.0005, 5.2, 57.0])
@pytest.mark.parametrize("renews", [False, True])
@pytest.mark.parametrize("fault", [None, "stall"])
async def test_waiter_that_was_closed_at_any_moment_starts_clean(
    dds: Simulator, seconds: float, renews: bool, fault: Any
) -> None:
    """Closed in a renewal, a probe, a list or a poll, a waiter that is used again sends as ever."""
    calls: list[float] = []
    auth = obtaining(dds, calls) if renews else None
    w = waiter(dds, auth=auth, interval=1.0)
    if fault:
        dds.inject(fault, count=None, seconds=10_000)
    async with w:
        for _ in range(30):
            w.track(dds.add_job(seconds=5000))
        await asyncio.sleep(seconds)
        await w.close()
    dds.clear_faults()
    async with w:
        began = now()
        outcomes = await w.wait_all([dds.add_job(seconds=20) for _ in range(30)])
        assert {outcome.kind for outcome in outcomes} == {"completed"}
        assert now() - began < 40


async def test_refused_credentials_are_tried_again_in_the_next_block(dds: Simulator) -> None:
    """A refusal ends with its block; what was learned about rates and durations stays."""
    w = waiter(dds, auth=Token("wrong"))
    for requests in (1, 2):
        async with w:
            with pytest.raises(ddswait.Refused):
                await w.wait("x")
        assert len(dds.requests) == requests


async def test_learned_limits_survive_their_block(dds: Simulator) -> None:
    """A 429's delay holds in the next block too."""
    w = waiter(dds)
    dds.inject("throttle", retry_after="90")
    async with w:
        w.track(dds.add_job(seconds=10))
        await asyncio.sleep(1)
        await w.close()
    async with w:
        await w.wait(dds.add_job(seconds=10))
    assert dds.requests[1].at >= 90


async def test_leaving_a_block_that_was_closed_harms_no_later_one(dds: Simulator) -> None:
    """A task leaves its own block, even if another task has entered the waiter meanwhile."""
    w = waiter(dds)
    left = asyncio.Event()

    async def first() -> None:
        async with w:
            await w.close()
            closed.set()
            await entered.wait()
        left.set()

    closed, entered = asyncio.Event(), asyncio.Event()
    task = asyncio.ensure_future(first())
    await closed.wait()
    async with w:
        future = w.track(dds.add_job(seconds=50))
        entered.set()
        async with asyncio.timeout(10):
            await left.wait()
        await task
        assert (await future).status == "Completed"


async def test_waiter_may_be_used_again_inside_a_block_that_was_closed(dds: Simulator) -> None:
    """After close() a task may enter the waiter again, before it leaves the first block."""
    w = waiter(dds)
    async with w:
        await w.close()
        async with w:
            assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"
    async with w:
        assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"


async def test_several_tasks_may_leave_at_once(dds: Simulator) -> None:
    """Tasks that leave one block together all return, and one may be cancelled."""
    w = waiter(dds)
    await asyncio.ensure_future(w.__aenter__())
    future = w.track(dds.add_job(seconds=50))
    leaving = [asyncio.ensure_future(w.__aexit__(None, None, None)) for _ in range(3)]
    await asyncio.sleep(5)
    await asyncio.wait_for(asyncio.gather(*leaving), 100)
    assert (await future).status == "Completed"


async def test_another_task_may_leave_the_block(dds: Simulator) -> None:
    """The task that leaves need not be the one that entered: fixtures have a task for each."""
    w = waiter(dds)
    await asyncio.ensure_future(w.__aenter__())
    future = w.track(dds.add_job(seconds=5))
    await asyncio.ensure_future(w.__aexit__(None, None, None))
    assert (await future).status == "Completed"
    assert "not running" in repr(w)


# ---- another event loop


def test_learned_limits_hold_on_the_clock_of_another_loop() -> None:
    """In an event loop whose clock is behind, a 429's delay neither vanishes nor grows."""
    made: list[Waiter] = []
    sent: list[float] = []

    async def first(simulator: Simulator) -> None:
        await asyncio.sleep(1_000_000)
        made.append(waiter(simulator))
        simulator.inject("throttle", retry_after="90")
        async with made[0] as w:
            w.track(simulator.add_job())
            await asyncio.sleep(10)
            await w.close()

    async def run(step: Callable[[Simulator], Awaitable[None]], port: int = 0) -> int:
        async with Simulator(visible_after=0.0, port=port) as simulator:
            await step(simulator)
            sent.extend(seen.at for seen in simulator.requests)
            return int(simulator.endpoint.rsplit(":", 1)[1])

    async def second(simulator: Simulator) -> None:
        async with made[0] as w:
            await w.wait(simulator.add_job(seconds=1))

    port = virtual_time.run(run(first))
    virtual_time.run(run(second, port))
    assert 79 <= sent[1] <= 92


def test_waiter_of_a_loop_that_is_closed_can_be_used_again() -> None:
    """A block whose event loop was closed counts as left; close() forgets it."""
    made: list[Waiter] = []

    async def abandon() -> None:
        simulator = await Simulator(visible_after=0.0).__aenter__()
        made.append(await waiter(simulator).__aenter__())
        made[0].track("x").add_done_callback(lambda _: None)
        await asyncio.sleep(1)
        await simulator.__aexit__(None, None, None)

    async def close() -> None:
        await made[0].close()
        assert "not running" in repr(made[0])

    async def enter() -> None:
        async with made[0] as w:
            with pytest.raises(ddswait.WaitTimedOut):
                await w.wait("x", timeout=5)

    for use in (close, enter):
        made.clear()
        virtual_time.run(abandon())
        virtual_time.run(use())


async def test_other_loop_may_close_but_not_track(dds: Simulator) -> None:
    """A thread with an event loop of its own cannot track jobs, and can close the waiter."""
    errors: list[BaseException] = []

    def elsewhere(w: Waiter) -> None:
        async def use() -> None:
            for call in (lambda: w.track("x"), lambda: w.as_completed(["x"])):
                with pytest.raises(WaiterInUse, match="another event loop"):
                    call()
            with pytest.raises(WaiterInUse):
                await w.__aenter__()
            await asyncio.gather(w.close(), w.close())
            await w.close()

        try:
            asyncio.run(use())
        except BaseException as error:  # noqa: BLE001 - for the test's own thread
            errors.append(error)

    w = waiter(dds)
    async with w:
        future = w.track(dds.add_job())
        await asyncio.sleep(1)
        await asyncio.to_thread(elsewhere, w)
        assert errors == []
        assert future.cancelled()
        assert "not running" in repr(w)


async def test_without_a_loop_nothing_is_tracked(dds: Simulator) -> None:
    """A thread without an event loop gets a clear error as well."""
    async with waiter(dds) as w:
        with pytest.raises(WaiterInUse, match="another event loop"):
            await asyncio.to_thread(w.track, "x")


def test_loop_that_does_not_run_cannot_be_closed_from_another() -> None:
    """While its event loop stands still, a waiter cannot be closed: the error says where to."""
    made: list[Waiter] = []

    async def enter() -> Simulator:
        simulator = await Simulator(visible_after=0.0).__aenter__()
        made.append(await waiter(simulator).__aenter__())
        return simulator

    with asyncio.Runner(loop_factory=virtual_time.VirtualTimeLoop) as runner:
        simulator = runner.run(enter())
        with pytest.raises(WaiterInUse, match="does not run now"):
            virtual_time.run(made[0].close())
        runner.run(made[0].close())
        runner.run(simulator.__aexit__(None, None, None))


# ---- leaving


@pytest.mark.parametrize("hops", [0, 1, 3])
async def test_leaving_waits_for_waits_that_follow_others(dds: Simulator, hops: int) -> None:
    """A task that waits for one job after another is not cut off when the block is left."""

    async def nested(depth: int, job_id: str) -> ddswait.Job:
        if depth:
            return await asyncio.wait_for(asyncio.ensure_future(nested(depth - 1, job_id)), 1e6)
        return await w.wait(job_id)

    async def chain() -> list[str]:
        ids = [dds.add_job(seconds=20), dds.add_job(seconds=50), dds.add_job(seconds=60)]
        return [(await nested(hops, job_id)).status for job_id in ids]

    async with waiter(dds) as w:
        task = asyncio.ensure_future(chain())
    assert await task == ["Completed"] * 3


async def test_leaving_waits_for_what_callbacks_begin(dds: Simulator) -> None:
    """A callback that waits for another job, or tracks one, is waited for."""
    done: list[str] = []

    async def follow(outcome: Outcome) -> None:
        job = await w.wait(dds.add_job(seconds=30))
        w.track(dds.add_job(seconds=30), callback=lambda _: done.append("tracked"))
        done.append(job.status)

    async with waiter(dds) as w:
        w.track(dds.add_job(seconds=5), callback=follow)
    assert done == ["Completed", "tracked"]


async def test_cancellation_while_leaving_cancels_what_is_pending(dds: Simulator) -> None:
    """A task that is cancelled while its block waits leaves it at once, with nothing behind."""
    futures: list[asyncio.Future[Any]] = []

    async def use() -> None:
        async with waiter(dds) as w:
            futures.append(w.track(dds.add_job()))

    task = asyncio.ensure_future(use())
    await asyncio.sleep(100)
    began = now()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert now() - began < 1
    assert futures[0].cancelled()
    assert own_tasks() == []
