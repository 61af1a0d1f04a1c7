"""ddswait.runtime: whatever is cancelled, at whichever turn of the loop, touches nothing else."""

import asyncio
from collections import Counter
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest

import ddswait
from ddswait import Outcome, Waiter
from ddswait.simulator import Simulator
from tests.runtime import turns

QUICK, SLOW = 37, 13  # every so many turns


class History:
    """What one run of a scenario did, and whom to cancel in it."""

    def __init__(self) -> None:
        self.futures: list[ddswait.JobFuture] = []
        self.called: Counter[int] = Counter()
        self.victim: asyncio.Task[Any] | None = None

    def track(self, w: Waiter, job_id: str, **options: Any) -> ddswait.JobFuture:
        number = len(self.futures)

        async def later(_: Outcome) -> None:
            self.called[number] += 1
            await asyncio.sleep(3)

        def at_once(_: Outcome) -> None:
            self.called[number] += 1

        future = w.track(job_id, callback=later if number % 2 else at_once, **options)
        self.futures.append(future)
        return future

    def check(self) -> None:
        """Each wait has ended, and each callback was called once, if its wait was not cancelled."""
        for number, future in enumerate(self.futures):
            assert future.done()
            assert self.called[number] == (0 if future.cancelled() else 1), number

    def cancel_victim(self) -> None:
        if self.victim is not None:
            self.victim.cancel()

    def cancel_ours(self) -> None:
        """Cancel every task that belongs to ddswait, as some applications do when they end."""
        for task in turns.tasks("ddswait"):
            task.cancel()


class Provider:
    """Takes a while for each key, which serves for a while."""

    def __init__(self, dds: Simulator) -> None:
        self._dds = dds

    async def obtain(self, send: Any) -> ddswait.Lease:
        await asyncio.sleep(0.5)
        return ddswait.Lease(ddswait.Token(self._dds.token), renew_in=2.0)


def waiter(dds: Simulator, *, renews: bool = False) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint,
        project_id=dds.project_id,
        auth=Provider(dds) if renews else ddswait.Token(dds.token),
        interval=2,
        request_timeout=5,
    )


async def nothing_is_left() -> None:
    await asyncio.sleep(0)
    assert turns.tasks("ddswait") == []
    assert turns.timers() == []


async def own_block(history: History) -> None:
    """The victim enters, waits in every way, and leaves; other jobs fail, stall and vanish."""
    async with Simulator(visible_after=0.5) as dds:

        async def use() -> None:
            async with waiter(dds) as w:
                history.track(w, dds.add_job(seconds=4, fails="x"))
                history.track(w, dds.add_job(seconds=9), ready=True)
                dds.inject("stall", count=1, seconds=100)
                await w.wait(dds.add_job(seconds=3))
                ids = [dds.add_job(seconds=2), dds.add_job(seconds=6)]
                async with aclosing(w.as_completed(ids)) as outcomes:
                    async for _ in outcomes:
                        break
                await w.wait_all([*ids, "x"], timeout=4, fail_fast=True)
                history.track(w, ids[0], timeout=30)

        history.victim = asyncio.ensure_future(use())
        await asyncio.wait([history.victim])
        await nothing_is_left()
        history.check()
        assert history.victim.cancelled() or history.victim.exception() is None


async def shared_block(history: History) -> None:
    """The victim waits in the block of another task, which waits for the same jobs and others."""
    async with Simulator(visible_after=0.5) as dds:
        ids = [dds.add_job(seconds=4), dds.add_job(seconds=7, fails="x"), dds.add_job(seconds=9)]

        async def use(w: Waiter) -> None:
            history.track(w, ids[0])
            history.track(w, ids[1], timeout=1, ready=True)
            await w.wait(ids[0], timeout=20)
            async for _ in w.as_completed(ids):
                pass
            await w.wait_all(ids)

        other = History()
        loop = asyncio.get_running_loop()
        async with waiter(dds) as w:
            mine = [other.track(w, job_id) for job_id in ids]
            late = other.track(w, dds.add_job(seconds=100), timeout=15)
            began = loop.time()
            history.victim = asyncio.ensure_future(use(w))
            await asyncio.wait([history.victim])
            await asyncio.wait(mine)
            assert loop.time() - began <= 20
            await asyncio.wait([late])
            assert 15 <= loop.time() - began <= 18.2
        assert [type(each.exception()).__name__ for each in mine] == [
            "NoneType",
            "JobFailed",
            "NoneType",
        ]
        assert isinstance(late.exception(), ddswait.WaitTimedOut)
        await nothing_is_left()
        other.check()
        history.check()


async def closing_block(history: History) -> None:
    """The victim closes the waiter while a poll, a callback and another close() are under way."""
    async with Simulator(visible_after=0.0) as dds:

        async def close(w: Waiter) -> None:
            await asyncio.sleep(6)
            await w.close()

        async def use(w: Waiter) -> None:
            await asyncio.sleep(5)
            dds.inject("stall", count=None, seconds=100)
            await close(w)

        async with waiter(dds, renews=True) as w:
            for seconds in (1, 4, 9, 100):
                history.track(w, dds.add_job(seconds=seconds))
            history.victim = asyncio.ensure_future(use(w))
            others = [asyncio.ensure_future(close(w)) for _ in range(2)]
            await asyncio.wait([history.victim, *others])
            assert all(other.done() and other.exception() is None for other in others)
            await nothing_is_left()
        history.check()
        assert history.victim.cancelled() or history.victim.exception() is None


async def closing_early(after: int) -> None:
    """The waiter is closed a few turns after track()."""
    async with Simulator(visible_after=0.0) as dds, waiter(dds) as w:
        w.track(dds.add_job(seconds=9))
        for _ in range(after):
            await asyncio.sleep(0)
        await w.close()
        await nothing_is_left()


SCENARIOS = [own_block, shared_block, closing_block]
TARGETS = ["victim", "ours", "both"]


def interfere(history: History, target: str) -> None:
    if target in {"ours", "both"}:
        history.cancel_ours()
    if target in {"victim", "both"}:
        history.cancel_victim()


def play(scenario: Any, target: str, at: int) -> int:
    history = History()
    return turns.run(partial(scenario, history), at, lambda: interfere(history, target))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_cancellation_touches_nothing_else(scenario: Any, target: str) -> None:
    """A cancelled user, or cancelled tasks of ddswait, leave nothing behind and no wait hanging."""
    count = play(scenario, target, -1)
    assert count > 100
    for at in range(0, count, QUICK):
        play(scenario, target, at)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_cancellation_at_more_turns_touches_nothing_else(scenario: Any, target: str) -> None:
    """The same, at other turns of the loop and at more of them."""
    for at in range(0, play(scenario, target, -1), SLOW):
        play(scenario, target, at)


@pytest.mark.parametrize("after", range(8))
def test_closing_before_a_worker_has_begun_to_send_leaves_no_timer(after: int) -> None:
    """A worker that was given a request, and has not begun to send it, sends nothing any more."""
    turns.run(partial(closing_early, after), -1, lambda: None)
