"""A queue in the order of times, for very many polls. Pure.

- The earliest entry leaves first; of equal times, the one with the smallest job ID.
- An entry that is outdated is skipped: whoever puts a poll elsewhere need not look for it here.
- Memory is bounded by the polls that wait: outdated entries are cleared away when they may
  outnumber the others.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Entry = TypeVar("_Entry", bound=tuple[Any, ...])  # time, job ID, poll
_TOO_FEW_TO_CLEAR = 64  # outdated entries


class TimeQueue(Generic[_Entry]):
    """Entries that begin with time, job ID and poll, in the order of their times.

    A plain heap of a hundred thousand entries costs twice as much per poll as one of a thousand:
    each operation walks the whole depth, and every step misses the processor's cache. So only
    the entries of the running second are kept as a heap. The rest lies unsorted in buckets of
    a second, each sorted once, when its turn comes. The poll is part of its entry: a lookup
    by its ID would miss the cache once more.

    Args:
        is_current: whether an entry is not outdated.
    """

    __slots__ = ("_buckets", "_horizon", "_is_current", "_most", "_near", "_order", "_size")

    def __init__(self, is_current: Callable[[_Entry], bool]) -> None:
        self._is_current = is_current
        self._most = _TOO_FEW_TO_CLEAR
        self._clear()

    def _clear(self) -> None:
        self._near: list[_Entry] = []
        self._horizon = -inf
        self._buckets: dict[int, list[_Entry]] = {}
        self._order: list[int] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, entry: _Entry) -> None:
        """Add an entry, whose time is finite."""
        self._size += 1
        at = entry[0]
        if at < self._horizon:
            heappush(self._near, entry)
            return
        second = int(at)
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = [entry]
            heappush(self._order, second)
        else:
            bucket.append(entry)

    def first(self) -> _Entry | None:
        """Return the earliest entry without taking it out; None if the queue is empty."""
        near, is_current = self._near, self._is_current
        while True:
            while near:
                entry = near[0]
                if is_current(entry):
                    return entry
                heappop(near)
                self._size -= 1
            if not self._order:
                return None
            second = heappop(self._order)
            near = self._near = self._buckets.pop(second)
            near.sort()  # a sorted list is a heap
            self._horizon = second + 1.0

    def pop(self) -> _Entry:
        """Take out the entry that first() has returned."""
        self._size -= 1
        return heappop(self._near)

    def forget_one(self) -> None:
        """Expect one poll less; clear outdated entries away, if they are many."""
        self._most = max(self._most - 2, _TOO_FEW_TO_CLEAR)
        self.compact()

    def compact(self) -> None:
        """Clear outdated entries away, once they may outnumber the others."""
        if self._size <= self._most:
            return
        entries = chain(self._near, *self._buckets.values())
        # A poll may have come back to a time that it had before.
        current = dict.fromkeys(filter(self._is_current, entries))
        self._clear()
        for entry in current:
            self.push(entry)
        self._most = _TOO_FEW_TO_CLEAR + 2 * self._size
