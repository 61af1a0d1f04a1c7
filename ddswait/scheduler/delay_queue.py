"""What is due when: (due, job ID, watch), earliest first. Pure.

A plain heap of a hundred thousand entries costs twice as much per poll as one of a thousand: each
operation walks the whole depth, and every step is a miss of the processor's cache. So only what
is due within the running second is kept as a heap. The rest lies unsorted in buckets of a second,
each sorted once, when its turn comes.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.scheduler.poll import Poll

    Entry = tuple[float, str, Poll]


class DelayQueue:
    """Entries in the order of their times; equal times in the order of their job IDs.

    The watch rides along: looking it up by its ID would be the next miss of the cache.
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

    def push(self, watch: Poll) -> None:
        """Enter a watch at its finite `due`."""
        due = watch.due
        self._size += 1
        if due < self._horizon:
            heappush(self._near, (due, watch.job_id, watch))
            return
        second = int(due)
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = [(due, watch.job_id, watch)]
            heappush(self._order, second)
        else:
            bucket.append((due, watch.job_id, watch))

    def first(self) -> Entry | None:
        """Return the earliest entry without taking it out; None when there is none."""
        if not self._near:
            if not self._order:
                return None
            second = heappop(self._order)
            self._near = self._buckets.pop(second)
            self._near.sort()  # a sorted list is a heap
            self._horizon = second + 1.0
        return self._near[0]

    def pop(self) -> Entry:
        """Take out the entry that first() has returned."""
        self._size -= 1
        return heappop(self._near)

    def rebuild(self, watches: Iterable[Poll]) -> None:
        """Forget everything but these watches."""
        self.__init__()  # type: ignore[misc]
        for watch in watches:
            self.push(watch)
