"""Runs one history of the waiter, with at most one interference."""

from __future__ import annotations

import asyncio
import logging
import random
import warnings
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import ddswait
import ddswait.waiter
from ddswait.runtime import block, channel
from ddswait.simulator import Simulator
from tests.runtime import turns
from tests.simulation.waiter.callbacks import UserError
from tests.simulation.waiter.ledger import BrokenPromiseError, Ledger
from tests.simulation.waiter.loop import BoundedLoop
from tests.simulation.waiter.promises import Promises
from tests.simulation.waiter.users import User
from tests.simulation.waiter.watched import WatchedWaiter

if TYPE_CHECKING:
    from tests.simulation.waiter.plan import BlockPlan, Plan

WAYS = ("victim", "ours", "both", "close")
_DEFECTS = {"ddswait.broken", "ddswait.reply_not_understood", "ddswait.close_failed"}
_LONGEST = 600.0  # seconds: the timer that keeps the loop from waiting for ever


class Interference(NamedTuple):
    """What is done at one turn of the loop.

    Attributes:
        turn: which one; -1 for none.
        way: cancel the `victim`, every task of ddswait (`ours`), or `both`; or `close`.
    """

    turn: int = -1
    way: str = ""


class Stage:
    """One run of one plan.

    Args:
        plan: what happens.
        interference: what is done to it.
    """

    def __init__(self, plan: Plan, interference: Interference) -> None:
        self._plan = plan
        self._interference = interference
        self.ledger = Ledger()
        self.loop = BoundedLoop(interference.turn, self._interfere)
        self.users: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[None]] = []
        self._is_over = True

    def run(self) -> None:
        """Run it.

        Raises:
            BrokenPromiseError: a promise was broken.
        """
        with (
            mock.patch.object(block, "random", SimpleNamespace(Random=self._seeded)),
            mock.patch.object(channel, "Random", self._seeded),
            mock.patch.object(ddswait.waiter, "Random", self._seeded),
            warnings.catch_warnings(),
            _Log(self.ledger),
        ):
            warnings.simplefilter("ignore", RuntimeWarning)  # of a history that is given up
            self.loop.set_exception_handler(self._complain)
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                try:
                    runner.run(self._main())
                except BrokenPromiseError:
                    with suppress(Exception):  # of a waiter that is broken
                        runner.close()
                    self.ledger.check()
                    raise
        self.ledger.check()

    def _seeded(self) -> random.Random:
        return random.Random(self._plan.seed)

    def _complain(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # What a callback or a hook of a user raises belongs there; each says so at its end.
        is_users = isinstance(context.get("exception"), UserError | asyncio.CancelledError)
        if is_users and context["message"].endswith("; no wait is affected"):
            return
        self.ledger.break_promise(
            "the loop's exception handler was called",
            f"{context.get('message')}: {context.get('exception')!r}",
        )

    def _interfere(self) -> None:
        way = self._interference.way
        self.ledger.interfered_at = self.loop.time()
        if self._is_over:
            return
        if way in {"ours", "both"}:
            for task in asyncio.all_tasks(self.loop):
                if task.get_name().startswith("ddswait"):
                    task.cancel()
        if way in {"victim", "both"}:
            for task in [self._owner, *self.users]:
                if task.get_name() == self._plan.victim:
                    self.ledger.cancel(task)
        if way == "close":
            self._others.append(self.loop.create_task(self._close(), name="closer"))

    async def _close(self) -> None:
        self.ledger.is_closing = True
        await self.waiter.close()

    async def _main(self) -> None:
        plan = self._plan
        guard = self.loop.call_at(1e9, lambda: None)  # so that a hang lets time pass
        async with Simulator(
            seed=plan.seed, settle_seconds=plan.settle, backup_seconds=plan.backup
        ) as dds:
            self.ids = [
                dds.add_job(
                    name=job.name,
                    seconds=job.seconds,
                    visible_after=job.visible_after,
                    fails="no quota" if job.fails else None,
                    vanishes=job.vanishes,
                )
                for job in plan.jobs
            ]
            self.waiter = self._make(dds)
            faults = asyncio.create_task(self._cause_faults(dds), name="faults")
            self._owner = asyncio.create_task(self._own(), name="owner")
            self.dds = dds
            self._is_over = False
            await asyncio.wait([self._owner])
            self._is_nothing_left()
            while pending := [each for each in [*self.users, *self._others] if not each.done()]:
                await asyncio.wait(pending)
            self._is_over = True
            faults.cancel()
            await asyncio.wait([faults])
            await asyncio.sleep(1.0)
            self._are_connections_left()
        guard.cancel()
        self._check_tasks()
        self.waiter.promises.finished()

    def _make(self, dds: Simulator) -> WatchedWaiter:
        plan = self._plan
        waiter = WatchedWaiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=_Provider(dds, plan.life) if plan.life else ddswait.Token(dds.token),
            interval=plan.interval,
            grace=plan.grace,
            unreachable_after=plan.unreachable_after,
            request_timeout=plan.request_timeout,
            connections=plan.connections,
            rate=plan.rate,
            on_event=_HOOKS[plan.hook],
        )
        waiter.ledger = self.ledger
        waiter.promises = Promises(plan, dds, self.ledger)
        return waiter

    async def _cause_faults(self, dds: Simulator) -> None:
        for fault in sorted(self._plan.faults, key=lambda each: each.at):
            await asyncio.sleep(max(0.0, fault.at - self.loop.time()))
            kind: Any = fault.kind
            dds.inject(kind, count=fault.count, **dict(fault.details))

    async def _own(self) -> None:
        """Enter one block after the other."""
        for plan in self._plan.blocks:
            with suppress(UserError):
                await self._use(plan)
            await asyncio.sleep(0)
            self._is_nothing_left()

    async def _use(self, plan: BlockPlan) -> None:
        ledger = self.ledger
        try:
            async with self.waiter:
                ledger.is_closing = ledger.is_leaving = False
                for user in plan.users:
                    task = asyncio.create_task(User(user, self).run(), name=user.name)
                    self.users.append(task)
                await asyncio.sleep(plan.stays)
                if plan.raises:
                    ledger.is_closing = True
                    raise UserError
                ledger.is_leaving = True
        finally:
            ledger.is_closing = True

    def _is_nothing_left(self) -> None:
        if self.ledger.closers or not all(task.done() for task in self._others):
            return  # it is closed by another task as well, which sees to that
        if left := turns.tasks("ddswait"):
            self.ledger.break_promise("a task is left", [task.get_name() for task in left])
        if left_timers := turns.timers():
            self.ledger.break_promise("a timer is left", left_timers)

    def _are_connections_left(self) -> None:
        loop: Any = self.loop
        if loop._selector._connections:  # on either side
            self.ledger.break_promise("a connection is left")

    def _check_tasks(self) -> None:
        for task in [self._owner, *self.users, *self._others]:
            was_cancelled = task.get_name() in self.ledger.cancelled
            if task.cancelled() != was_cancelled:
                reason = "a cancellation was swallowed" if was_cancelled else "a task was cancelled"
                self.ledger.break_promise(reason, task.get_name())
            elif not was_cancelled and (error := task.exception()) is not None:
                self.ledger.break_promise("a task of the user failed", repr(error))


class _Provider:
    """Obtains a token in half a second."""

    def __init__(self, dds: Simulator, life: float) -> None:
        self._dds = dds
        self._life = life

    async def obtain(self, _: Any) -> ddswait.Lease:
        await asyncio.sleep(0.5)
        self._dds.token_seconds = self._life + 2.0
        token, _expires = self._dds.issue_token()
        return ddswait.Lease(ddswait.Token(token), renew_in=self._life)


def _raise(_: object) -> None:
    raise UserError


_HOOKS: dict[str, Any] = {"": None, "listens": lambda _: None, "raises": _raise}


class _Log(logging.Handler):
    """Looks for what only a defect of ddswait writes; nothing is printed."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._logger = logging.getLogger("ddswait")

    def __enter__(self) -> None:
        self._logger.addHandler(self)
        self._was = self._logger.propagate
        self._logger.propagate = False

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._was

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", "")
        if event in _DEFECTS:
            error = record.exc_info[1] if record.exc_info else None
            self._ledger.break_promise(f"the log has {event}", repr(error))
