"""All polls that are not under way. Pure.

A poll is in one of three places: in the delay queue until it is due, then in the ready queue
until it leaves, and then under way (`cut_at` is set). The guarantees:

- No poll leaves the delay queue before it is due.
- A poll that is put into the queue again replaces its earlier entry, which is skipped.
- Memory is bounded by the polls that wait: outdated entries are cleared away when they outnumber
  the others.
- Last polls, which are due at `last_at`, are in a queue of their own (last_polls.py). They go
  before all others, the earliest first.
- Of the other ready polls, the one with the largest (time since the last success) / (wanted
  interval) goes first. That ratio grows without bound for everyone who waits, so nobody starves,
  and jobs that are nearly done or short gain.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.delay_queue import DelayQueue, is_current
from ddswait.scheduler.last_polls import LastPolls
from ddswait.scheduler.ready_queue import ReadyQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.poll import Poll


class PollQueue:
    """All polls that are not under way: delayed, ready, or last ones.

    Args:
        wanted: see ReadyQueue.
        unreachable_after: see LastPolls.

    Attributes:
        ready: the polls that are due.
        last: the last poll of each wait.
    """

    __slots__ = ("_delayed", "last", "ready")

    def __init__(self, wanted: Callable[[Poll, float], float], unreachable_after: float) -> None:
        self.ready = ReadyQueue(wanted)
        self.last = LastPolls(self.ready, unreachable_after)
        self._delayed = DelayQueue()

    def add(self, poll: Poll) -> None:
        """Enter a poll at its `due`."""
        if poll.due == poll.last_at:
            self.last.push(poll)
        else:
            self._delayed.push(poll)

    def put_off(self, poll: Poll, due: float) -> None:
        """Let a poll wait until another time."""
        poll.due = due
        if self.ready:
            self.ready.discard(poll)
        self.add(poll)
        self._delayed.compact()

    def make_ready(self, poll: Poll, now: float) -> None:
        """Let a poll be due now."""
        poll.due = min(now, poll.due)
        self.add_ready(poll)

    def add_ready(self, poll: Poll) -> None:
        """Let a poll that is due wait until it can leave."""
        self.ready.add(poll)
        self.last.push(poll)

    def move_last(self, poll: Poll) -> None:
        """Let a poll be the last one at another `last_at` than before."""
        if poll in self.ready:
            self.last.push(poll)
        else:
            self.put_off(poll, min(poll.due, poll.last_at))

    def drop(self, poll: Poll) -> None:
        """Forget a poll that nobody waits for any more."""
        poll.due = inf
        self.ready.discard(poll)
        self.last.forget_one()
        self._delayed.forget_one()

    # ---- when

    def due(self) -> float:
        """Return when the next poll is due, -inf when one is overdue; inf when none is."""
        if self.ready:
            return -inf
        return min(self.next_delayed(), self.last.next_at()) if self.last else self.next_delayed()

    def next_delayed(self) -> float:
        """Return when the next of the delayed polls is due; inf when none waits."""
        while (entry := self._delayed.first()) is not None:
            due, _, poll = entry
            if is_current(due, poll):
                return due
            self._delayed.pop()
        return inf

    def pop_unranked(self, now: float, *, plenty: bool) -> Poll | None:
        """Take out the delayed poll that is due first, if ranking it would not matter.

        One whose last poll is due meanwhile is ready from now on: last polls go first.

        Ranking costs, and does not matter when it is the only one that is due, or when there is
        room for plenty of polls.

        Args:
            now: the time.
            plenty: whether so many may leave that their order does not matter.
        """
        if self.ready or self.next_delayed() > now:
            return None
        poll = self._delayed.pop()
        if poll.last_at > now and (plenty or self.next_delayed() > now):
            return poll
        self.add_ready(poll)
        return None

    def pop_due(self, now: float) -> Iterator[Poll]:
        """Take out every delayed poll that is due."""
        while self.next_delayed() <= now:
            yield self._delayed.pop()
