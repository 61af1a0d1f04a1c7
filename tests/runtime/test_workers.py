"""ddswait.runtime.workers: every action gets a reply, however late the event loop is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from random import Random
from typing import Any

import pytest

from ddswait.events import Ended, Event, PollFailed
from ddswait.outcome import OutcomeKind
from ddswait.runtime.tasks import Tasks
from ddswait.runtime.workers import Workers
from ddswait.scheduler.actions import PollJob, RenewCredentials, Renewed
from ddswait.scheduler.poll_settings import PollSettings
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
        self.surprises: list[Exception] = []
        self.tasks = Tasks(self.loop)
        self.workers = Workers(
            self.scheduler,
            send,
            happened=self.happened,
            surprised=self.surprises.append,
            broken=self.broken.append,
            size=2,
            tasks=self.tasks,
            context=Context(),
        )

    async def close(self) -> None:
        self.workers.stop()
        assert await self.tasks.close() == []

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
    await setup.close()


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
    await setup.close()


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
    await setup.close()


@pytest.mark.parametrize("seconds", [0.0, 0.05, 5.0], ids=["unbegun", "sending", "idle"])
async def test_worker_that_somebody_cancels_is_replaced(seconds: float) -> None:
    """Whenever an application cancels the workers, their polls are repeated by others."""
    setup = Setup(complete)
    if seconds == 5.0:
        setup.track("first", 200.0)
        await asyncio.sleep(seconds)
    setup.track("x", 200.0)
    if seconds == 0.05:
        await asyncio.sleep(seconds)
    else:
        setup.workers.hand_out()
    workers = [each for each in asyncio.all_tasks() if each.get_name() == "ddswait worker"]
    assert workers
    for task in workers:
        task.cancel()
    await asyncio.sleep(20)
    assert setup.ended["x"] is OutcomeKind.COMPLETED
    assert setup.broken == []
    assert all(task.cancelled() for task in workers)
    await setup.close()


class OddError(BaseException):
    """Neither an `Exception` nor one that asyncio knows."""


class UnprintableError(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise LookupError


@pytest.mark.parametrize(
    "error", [ZeroDivisionError, OddError, UnprintableError, asyncio.CancelledError]
)
async def test_whatever_sending_raises_is_one_failed_poll(error: type[BaseException]) -> None:
    """Sending may raise anything, even what is no `Exception`: the job is polled again."""
    errors = [error("x")]

    async def send(action: PollJob) -> Reply:
        if errors:
            raise errors.pop()
        return completed(action.poll.job_id)

    setup = Setup(send)
    setup.track("x", 200.0)
    await asyncio.sleep(10)
    assert setup.ended == {"x": OutcomeKind.COMPLETED}
    (failed,) = [event for event in setup.events if isinstance(event, PollFailed)]
    assert error.__name__ in failed.cause
    assert setup.broken == []
    await setup.close()


async def test_reply_that_cannot_be_taken_is_one_failed_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reply for which the scheduler raises costs one poll of one job."""
    setup = Setup(complete)
    take = setup.scheduler.take
    errors = [OverflowError("a date of the year 10000")]

    def take_or_raise(*arguments: Any) -> Sequence[Event]:
        if errors:
            raise errors.pop()
        return take(*arguments)

    monkeypatch.setattr(setup.scheduler, "take", take_or_raise)
    setup.track("x", 200.0)
    setup.track("y", 200.0)
    await asyncio.sleep(10)
    assert setup.ended == {"x": OutcomeKind.COMPLETED, "y": OutcomeKind.COMPLETED}
    assert [type(each) for each in setup.surprises] == [OverflowError]
    assert sum(isinstance(event, PollFailed) for event in setup.events) == 1
    await setup.close()


async def test_defect_of_the_scheduler_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only a defect can raise reaches `broken`, so that no wait hangs."""
    setup = Setup(complete)
    setup.track("x", 200.0)
    await asyncio.sleep(0.05)
    monkeypatch.setattr(setup.scheduler, "take", lambda *_: 1 / 0)
    await asyncio.sleep(1)
    assert [type(each) for each in setup.broken] == [ZeroDivisionError]
    await setup.close()


async def test_deadline_does_not_depend_on_a_request_that_ignores_its_cut() -> None:
    """A request that goes on although it was cut holds nothing back but its worker."""

    async def send(action: PollJob) -> Reply:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if setup.workers._stopped:
                    raise

    setup = Setup(send)
    setup.track("x", 100.0)
    await asyncio.sleep(100.0 + 3.0)
    assert setup.ended == {"x": OutcomeKind.TIMED_OUT}
    await setup.close()


async def test_only_one_call_of_a_provider_is_under_way() -> None:
    """While a provider ignores that it was cancelled, it is not called a second time."""
    calls: list[float] = []

    async def send(action: Any) -> Any:
        calls.append(setup.loop.time())
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not setup.workers._stopped:
                await asyncio.sleep(200)
            raise

    setup = Setup(send, renews=True)
    setup.track("x", 150.0)
    await asyncio.sleep(160)
    assert calls == [0.0]
    assert setup.ended == {"x": OutcomeKind.TIMED_OUT}
    await setup.close()
