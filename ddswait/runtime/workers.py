"""Moves the agenda's questions out and the replies in, over a fixed set of workers.

One timer for the next due look, one for the next look to cut: no task per job, none per look,
and no timer per request.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.actions import Wait
from ddswait.service.dds import TransientFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ddswait.events import Event
    from ddswait.scheduler.actions import ListJobs, PollInstance, PollJob, RenewCredentials, Renewed
    from ddswait.scheduler.scheduler import Scheduler
    from ddswait.service.dds import InstanceState, JobPage, Reply

    Question = PollJob | PollInstance | RenewCredentials | ListJobs
    Answer = Reply | InstanceState | JobPage | Renewed

_LAPSE_EVERY = 1.0  # seconds, as Agenda.lapse() asks for


class Workers:
    """Carries questions until it is closed.

    Args:
        agenda: decides what to ask and when.
        send: asks one question and returns its reply; never raises for the weather.
        happened: is given the events of each reply that had any.
        broken: is given the error if a worker or a timer dies, which only a defect of ddswait can
            cause.
        size: how many questions may be under way at once.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        send: Callable[[Question], Awaitable[Answer]],
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
        """How many questions are under way."""
        return sum(worker.ask is not None for worker in self._workers)

    def wake(self) -> None:
        """Look at the agenda at the next turn of the loop: something may be due by now."""
        self._next.set(self._loop.time())

    def clip(self) -> None:
        """Look at the questions under way: one may have to be cut earlier than when it left."""
        self._cut.set(min((worker.by for worker in self._workers), default=inf))

    def _guarded(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Return `ring` with a net below: asyncio only logs what a timer raises, and all hang."""

        def guarded() -> None:
            try:
                ring()
            except Exception as error:  # noqa: BLE001 - a defect is of any kind
                self._broken(error)

        return guarded

    def hand_out(self) -> None:
        """Give questions to idle workers as long as there are both."""
        now = self._loop.time()
        while self._has_room():
            question = self._scheduler.next(now)
            if isinstance(question, Wait):
                self._next.set(question.until)
                break
            self._hand(question)
        if self._scheduler.due_at() <= now:  # something is due, and yet cannot leave
            self._next.set(now + _LAPSE_EVERY)
            if lapsed := self._scheduler.lapse(now):
                self._happened(lapsed)
        elif not self._has_room():
            self._wake_for_deadlines(now)

    def _wake_for_deadlines(self, now: float) -> None:
        """Look at what gets due while every place is taken, by a slow renewal for example."""
        self._next.set(max(self._scheduler.due_at(), now + _LAPSE_EVERY))

    def _has_room(self) -> bool:
        return bool(self._idle) or len(self._workers) < self._size

    def _hand(self, ask: Question) -> None:
        if self._idle:
            self._idle.pop().wake(ask)
            return
        worker = _Worker(ask)
        self._workers.add(worker)
        worker.task = self._loop.create_task(self._work(worker, ask), name="ddswait worker")
        worker.task.add_done_callback(self._worker_ended)

    async def _work(self, worker: _Worker, ask: Question) -> None:
        now, scheduler = self._loop.time, self._scheduler
        while True:
            worker.begin(ask)
            self._cut.set(ask.by)
            sent_at = now()
            reply: Answer
            try:
                reply = await self._send(ask)
            except asyncio.CancelledError:
                if not worker.was_cut():
                    raise
                reply = TransientFailure(f"no answer within {now() - sent_at:.1f} s")
            worker.end()
            if events := scheduler.take(ask, reply, now()):
                self._happened(events)
            question = scheduler.next(now())
            if isinstance(question, Wait):
                self._next.set(question.until)
                self._idle.append(worker)
                ask = await worker.parked(self._loop)
            else:
                ask = question
                if self._has_room():
                    self._next.set(now())
                else:
                    self._wake_for_deadlines(now())

    def _cut_overdue(self) -> None:
        now = self._loop.time()
        for worker in self._workers:
            if worker.by <= now:
                worker.cut()
        self.clip()

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        if self._closing:
            return
        error = None if task.cancelled() else task.exception()
        self._broken(error or RuntimeError("a worker was cancelled by somebody else"))

    async def close(self) -> None:
        """Stop all workers; questions under way are dropped."""
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
    """One task that carries questions, and the one it carries."""

    __slots__ = ("_cutting", "_parked", "_sends", "ask", "task")

    def __init__(self, ask: Question) -> None:
        self.ask: Question | None = ask
        self.task: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[Question] | None = None
        self._sends = False
        self._cutting = False

    @property
    def by(self) -> float:
        """When the question under way is to be cut; inf until it has begun.

        A task that is cancelled before it begins, in a loop that was busy for long, would take its
        question along, and the wait for it would never end.
        """
        return inf if self.ask is None or not self._sends or self._cutting else self.ask.by

    def begin(self, ask: Question) -> None:
        """Note that the task sends a question."""
        self.ask, self._sends = ask, True

    def end(self) -> None:
        """Note that the answer has come."""
        self.ask, self._sends = None, False
        if self._cutting and self.task is not None:  # a source of credentials swallowed the cut
            self._cutting = False
            self.task.uncancel()

    def parked(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Question]:
        """Return what an idle worker awaits."""
        self._parked = loop.create_future()
        return self._parked

    def wake(self, ask: Question) -> None:
        """Give an idle worker its next question."""
        self.ask = ask
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(ask)

    def cut(self) -> None:
        """Stop waiting for the answer under way."""
        if self.task is not None:
            self._cutting = True
            self.task.cancel()

    def was_cut(self) -> bool:
        """Tell whether a cancellation was a cut, and take it back if nobody else cancels too."""
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
