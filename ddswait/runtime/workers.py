"""A fixed pool of tasks that carries the scheduler's actions out and the replies in.

One timer for the next action, one for the next request to cut, one for deadlines that nothing can
be sent for: no task per job, none per poll, and no timer per request.

    The net

    1. Whatever sending raises is a transient failure of that one request.
    2. A reply that the scheduler cannot take is one too.
    3. A request that takes too long is cut by the timer, which tells the scheduler at once: no
       deadline depends on whether the task that carries the request gives it up.
    4. A worker that somebody cancels is replaced, and its request is a transient failure.
    5. Anything else is a defect of ddswait, and is given to `broken`.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ddswait import failure_kinds
from ddswait.runtime.alarm import READS, Alarm
from ddswait.runtime.failures import describe, kind_of
from ddswait.runtime.worker import Worker
from ddswait.scheduler.actions import RenewCredentials, Wait
from ddswait.service.replies import TransientFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextvars import Context

    from ddswait.runtime.tasks import Tasks
    from ddswait.scheduler.actions import Action
    from ddswait.scheduler.scheduler import Reply

_WAKE_EVERY = 1.0  # seconds, while every worker is busy
# Seconds between two calls of Scheduler.expire(), which asks for one a second: each costs as much
# as a poll, and there may be thousands of replies a second.
_EXPIRE_EVERY = 0.25


_News = TypeVar("_News")
_News_co = TypeVar("_News_co", covariant=True)


class Decides(Protocol[_News_co]):
    """A scheduler, or several that share."""

    def next(self, now: float) -> Action | Wait:
        """Return what to send now, or until when there is nothing to send."""

    def due(self) -> float:
        """Return when the next poll is due."""

    def take(self, action: Action, reply: Reply, now: float) -> Sequence[_News_co]:
        """Take the reply to an action; return what happened."""

    def expire(self, now: float) -> Sequence[_News_co]:
        """End the waits whose last poll could not be sent; return what happened."""


class Workers(Generic[_News]):
    """Carries actions until it is stopped.

    Args:
        scheduler: decides what to send and when.
        send: sends one action and returns its reply.
        happened: is given what each reply has brought about, if anything.
        surprised: is given what the scheduler raised for a reply that it could not take.
        broken: is given the error if a timer or a worker dies, which only a defect of ddswait can
            cause.
        size: how many requests may be under way at once.
        tasks: the workers are among these.
        context: the context that they run in.
    """

    def __init__(  # noqa: PLR0913 - the parts that it brings together
        self,
        scheduler: Decides[_News],
        send: Callable[[Action], Awaitable[Reply]],
        *,
        happened: Callable[[Sequence[_News]], None],
        surprised: Callable[[Exception], None],
        broken: Callable[[BaseException], None],
        size: int,
        tasks: Tasks,
        context: Context,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._scheduler = scheduler
        self._send = send
        self._happened = happened
        self._surprised = surprised
        self._broken = broken
        self._size = size
        self._tasks = tasks
        self._context = context
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._stopped = False
        self._expired_at = -inf
        self._next = Alarm(self._loop, self._guarded(self.hand_out), context)
        self._cut = Alarm(self._loop, self._guarded(self._cut_overdue), context, READS)
        self._expiry = Alarm(self._loop, self._guarded(self._expire), context, READS)

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return sum(worker.sending is not None for worker in self._workers)

    def wake(self, now: float) -> None:
        """Ask the scheduler at the next turn of the loop: something may be due by now."""
        if now < self._next.at and not self._stopped:
            self._next.set(now)

    def recheck_cuts(self) -> None:
        """Check the requests under way: one may have to be cut earlier than when it left."""
        self._cut.set(min((worker.cut_at for worker in self._workers), default=inf))

    def _guarded(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Return `ring` with a net below: asyncio only logs what a timer raises."""

        def guarded() -> None:
            try:
                ring()
            except BaseException as error:
                self._broken(error)
                if isinstance(error, SystemExit | KeyboardInterrupt):
                    raise

        return guarded

    def hand_out(self) -> None:
        """Give actions to idle workers as long as there are both."""
        now = self._loop.time()
        while self._has_room():
            action = self._scheduler.next(now)
            if isinstance(action, Wait):
                self._next.set(action.until)
                if action.overdue:
                    self._expire_soon(now)
                return
            self._start(action, now)
        self._wake_for_deadlines(now)

    def _wake_for_deadlines(self, now: float) -> None:
        """Wake when polls become due while every worker is busy, by a slow renewal for example."""
        due = self._scheduler.due()
        self._next.set(max(due, now + _WAKE_EVERY))
        if due <= now:
            self._expire_soon(now)

    def _expire_soon(self, now: float) -> None:
        self._expiry.set(max(now, self._expired_at + _EXPIRE_EVERY))

    def _expire(self) -> None:
        self._expired_at = now = self._loop.time()
        if expired := self._scheduler.expire(now):
            self._happened(expired)

    def _has_room(self) -> bool:
        return bool(self._idle) or len(self._workers) < self._size

    def _start(self, action: Action, now: float) -> None:
        if self._idle:
            self._idle.pop().wake(action, now)
            return
        worker = Worker(self._loop, action, now)
        self._workers.add(worker)
        worker.task = self._tasks.spawn(
            self._work(worker, action), "ddswait worker", self._context, lambda: self._ended(worker)
        )

    async def _work(self, worker: Worker, action: Action) -> None:
        clock, scheduler = self._loop.time, self._scheduler
        while not self._stopped:  # it may be stopped before the first step, or while parked
            worker.sending = action
            self._cut.set(action.cut_at)
            reply = await self._reply_to(worker, action)
            worker.sending = None
            if self._stopped:
                return
            now = clock()
            if worker.action is action:
                worker.action = None
                if self._take(action, reply, now):
                    now = clock()
            following = scheduler.next(now)
            if isinstance(following, Wait):
                self._next.set(following.until)
                self._idle.append(worker)
                action = await worker.parked()
                continue
            worker.action, worker.sent_at = following, now
            action = following
            if self._has_room():
                self._next.set(now)
            elif self._next.at > now + _WAKE_EVERY:  # once a second, not after each poll
                self._wake_for_deadlines(now)

    async def _reply_to(self, worker: Worker, action: Action) -> Reply:
        """Send an action; return its reply, or the failure if no reply came."""
        try:
            if isinstance(action, RenewCredentials) and self._is_renewing(worker):
                cause = "obtain() ignores that it was cancelled, and still runs"
                return TransientFailure(cause, kind=failure_kinds.NO_REPLY)
            reply = await self._send(action)
        except asyncio.CancelledError as error:
            if self._stopped or worker.is_cancelled():
                raise
            return _failure(error)  # a cut, or an awaited future of the application's own
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - of a credential provider, for example
            return _failure(error)
        if worker.cuts:
            worker.is_cancelled()  # a cut that a credential provider swallowed is over
        return reply

    def _is_renewing(self, worker: Worker) -> bool:
        return any(
            isinstance(other.sending, RenewCredentials)
            for other in self._workers
            if other is not worker
        )

    def _take(self, action: Action, reply: Reply, now: float) -> bool:
        """Give a reply to the scheduler; return whether it brought anything about."""
        surprise: Exception | None = None
        try:
            events = self._scheduler.take(action, reply, now)
        except Exception as error:  # noqa: BLE001 - it costs this one poll, not every wait
            surprise = error
            events = self._scheduler.take(action, _failure(error), now)
        if events:
            self._happened(events)
        if surprise is not None:
            self._surprised(surprise)
        return bool(events)

    def _cut_overdue(self) -> None:
        now = self._loop.time()
        for worker in [each for each in self._workers if each.cut_at <= now]:
            if (action := worker.cut()) is not None:
                seconds = now - worker.sent_at
                cause = f"no reply within {seconds:.1f} s"
                self._take(action, TransientFailure(cause, kind=failure_kinds.NO_REPLY), now)
        self.recheck_cuts()
        self.wake(now)

    def _ended(self, worker: Worker) -> None:
        """Take note that a worker has ended: it was cancelled, has failed, or was stopped."""
        self._workers.discard(worker)
        if self._stopped or worker.task is None:
            return
        if worker in self._idle:
            self._idle.remove(worker)
        if worker.task.done() and not worker.task.cancelled():
            error = worker.task.exception() or RuntimeError("a worker has ended")
            self._broken(error)
            return
        self._guarded(lambda: self._lose(worker))()

    def _lose(self, worker: Worker) -> None:
        now = self._loop.time()
        action, worker.action = worker.action, None
        if action is not None:
            cause = "the request was cancelled"
            self._take(action, TransientFailure(cause, kind=failure_kinds.UNKNOWN), now)
        self.wake(now)

    def stop(self) -> None:
        """Carry nothing more; the workers end when their tasks are cancelled."""
        self._stopped = True
        for alarm in (self._next, self._cut, self._expiry):
            alarm.set(inf)


def _failure(error: BaseException) -> TransientFailure:
    try:
        text, kind = describe(error), kind_of(error)
    except Exception:  # noqa: BLE001 - an application's own exception may have no text
        text, kind = type(error).__name__, failure_kinds.UNKNOWN
    return TransientFailure(f"unexpected {text}", kind=kind)
