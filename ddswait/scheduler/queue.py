"""All polls that are not under way. Pure.

A poll is in one of three places: in the delay queue until it is due, then in the ready queue
until it leaves, and then under way (`cut_at` is set). The guarantees:

- No poll leaves the delay queue before it is due.
- A poll that is put into the queue again replaces its earlier entry (time_queue.py).
- Last polls, which are those that still wait at their `last_at`, are in a queue of their own as
  well (last_polls.py). They go before all others, the earliest first.
- Of the other ready polls, about the most urgent one goes first (urgency.py). Its urgency grows
  without bound for everyone who waits, so nobody starves, and jobs that are nearly done or short
  gain.
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

from ddswait.scheduler.last_polls import LastPolls
from ddswait.scheduler.ready_queue import ReadyQueue
from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.urgency import Urgency

_SOON = 0.5  # seconds for which polls may wait in the order in which they became due


class DelayQueue(TimeQueue):
    """Polls that are not due yet, or that became due just now."""

    narrow = 0.03125  # a hundred thousand polls, one every ten seconds, are 300 in each bucket
    __slots__ = ()

    def time_of(self, poll: Poll) -> float:
        """Return when a poll is due; nan if it is under way."""
        return poll.due if poll.cut_at is None else nan


class PollQueue:
    """All polls that are not under way: delayed, ready, or last ones.

    Args:
        urgency: see ReadyQueue.
        spacing: see ReadyQueue.
        unreachable_after: see LastPolls.

    Attributes:
        ready: the polls that are due.
        last: the last poll of each wait.
    """

    __slots__ = ("_delayed", "last", "ready")

    def __init__(
        self, urgency: Urgency, spacing: Callable[[float], float], unreachable_after: float
    ) -> None:
        self.ready = ReadyQueue(urgency, spacing)
        self.last = LastPolls(self.ready, unreachable_after)
        self._delayed = DelayQueue()

    def add(self, poll: Poll) -> None:
        """Enter a poll at its `due`."""
        self._delayed.push(poll.due, poll)
        if poll.entered_at != poll.last_at:
            self.last.enter(poll)
            if poll.polls:  # a failure has moved it, and outdated entries may be left
                self._delayed.compact()

    def put_off(self, poll: Poll, due: float) -> None:
        """Let a poll wait until another time."""
        poll.due = due
        self.ready.discard(poll)
        self.add(poll)
        self._delayed.compact()

    def make_ready(self, poll: Poll, now: float) -> None:
        """Let a poll be due now."""
        poll.due = min(now, poll.due)
        self.add_ready(poll, now)

    def add_ready(self, poll: Poll, now: float) -> None:
        """Let a poll that is due wait until it can leave."""
        self.ready.add(poll, now)
        self.last.enter(poll)

    def move_last(self, poll: Poll) -> None:
        """Let a poll be the last one at another `last_at` than before."""
        if poll in self.ready:
            self.last.enter(poll)
        else:
            self.put_off(poll, min(poll.due, poll.last_at))

    def drop(self, poll: Poll) -> None:
        """Forget a poll that nobody waits for any more."""
        poll.due = inf
        self.ready.discard(poll)
        self.last.forget(poll)
        self._delayed.forget_one()

    # ---- when

    def due(self) -> float:
        """Return when the next poll is due, -inf when one is overdue; inf when none is."""
        return -inf if self.ready.size else self.next_delayed()

    def due_by(self, now: float) -> float:
        """Return a time until which some poll may be due, or when the next one is due later."""
        if self.ready.size:
            return -inf
        return at if (at := self._delayed.at) <= now else self.next_delayed()

    def next_delayed(self) -> float:
        """Return when the next of the delayed polls is due; inf when none waits."""
        self._delayed.first()
        return self._delayed.at

    def pop_unranked(self, now: float, *, plenty: bool) -> Poll | None:
        """Take out the delayed poll that is due first, if ranking it would not matter.

        Ranking costs, and does not matter when it is the only one that is due. Nor does it while
        there is room for plenty of polls, and they only wait for a moment until a connection is
        free.

        Args:
            now: the time.
            plenty: whether so many may leave that their order does not matter.
        """
        if self.ready.size or self.next_delayed() > now:
            return None
        poll = self._delayed.pop()
        if plenty and poll.due > now - _SOON:
            return poll
        if self._delayed.at > now or self.next_delayed() > now:
            return poll
        self.add_ready(poll, now)
        return None

    def pop_due(self, now: float) -> Iterator[Poll]:
        """Take out every delayed poll that is due."""
        while self.next_delayed() <= now:
            yield self._delayed.pop()
