"""Ways to break the runtime on purpose: the histories of the waiter must find each of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.runtime import engine, futures, transport
from ddswait.runtime.alarm import Alarm
from ddswait.runtime.block import Block
from ddswait.runtime.callbacks import Callbacks
from ddswait.runtime.tasks import Tasks
from ddswait.runtime.workers import Workers
from tests.simulation.waiter.plan import BlockPlan, FaultPlan, JobPlan, Operation, Plan, UserPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Patch = pytest.MonkeyPatch
    Future = futures.WaitFuture[Any]


class Breakage(NamedTuple):
    """One way to break the runtime.

    Attributes:
        name: what is wrong then.
        apply: breaks it until the test is over.
        reasons: for which one of these it is found.
        history: in which it is found: the seed of one that is drawn, or a short plan.
    """

    name: str
    apply: Callable[[Patch], None]
    reasons: tuple[str, ...]
    history: int | Plan = 3


def _skip_callbacks(patch: Patch) -> None:
    patch.setattr(Callbacks, "call", lambda *_: None)


def _call_twice(patch: Patch) -> None:
    original = Callbacks.call

    def broken(self: Callbacks, *arguments: Any) -> None:
        original(self, *arguments)
        original(self, *arguments)

    patch.setattr(Callbacks, "call", broken)


def _leave_tasks(patch: Patch) -> None:
    async def broken(_: Tasks) -> list[str]:
        return []

    patch.setattr(Tasks, "close", broken)


def _leave_timers(patch: Patch) -> None:
    original = Alarm.set

    def broken(self: Alarm, at: float) -> None:
        if at < float("inf"):
            original(self, at)

    patch.setattr(Alarm, "set", broken)


def _leave_connections(patch: Patch) -> None:
    async def broken(_: transport.Transport) -> None:
        return

    patch.setattr(transport.Transport, "close", broken)


def _keep_ended(patch: Patch) -> None:
    """A wait that has ended counts as pending."""
    patch.setattr(Block, "settled", lambda _: None)


def _drop_waits(patch: Patch) -> None:
    """Whoever cancels a wait unsubscribes everybody else."""
    original = Block.given_up

    def broken(self: Block, future: Future) -> None:
        original(self, future)
        for other in self._futures:
            self._scheduler.subscribers.unsubscribe(other.job_id, other)

    patch.setattr(Block, "given_up", broken)


def _cancel_others(patch: Patch) -> None:
    original = Block.given_up

    def broken(self: Block, future: Future) -> None:
        original(self, future)
        for other in self._futures:
            if other.job_id == future.job_id:
                other.cancel()

    patch.setattr(Block, "given_up", broken)


def _lose_actions(patch: Patch) -> None:
    patch.setattr(Workers, "_lose", lambda self, worker: None)


def _swallow(patch: Patch) -> None:
    async def broken(start: Callable[[], asyncio.Task[None]]) -> None:
        while not start().done():
            try:
                await asyncio.wait([start()])
            except asyncio.CancelledError:
                continue
            return

    patch.setattr(engine, "outlast", broken)


def _be_impatient(patch: Patch) -> None:
    async def broken(start: Callable[[], asyncio.Task[None]]) -> None:
        await start()

    patch.setattr(engine, "outlast", broken)


def _never_cut(patch: Patch) -> None:
    patch.setattr(Workers, "_cut_overdue", lambda self: None)


def _keep_waits(patch: Patch) -> None:
    patch.setattr(Block, "is_busy", property(lambda self: False))


def _mix_up(patch: Patch) -> None:
    """Each wait ends with what the first one of all ended with."""
    original = futures.WaitFuture.settle
    first: list[Any] = []

    def broken(self: Future, outcome: Any) -> None:
        first.append(outcome)
        original(self, first[0])

    patch.setattr(futures.WaitFuture, "settle", broken)


_LATE = ("a wait ended too late", "a history does not end", "timed out, although the job had ended")

_JOB = (JobPlan(seconds=2.0),)
_CLOSING = Plan(  # a callback takes half a second to end when the block is left
    seed=1,
    jobs=_JOB,
    blocks=(
        BlockPlan(
            (UserPlan("user 1", (Operation("track", (0,), callback="is stubborn"),)),),
            stays=3.0,
            raises=True,
        ),
    ),
    interval=2.0,
)
_STALLED = Plan(
    seed=1,
    jobs=_JOB,
    blocks=(BlockPlan((UserPlan("user 1", (Operation("wait", (0,), 12.0),)),)),),
    faults=(FaultPlan("stall", count=5, details=(("seconds", 300.0),)),),
)

BREAKAGES = (
    Breakage("no callback is called", _skip_callbacks, ("a callback was not called exactly once",)),
    Breakage("callbacks are called twice", _call_twice, ("a callback was called twice",)),
    Breakage("tasks are left", _leave_tasks, ("a task is left",)),
    Breakage("timers are left", _leave_timers, ("a timer is left",)),
    Breakage("connections are left", _leave_connections, ("a connection is left",)),
    Breakage("waits that have ended are pending", _keep_ended, _LATE),
    Breakage("a cancelled wait drops others", _drop_waits, _LATE, 6),
    Breakage(
        "a cancelled wait cancels others",
        _cancel_others,
        ("a wait was cancelled that nobody gave up",),
        6,
    ),
    Breakage("a cancelled worker loses its action", _lose_actions, _LATE),
    Breakage(
        "closing swallows a cancellation", _swallow, ("a cancellation was swallowed",), _CLOSING
    ),
    Breakage("a cancellation ends closing", _be_impatient, ("a task was cancelled",), _CLOSING),
    Breakage("nothing is cut", _never_cut, _LATE, _STALLED),
    Breakage(
        "leaving waits for nobody",
        _keep_waits,
        ("a wait was cancelled that nobody gave up", "an open block refuses a wait"),
    ),
    Breakage("outcomes are mixed up", _mix_up, ("a wait got the outcome of another job",)),
)
