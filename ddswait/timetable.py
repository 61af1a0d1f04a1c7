"""What is due when: (due, job ID), earliest first. Pure.

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

    Entry = tuple[float, str]


class Timetable:
    """Entries in the order of their times; equal times in the order of their job IDs."""

    __slots__ = ("_buckets", "_horizon", "_near", "_order", "_size")

    def __init__(self) -> None:
        self._near: list[Entry] = []
        self._horizon = -inf
        self._buckets: dict[int, list[Entry]] = {}
        self._order: list[int] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, due: float, job_id: str) -> None:
        """Enter a job at a finite time."""
        self._size += 1
        if due < self._horizon:
            heappush(self._near, (due, job_id))
            return
        second = int(due)
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = [(due, job_id)]
            heappush(self._order, second)
        else:
            bucket.append((due, job_id))

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

    def rebuild(self, entries: Iterable[Entry]) -> None:
        """Forget everything but these entries."""
        self.__init__()  # type: ignore[misc]
        for due, job_id in entries:
            self.push(due, job_id)
