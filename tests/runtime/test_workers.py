"""ddswait.runtime.workers: every action gets a reply, however late the event loop is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import pytest

from ddswait.events import Ended, Event
from ddswait.outcome import OutcomeKind
from ddswait.runtime.workers import Workers
from ddswait.scheduler.actions import PollJob, RenewCredentials, Renewed
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.scheduler import Scheduler
from tests.scheduler.shell import LOCATION, Reply, completed, record, seen


class Setup:
    """A scheduler, its workers, and what happened."""

    def __init__(self, send: Callable[[Any], Awaitable[Any]], *, renews: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.scheduler = Scheduler(PollSettings(location=LOCATION), Random(1), renews=renews)
        self.scheduler.lists = False
        self.events: list[Event] = []
        self.broken: list[BaseException] = []
        self.workers = Workers(self.scheduler, send, self.happened, self.broken.append, 2)

    def happened(self, events: Sequence[Event]) -> None:
        self.events += events

    def track(self, job_id: str, timeout: float) -> None:
        now = self.loop.time()
        self.scheduler.subscribers.subscribe(job_id, now + timeout, job_id, now)
        self.workers.wake(now)

    @property
    def ended(self) -> dict[str, OutcomeKind]:
        return {e.job_id: e.outcome.kind for e in self.events if isinstance(e, Ended)}


async def complete(action: PollJob) -> Reply:
    await asyncio.sleep(0.1)
    return completed(action.poll.job_id)


@pytest.mark.parametrize("idle", [False, True])
async def test_action_that_is_overdue_before_it_is_sent_is_not_lost(idle: bool) -> None:
    """A loop that was busy for long cuts at its first turn: a new worker and an idle one alike."""
    setup = Setup(complete)
    if idle:
        setup.track("first", 100.0)
        await asyncio.sleep(5)
        assert setup.ended == {"first": OutcomeKind.COMPLETED}
    setup.track("x", 100.0)
    setup.workers.hand_out()
    (poll,) = setup.scheduler
    assert poll.cut_at is not None
    poll.cut_at = setup.loop.time() - 1.0  # as if seconds had passed since it was handed out
    setup.workers.recheck_cuts()
    setup.workers._cut_overdue()
    await asyncio.sleep(20)
    assert setup.ended["x"] is OutcomeKind.COMPLETED
    assert setup.broken == []
    await setup.workers.close()


async def test_cut_request_is_a_failed_poll_and_cancels_no_worker() -> None:
    """A reply that never comes is cut; the same workers carry on."""
    stalls = [1]

    async def send(action: PollJob) -> Reply:
        if stalls:
            await asyncio.sleep(stalls.pop() * 3600)
        return completed(action.poll.job_id)

    setup = Setup(send)
    setup.track("x", 300.0)
    await asyncio.sleep(40)
    assert setup.ended == {"x": OutcomeKind.COMPLETED}
    assert setup.workers.in_flight == 0
    await setup.workers.close()


async def test_cut_that_is_swallowed_leaves_later_ones_in_force() -> None:
    """A source of keys that swallows its cancellation: its worker is cut in time next time."""

    async def send(action: Any) -> Any:
        if isinstance(action, RenewCredentials):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                return Renewed(None)
        await asyncio.sleep(3600)
        return seen(record(action.poll.job_id))

    setup = Setup(send, renews=True)
    setup.track("x", 200.0)
    await asyncio.sleep(210)
    assert setup.ended == {"x": OutcomeKind.TIMED_OUT}
    await setup.workers.close()


async def test_worker_that_somebody_else_cancels_is_reported() -> None:
    """A worker that was cancelled breaks the waits: none hangs."""
    setup = Setup(complete)
    setup.track("x", 200.0)
    await asyncio.sleep(0.05)
    next(iter(setup.workers._workers)).task.cancel()  # type: ignore[union-attr]
    await asyncio.sleep(1)
    assert [type(each) for each in setup.broken] == [RuntimeError]
    await setup.workers.close()


async def test_defect_of_a_worker_is_reported() -> None:
    """What only a defect can raise reaches `broken`, so that no wait hangs."""

    async def send(action: PollJob) -> Reply:
        raise ZeroDivisionError(action.poll.job_id)

    setup = Setup(send)
    setup.track("x", 200.0)
    await asyncio.sleep(1)
    assert [type(each) for each in setup.broken] == [ZeroDivisionError]
    await setup.workers.close()
