"""A queue of polls in the order of times, for very many polls. Pure.

- The earliest poll leaves first; of equal times, the one with the smallest job ID.
- An entry is outdated when its poll waits for another time, or no more: it is skipped. So whoever
  puts a poll elsewhere need not look for it here.
- Memory is bounded by the polls that wait: outdated entries are cleared away when they may
  outnumber the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import insort
from collections import deque
from heapq import heappop, heappush
from itertools import chain
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.scheduler.poll import Poll

_TOO_FEW_TO_CLEAR = 64  # outdated entries
_WIDE = 1.0  # seconds
_VERY_MANY = 10_000  # entries: a second of so many is about as large as a cache
_FEW = 2_500  # entries


class TimeQueue(ABC):
    """Polls in the order of their times.

    A heap of a hundred thousand entries costs twice as much per poll as one of a thousand: each
    operation walks the whole depth, and every step misses the processor's cache. So only the
    entries of the present bucket are kept in order. The other polls lie unsorted in buckets of
    some seconds, and each bucket is sorted once, when its turn comes.

    Attributes:
        narrow: the seconds of a bucket when very many polls wait, a power of two: the polls of a
            narrow one are still in the cache when they leave. Wide ones are cheaper for few.
        at: no entry is earlier; inf when the queue is empty.
        expected: how many polls wait; entries are cleared away when there are twice as many.
    """

    narrow = _WIDE
    __slots__ = ("_buckets", "_horizon", "_near", "_order", "_size", "_width", "at", "expected")

    def __init__(self) -> None:
        self.expected = 0
        self._width = _WIDE
        self._clear()

    def _clear(self) -> None:
        self._near: deque[tuple[float, str, Poll]] = deque()
        self._horizon = -inf
        self._buckets: dict[float, list[Poll]] = {}
        self._order: list[float] = []
        self._size = 0
        self.at = inf

    def __len__(self) -> int:
        return self._size

    def polls(self) -> Iterable[Poll]:
        """Return the polls of all entries, outdated ones too, each once."""
        near = (poll for _, _, poll in self._near)
        return dict.fromkeys(chain(near, *self._buckets.values()))

    @abstractmethod
    def time_of(self, poll: Poll) -> float:
        """Return the time for which a poll waits here; nan or inf if it does not."""

    def push(self, at: float, poll: Poll) -> None:
        """Add a poll whose time is `at`, which is finite."""
        self._size += 1
        if at < self._horizon:
            insort(self._near, (at, poll.job_id, poll))
            self.at = self._near[0][0]
            return
        width = self._width
        begin = at // width * width
        bucket = self._buckets.get(begin)
        if bucket is None:
            self._buckets[begin] = [poll]
            heappush(self._order, begin)
            if not self._near:
                self.at = self._order[0]
            self._fit()
        else:
            bucket.append(poll)

    def _fit(self) -> None:
        """Make the buckets narrow when very many polls wait, and wide again when few do."""
        size, width = self._size, self._width
        width = self.narrow if size > _VERY_MANY else _WIDE if size < _FEW else width
        if width != self._width:
            self._width = width
            self._refill()

    def first(self, until: float = inf) -> Poll | None:
        """Return the earliest poll without taking it out, and let `at` be its time.

        Args:
            until: leaves buckets closed that begin later, so that polls in them are not found.
        """
        while True:
            near = self._near
            while near:
                at, _, poll = near[0]
                if self.time_of(poll) == at:
                    self.at = at
                    return poll
                near.popleft()
                self._size -= 1
            if not self._order:
                self.at = inf
                return None
            if self._order[0] > until:
                self.at = self._order[0]
                return None
            self._open()

    def _open(self) -> None:
        """Put the polls of the next bucket in order."""
        begin = heappop(self._order)
        end = begin + self._width
        polls = self._buckets.pop(begin)
        entries = [
            (at, poll.job_id, poll)
            for poll in dict.fromkeys(polls)
            if begin <= (at := self.time_of(poll)) < end
        ]
        entries.sort()
        self._near = deque(entries)
        self._horizon = end
        self._size += len(entries) - len(polls)

    def pop(self) -> Poll:
        """Take out the poll that first() has returned."""
        self._size -= 1
        near = self._near
        poll = near.popleft()[2]
        self.at = near[0][0] if near else self._order[0] if self._order else inf
        return poll

    def forget_one(self) -> None:
        """Expect one poll less; clear outdated entries away, if they are many."""
        self.expected -= 1
        self.compact()

    def compact(self) -> None:
        """Clear outdated entries away, once they may outnumber the others."""
        if self._size <= _TOO_FEW_TO_CLEAR + 2 * max(self.expected, 0):
            return
        self._refill()
        self.expected = self._size

    def _refill(self) -> None:
        """Enter anew every poll that still waits."""
        polls = self.polls()
        self._clear()
        buckets, width = self._buckets, self._width
        for poll in polls:
            at = self.time_of(poll)
            if at < inf:
                buckets.setdefault(at // width * width, []).append(poll)
                self._size += 1
        self._order = sorted(buckets)  # which is a heap
        self.at = self._order[0] if buckets else inf
