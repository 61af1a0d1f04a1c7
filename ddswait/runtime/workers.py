"""A fixed pool of tasks that carries the scheduler's actions out and the replies in.

One timer for the next action, one for the next request to cut: no task per job, none per poll,
and no timer per request.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.actions import Wait
from ddswait.service.replies import TransientFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ddswait.events import Event
    from ddswait.scheduler.actions import Action
    from ddswait.scheduler.scheduler import Reply, Scheduler

_EXPIRE_EVERY = 1.0  # seconds, as Scheduler.expire() asks for


class Workers:
    """Carries actions until it is closed.

    Args:
        scheduler: decides what to send and when.
        send: sends one action and returns its reply; never raises for the network.
        happened: is given the events of each reply that had any.
        broken: is given the error if a worker or a timer dies, which only a defect of ddswait can
            cause.
        size: how many requests may be under way at once.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        send: Callable[[Action], Awaitable[Reply]],
        happened: Callable[[Sequence[Event]], None],
        broken: Callable[[BaseException], None],
        size: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._scheduler = scheduler
        self._send = send
        self._happened = happened
        self._broken = broken
        self._size = size
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._closing = False
        self._next = _Alarm(self._loop, self._guarded(self.hand_out))
        self._cut = _Alarm(self._loop, self._guarded(self._cut_overdue))

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return sum(worker.action is not None for worker in self._workers)

    def wake(self, now: float) -> None:
        """Ask the scheduler at the next turn of the loop: something may be due by now."""
        self._next.set(now)

    def recheck_cuts(self) -> None:
        """Check the requests under way: one may have to be cut earlier than when it left."""
        self._cut.set(min((worker.cut_at for worker in self._workers), default=inf))

    def _guarded(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Return `ring` with a net below: asyncio only logs what a timer raises."""

        def guarded() -> None:
            try:
                ring()
            except Exception as error:  # noqa: BLE001 - a defect may be of any kind
                self._broken(error)

        return guarded

    def hand_out(self) -> None:
        """Give actions to idle workers as long as there are both."""
        now = self._loop.time()
        while self._has_room():
            action = self._scheduler.next(now)
            if isinstance(action, Wait):
                self._next.set(action.until)
                if action.overdue:
                    self._expire(now)
                return
            self._start(action, now)
        self._wake_for_deadlines(now)

    def _wake_for_deadlines(self, now: float) -> None:
        """Wake when polls become due while every worker is busy, by a slow renewal for example."""
        due = self._scheduler.due()
        self._next.set(max(due, now + _EXPIRE_EVERY))
        if due <= now:
            self._expire(now)

    def _expire(self, now: float) -> None:
        if expired := self._scheduler.expire(now):
            self._happened(expired)

    def _has_room(self) -> bool:
        return bool(self._idle) or len(self._workers) < self._size

    def _start(self, action: Action, now: float) -> None:
        if self._idle:
            self._idle.pop().wake(action, now)
            return
        worker = _Worker(action, now)
        self._workers.add(worker)
        worker.task = self._loop.create_task(self._work(worker, action), name="ddswait worker")
        worker.task.add_done_callback(self._worker_ended)

    async def _work(self, worker: _Worker, action: Action) -> None:
        clock, scheduler = self._loop.time, self._scheduler
        while True:
            worker.begin(action)
            self._cut.set(action.cut_at)
            reply: Reply
            try:
                reply = await self._send(action)
            except asyncio.CancelledError:
                if not worker.was_cut():
                    raise
                reply = TransientFailure(f"no reply within {clock() - worker.sent_at:.1f} s")
            worker.end()
            now = clock()
            if events := scheduler.take(action, reply, now):
                self._happened(events)
                now = clock()
            following = scheduler.next(now)
            if isinstance(following, Wait):
                self._next.set(following.until)
                self._idle.append(worker)
                action = await worker.parked(self._loop)
                continue
            worker.sent_at = now
            action = following
            if self._has_room():
                self._next.set(now)
            else:
                self._wake_for_deadlines(now)

    def _cut_overdue(self) -> None:
        now = self._loop.time()
        for worker in self._workers:
            if worker.cut_at <= now:
                worker.cut()
        self.recheck_cuts()

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        if self._closing:
            return
        error = None if task.cancelled() else task.exception()
        self._broken(error or RuntimeError("a worker was cancelled from outside ddswait"))

    async def close(self) -> None:
        """Stop all workers; requests under way are dropped."""
        self._closing = True
        self._next.set(inf)
        self._cut.set(inf)
        tasks = [worker.task for worker in self._workers if worker.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._workers.clear()
        self._idle.clear()


class _Worker:
    """One task that carries actions, and the one that it carries."""

    __slots__ = ("_cutting", "_parked", "_sending", "action", "sent_at", "task")

    def __init__(self, action: Action, now: float) -> None:
        self.action: Action | None = action
        self.sent_at = now
        self.task: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[Action] | None = None
        self._sending = False
        self._cutting = False

    @property
    def cut_at(self) -> float:
        """When the request under way is to be cut; inf until it has begun.

        A task that is cancelled before it begins, in a loop that was busy for long, would take its
        action along, and the wait for it would never end.
        """
        if self.action is None or not self._sending or self._cutting:
            return inf
        return self.action.cut_at

    def begin(self, action: Action) -> None:
        """Note that the task sends an action."""
        self.action, self._sending = action, True

    def end(self) -> None:
        """Note that the reply has come."""
        self.action, self._sending = None, False
        if self._cutting and self.task is not None:  # a credential provider swallowed the cut
            self._cutting = False
            self.task.uncancel()

    def parked(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Action]:
        """Return what an idle worker awaits."""
        self._parked = asyncio.Future(loop=loop)
        return self._parked

    def wake(self, action: Action, now: float) -> None:
        """Give an idle worker its next action."""
        self.action, self.sent_at = action, now
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(action)

    def cut(self) -> None:
        """Stop waiting for the reply under way."""
        if self.task is not None:
            self._cutting = True
            self.task.cancel()

    def was_cut(self) -> bool:
        """Say whether a cancellation was a cut, and take it back if nobody else cancels too."""
        if not self._cutting or self.task is None:
            return False
        self._cutting = False
        return self.task.uncancel() == 0


class _Alarm:
    """Calls `ring` at the earliest time that was set since it last rang; inf takes it back."""

    __slots__ = ("_at", "_handle", "_loop", "_ring")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._at = inf
        self._handle: asyncio.TimerHandle | None = None

    @property
    def at(self) -> float:
        return self._at

    def set(self, at: float) -> None:
        # A ring that comes too early is harmless, and cheaper than moving the timer each time.
        if self._at <= at < inf:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._at = at
        self._handle = self._loop.call_at(at, self._fire) if at < inf else None

    def _fire(self) -> None:
        self._at = inf
        self._handle = None
        self._ring()
