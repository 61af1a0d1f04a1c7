"""Several schedulers that share what there is one of: a limit, credentials, lists. Pure.

    The rules

    1. Each waiter has a scheduler of its own (scheduler.py), with intervals, grace, waits and
       polls of its own. All have the same rate limiter and the same renewal of the credentials.
    2. A last poll goes before all other requests, whoever's it is. The rest goes in turns, so
       that a waiter with few jobs does not stand behind one with many.
    3. Whoever requests a page of a list requests it for all whose jobs it may show
       (shared_lists.py). Whether a list pays is worked out for the jobs of all (list_group.py).
    4. What a reply says beyond its own job concerns all: a refusal of everything, a renewal, and
       that the service can be reached.
    5. The request of a waiter that has left is still answered: the limit and the credentials
       learn from it, and its events are nobody's.

It takes the place of one scheduler for whoever carries its actions out.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler import shared_lists
from ddswait.scheduler.actions import ListJobs, PollJob, RenewCredentials, Wait
from ddswait.scheduler.list_group import ListGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.scheduler.actions import Action
    from ddswait.scheduler.scheduler import Reply, Scheduler

    # What happened to the waits of one of them.
    Happened = tuple[Scheduler, Sequence[Event]]

_NOBODY: tuple[Scheduler, ...] = ()


class SharedScheduler:
    """Picks the next action of several schedulers, and gives each reply to all it concerns."""

    def __init__(self) -> None:
        # In turn, each with until when it has nothing to send; None for unknown.
        self._members: dict[Scheduler, Wait | None] = {}
        self._only: Scheduler | None = None  # the member that shares with nobody: the usual case
        # By the identity of the action, with the schedulers that have requested it.
        self._under_way: dict[int, tuple[Action, Scheduler, Sequence[Scheduler]]] = {}
        self._lists = ListGroup(lambda: [each.list_polling for each in self._members])

    def add(self, scheduler: Scheduler) -> None:
        """Let a scheduler share."""
        scheduler.list_polling.group = self._lists
        self._let_share([*self._members, scheduler])

    def remove(self, scheduler: Scheduler) -> None:
        """Let a scheduler send nothing more."""
        # The next list may be due for all and known to this one alone.
        self._let_share([each for each in self._members if each is not scheduler])

    def _let_share(self, members: list[Scheduler]) -> None:
        """Let these share; each may have something to send, now that there are others."""
        self._members = dict.fromkeys(members)
        self._only = members[0] if len(members) == 1 else None

    def changed(self, scheduler: Scheduler) -> None:
        """Take note that something may be due in a scheduler by now."""
        if scheduler in self._members:
            self._members[scheduler] = None

    # ---- what to send

    def due(self) -> float:
        """Return when the next poll is due, -inf when one is overdue; inf when none is."""
        return min((each.due() for each in self._members), default=inf)

    def next(self, now: float) -> Action | Wait:
        """Return what to send now, or until when there is nothing to send; see Scheduler.next()."""
        if (only := self._only) is not None:
            if not isinstance(following := only.next(now), Wait):
                self._under_way[id(following)] = (following, only, _NOBODY)
            return following
        until, overdue = inf, False
        for scheduler in self._in_turn(now):
            wait = self._members[scheduler]
            # What is due and cannot leave may leave as soon as somebody else's reply comes.
            if wait is None or wait.overdue or wait.until <= now:
                following = scheduler.next(now)
                if not isinstance(following, Wait):
                    self._sent(following, scheduler, now)
                    return following
                wait = self._members[scheduler] = following
            until, overdue = min(until, wait.until), overdue or wait.overdue
        return Wait(until, overdue)

    def _in_turn(self, now: float) -> list[Scheduler]:
        return sorted(self._members, key=lambda each: each.queue.last.next_by(now) is None)

    def _sent(self, action: Action, scheduler: Scheduler, now: float) -> None:
        del self._members[scheduler]
        listeners: list[Scheduler] = []
        if isinstance(action, ListJobs):
            listeners = [each for each in self._members if shared_lists.shares(each, action, now)]
        self._members[scheduler] = None  # its next turn comes after those of the others
        self._under_way[id(action)] = (action, scheduler, listeners)

    def expire(self, now: float) -> list[Happened]:
        """End the waits whose last poll could not be sent; see Scheduler.expire()."""
        expired = [(each, each.expire(now)) for each in list(self._members)]
        return [each for each in expired if each[1]]

    # ---- replies

    def take(self, action: Action, reply: Reply, now: float) -> list[Happened]:
        """Give a reply to all that it concerns; return what happened."""
        _, scheduler, listeners = self._under_way[id(action)]
        before = scheduler.subscribers.refusal
        events = scheduler.take(action, reply, now)
        del self._under_way[id(action)]  # not if that has raised: then a failure follows
        happened = [(scheduler, events)] if events else []
        if scheduler is self._only:
            return happened
        self.changed(scheduler)
        refusal, heard_at = scheduler.subscribers.refusal, scheduler.queue.last.heard_at
        for other in [each for each in self._members if each is not scheduler]:
            other.queue.last.heard_at = max(other.queue.last.heard_at, heard_at)
            overheard: list[Event] = []
            if isinstance(action, RenewCredentials):
                overheard += other.renewal_poller.overhear(reply, now)
            elif isinstance(action, ListJobs) and other in listeners:
                overheard += shared_lists.overhear(other, action, reply, now)
            if refusal is not None and refusal is not before:
                overheard += other.subscribers.refuse(refusal, now)
            if overheard or not isinstance(action, PollJob):
                self.changed(other)
            if overheard:
                happened.append((other, overheard))
        return happened
