"""One worker: a task that carries actions, one at a time."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.scheduler.actions import Action


class Worker:
    """One task that carries actions, and the one that it carries.

    Attributes:
        action: what it was given and the scheduler has no reply to; None while it is idle, or
            when the request was cut.
        cuts: how many cuts have cancelled the task and are not over.
        sending: what it sends right now.
        sent_at: when it was given the action.
        task: runs it.
    """

    __slots__ = ("_loop", "_parked", "action", "cuts", "sending", "sent_at", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop, action: Action, now: float) -> None:
        self.action: Action | None = action
        self.sending: Action | None = None
        self.sent_at = now
        self.task: asyncio.Task[None] | None = None
        self._loop = loop
        self._parked: asyncio.Future[Action] | None = None
        self.cuts = 0

    @property
    def cut_at(self) -> float:
        """When the request under way is to be cut; inf until it has begun, and once it was cut."""
        if self.action is None or self.sending is None:
            return inf
        return self.action.cut_at

    def parked(self) -> asyncio.Future[Action]:
        """Return what an idle worker awaits."""
        self._parked = asyncio.Future(loop=self._loop)
        return self._parked

    def wake(self, action: Action, now: float) -> None:
        """Give an idle worker its next action."""
        self.action, self.sent_at = action, now
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(action)

    def cut(self) -> Action | None:
        """Stop waiting for the reply under way; return the action that it was for."""
        action, self.action = self.action, None
        if action is not None and self.task is not None:
            self.cuts += 1
            self.task.cancel()
        return action

    def is_cancelled(self) -> bool:
        """Say whether anybody has cancelled the task, apart from cuts, which are over now."""
        if self.task is None:
            return False
        while self.cuts:
            self.cuts -= 1
            self.task.uncancel()
        return self.task.cancelling() > 0
