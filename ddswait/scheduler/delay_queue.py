"""Which poll is due when. Pure."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import chain
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.compaction import Compacted

if TYPE_CHECKING:
    from ddswait.scheduler.poll import Poll

    Entry = tuple[float, str, Poll]


class DelayQueue(Compacted):
    """Entries in the order of their times; equal times in the order of their job IDs.

    A plain heap of a hundred thousand entries costs twice as much per poll as one of a thousand:
    each operation walks the whole depth, and every step misses the processor's cache. So only
    what is due within the running second is kept as a heap. The rest lies unsorted in buckets of
    a second, each sorted once, when its turn comes. The poll is part of its entry: a lookup
    by its ID would miss the cache once more.
    """

    __slots__ = ("_buckets", "_horizon", "_near", "_order", "_size")

    def __init__(self) -> None:
        super().__init__()
        self._clear()

    def _clear(self) -> None:
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

    def _clear_outdated(self) -> None:
        entries = chain(self._near, *self._buckets.values())
        polls = dict.fromkeys(poll for due, _, poll in entries if is_current(due, poll))
        self._clear()
        for poll in polls:
            self.push(poll)


def is_current(due: float, poll: Poll) -> bool:
    """Whether an entry is the one of a poll that waits, and not outdated."""
    return poll.due == due and poll.cut_at is None
