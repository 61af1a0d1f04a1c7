"""What a history of the waiter has done so far: each wait, who may end it, and what is broken."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddswait import Outcome
    from ddswait.runtime.futures import WaitFuture


class BrokenPromiseError(Exception):
    """A promise does not hold.

    Attributes:
        reason: what happened, without figures, so that equal ones can be counted.
    """

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(f"{reason}{f' ({details})' if details else ''}")
        self.reason = reason


@dataclass(eq=False)
class Group:
    """The waits that one call has begun.

    Attributes:
        waits: these.
        is_left: whether the caller does not want them any more.
        fails_fast: whether the first one that does not complete ends the others.
        gives_up_at: when a timeout of the caller cancels them.
    """

    waits: list[Wait] = field(default_factory=list)
    is_left: bool = False
    fails_fast: bool = False
    gives_up_at: float = 1e9


@dataclass(eq=False)
class Wait:
    """One wait.

    Attributes:
        number: of the wait.
        target: the ID of the job; of the instance if there is no job.
        since: when it began.
        deadline: when it times out.
        owner: the task that began it.
        group: the call that began it.
        has_callback: whether a callback was given.
        future: what track() returned.
        ended: how often it has ended.
        called: how often the callback was called.
        is_given_up: whether somebody has cancelled or resolved it by hand.
    """

    number: int
    target: str
    since: float
    deadline: float
    owner: asyncio.Task[Any] | None
    group: Group
    has_callback: bool
    is_instance: bool = False
    future: WaitFuture[Any] | None = None
    ended: int = 0
    called: int = 0
    is_given_up: bool = False

    def __str__(self) -> str:
        owner = self.owner.get_name() if self.owner else "nobody"
        return f"wait {self.number} of {owner}, from {self.since:.3f} to {self.deadline:.3f}"

    @property
    def outcome(self) -> Outcome | None:
        return self.future.outcome if self.future is not None else None


asking: ContextVar[Group | None] = ContextVar("asking", default=None)


class Ledger:
    """The waits of one history.

    Attributes:
        waits: all of them, in order.
        cancelled: the names of tasks that somebody has cancelled.
        is_closing: whether the block is being closed, or is closed.
        is_leaving: whether the block is being left normally.
        closers: how many users are closing the waiter.
        stalls: when the loop was blocked, and for how many seconds.
        outcomes: how many waits ended in which way.
    """

    def __init__(self) -> None:
        self.waits: list[Wait] = []
        self.cancelled: set[str] = set()
        self.is_closing = True
        self.is_leaving = False
        self.closers = 0
        self.interfered_at = -1e9
        self.stalls: list[tuple[float, float]] = []
        self.outcomes: Counter[str] = Counter()
        self._broken: list[BrokenPromiseError] = []

    def begin(self, target: str, timeout: float, *, has_callback: bool) -> Wait:
        """Note a wait that is about to begin."""
        now = asyncio.get_running_loop().time()
        task = asyncio.current_task()
        group = asking.get() or Group()
        wait = Wait(len(self.waits), target, now, now + timeout, task, group, has_callback)
        self.waits.append(wait)
        group.waits.append(wait)
        return wait

    def cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task of the user."""
        if not task.done():
            self.cancelled.add(task.get_name())
            task.cancel()

    def break_promise(self, reason: str, details: object = "") -> None:
        """Note a broken promise; the first one counts."""
        self._broken.append(BrokenPromiseError(reason, str(details)))

    def check(self) -> None:
        """Raise the first broken promise.

        Raises:
            BrokenPromiseError: a promise was broken.
        """
        if self._broken:
            raise self._broken[0]

    def may_be_cancelled(self, wait: Wait, now: float) -> bool:
        """Return whether there is a reason for which a wait was cancelled."""
        group = wait.group
        owner = wait.owner.get_name() if wait.owner else ""
        return (
            self.is_closing
            or wait.is_given_up
            or group.is_left
            or now >= group.gives_up_at
            or owner in self.cancelled
            or "owner" in self.cancelled
            or (group.fails_fast and any(_failed(each) for each in group.waits))
        )

    def stalled_since(self, moment: float) -> float:
        """Return for how many seconds the loop was blocked, up to now, around a moment."""
        return sum(seconds for at, seconds in self.stalls if at + seconds >= moment)


def _failed(wait: Wait) -> bool:
    future = wait.future
    return future is not None and future.done() and not (wait.outcome and wait.outcome.ok)
