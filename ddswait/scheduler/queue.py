"""Which poll is due when, and which goes first when not all can. Pure.

A poll is in one of three places: in the delay queue until it is due, then in the ready queue
until it leaves, and then under way (`cut_at` is set). The guarantees:

- No poll leaves the delay queue before it is due.
- A poll that is put into the queue again replaces its earlier entry, which is skipped.
- Memory is bounded by the polls that wait: outdated entries are cleared away when they outnumber
  the others.
- Of the ready polls, a last poll at the deadline goes first, then the one with the largest
  (time since the last success) / (wanted interval). That ratio grows without bound for everyone
  who waits, so nobody starves, and jobs that are nearly done or short gain.
"""

from __future__ import annotations

from heapq import heappop, heappush, nlargest
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ddswait.scheduler.poll import Poll

    Entry = tuple[float, str, Poll]

# Ranking all costs their number; so a small part is ranked at a time, and used for a second.
_RANKED_PART = 32
_RANKING_HOLDS = 1.0  # seconds
_TOO_FEW_TO_CLEAR = 64  # outdated entries


class DelayQueue:
    """Entries in the order of their times; equal times in the order of their job IDs.

    A plain heap of a hundred thousand entries costs twice as much per poll as one of a thousand:
    each operation walks the whole depth, and every step misses the processor's cache. So only
    what is due within the running second is kept as a heap. The rest lies unsorted in buckets of
    a second, each sorted once, when its turn comes. The poll is part of its entry: a lookup
    by its ID would miss the cache once more.
    """

    __slots__ = ("_buckets", "_horizon", "_near", "_order", "_size")

    def __init__(self) -> None:
        self._near: list[Entry] = []
        self._horizon = -inf
        self._buckets: dict[int, list[Entry]] = {}
        self._order: list[int] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, poll: Poll) -> None:
        """Enter a poll at its finite `due`."""
        due = poll.due
        self._size += 1
        if due < self._horizon:
            heappush(self._near, (due, poll.job_id, poll))
            return
        second = int(due)
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = [(due, poll.job_id, poll)]
            heappush(self._order, second)
        else:
            bucket.append((due, poll.job_id, poll))

    def first(self) -> Entry | None:
        """Return the earliest entry without taking it out; None when the queue is empty."""
        if not self._near:
            if not self._order:
                return None
            second = heappop(self._order)
            self._near = self._buckets.pop(second)
            self._near.sort()  # a sorted list is a heap
            self._horizon = second + 1.0
        return self._near[0]

    def pop(self) -> Poll:
        """Take out the entry that first() has returned."""
        self._size -= 1
        return heappop(self._near)[2]

    def rebuild(self, polls: Iterable[Poll]) -> None:
        """Forget everything but these polls."""
        self.__init__()  # type: ignore[misc]
        for poll in polls:
            self.push(poll)


class ReadyQueue:
    """Polls that are due; those that were discarded, put off or sent meanwhile are skipped.

    Args:
        wanted: returns the interval that suits a poll now, which may be long after its last
            success: a job that has outlived its usual duration meanwhile should be polled soon.

    The wanted interval is that of now, not of the last poll: it follows from how likely the end
    has come since then. Under learned limits of 1,500, 3,000 and 5,000 requests a minute, 10,000
    jobs learn of their ends 0.96, 0.87 and 0.76 times as late as in due order; with the hazard
    rate of this very moment it was 0.98, 0.90 and 0.84.
    """

    __slots__ = ("_ranked", "_ranked_at", "_waiting", "_wanted")

    def __init__(self, wanted: Callable[[Poll, float], float]) -> None:
        self._wanted = wanted
        self._waiting: dict[Poll, None] = {}
        self._ranked: list[Poll] = []
        self._ranked_at = -inf

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Poll]:
        return iter(list(self._waiting))

    def __contains__(self, poll: Poll) -> bool:
        return poll in self._waiting

    def add(self, poll: Poll) -> None:
        """Let a poll wait until it can leave."""
        self._waiting[poll] = None

    def discard(self, poll: Poll) -> None:
        """Let a poll wait no longer."""
        self._waiting.pop(poll, None)

    def urgency(self, poll: Poll, now: float) -> float:
        """Return how much longer than it wanted a poll has waited, as a ratio."""
        if now >= poll.deadline:
            return inf
        return (now - poll.succeeded_at) / self._wanted(poll, now)

    def pop(self, now: float) -> Poll | None:
        """Take out the most urgent poll; None when the queue is empty."""
        while self._waiting:
            if not self._ranked or now - self._ranked_at > _RANKING_HOLDS:
                self._rank(now)
            poll = self._ranked.pop()
            if poll in self._waiting:
                del self._waiting[poll]
                if poll.cut_at is None and poll.due <= now:
                    return poll
        self._ranked.clear()
        return None

    def _rank(self, now: float) -> None:
        count = len(self._waiting) // _RANKED_PART + 1
        best = nlargest(count, self._waiting, key=lambda each: self.urgency(each, now))
        self._ranked = best[::-1]
        self._ranked_at = now


class PollQueue:
    """All polls that are not under way: delayed, or ready.

    Args:
        wanted: see ReadyQueue.

    Attributes:
        ready: the polls that are due.
    """

    __slots__ = ("_delayed", "ready")

    def __init__(self, wanted: Callable[[Poll, float], float]) -> None:
        self.ready = ReadyQueue(wanted)
        self._delayed = DelayQueue()

    def add(self, poll: Poll) -> None:
        """Enter a poll at its `due`."""
        self._delayed.push(poll)

    def put_off(self, poll: Poll, due: float) -> None:
        """Let a poll wait until another time."""
        poll.due = due
        if self.ready:
            self.ready.discard(poll)
        self._delayed.push(poll)

    def make_ready(self, poll: Poll, now: float) -> None:
        """Let a poll be due now."""
        poll.due = min(now, poll.due)
        self.ready.add(poll)

    def drop(self, poll: Poll, others: Collection[Poll]) -> None:
        """Forget a poll that nobody waits for any more, and outdated entries if they are many.

        Args:
            poll: to forget.
            others: all that are still waited for.
        """
        poll.due = inf
        self.ready.discard(poll)
        if len(self._delayed) > _TOO_FEW_TO_CLEAR + 2 * len(others):
            delayed = (each for each in others if each.cut_at is None and each not in self.ready)
            self._delayed.rebuild(delayed)

    def due(self) -> float:
        """Return when the next poll is due, -inf when one is overdue; inf when none is."""
        return -inf if self.ready else self.next_delayed()

    def next_delayed(self) -> float:
        """Return when the next of the delayed polls is due; inf when none waits."""
        while (entry := self._delayed.first()) is not None:
            due, _, poll = entry
            if poll.due == due and poll.cut_at is None:
                return due
            self._delayed.pop()
        return inf

    def pop_unranked(self, now: float, *, plenty: bool) -> Poll | None:
        """Take out the delayed poll that is due first, if ranking it would not matter.

        Ranking costs, and does not matter when it is the only one that is due, or when there is
        room for plenty of polls.

        Args:
            now: the time.
            plenty: whether so many may leave that their order does not matter.
        """
        if self.ready or self.next_delayed() > now:
            return None
        poll = self._delayed.pop()
        if plenty or self.next_delayed() > now:
            return poll
        self.ready.add(poll)
        return None

    def pop_due(self, now: float) -> Iterator[Poll]:
        """Take out every delayed poll that is due."""
        while self.next_delayed() <= now:
            yield self._delayed.pop()
