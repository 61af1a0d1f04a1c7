"""Pauses while there is nothing to know: an ID that is unknown, a look that failed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


class _Growth:
    """Pauses that double up to a bound, from backoff's generator, each computed once.

    One shared list instead of a generator for each job: a count in the watch is the whole state.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._source: Iterator[float] | None = None
        self._steps: list[float] = []

    def __getitem__(self, count: int) -> float:
        while len(self._steps) <= count and self._longest not in self._steps[-1:]:
            self._steps.append(next(self._generator()))
        return self._steps[min(count, len(self._steps) - 1)]

    def _generator(self) -> Iterator[float]:
        if self._source is None:
            import backoff  # a wait that meets no fault never pays for it

            generator = backoff.expo(factor=self._first, max_value=self._longest)
            generator.send(None)
            self._source = generator
        return self._source


_UNSEEN = _Growth(first=0.5, longest=5.0)
_AFTER_FAULT = _Growth(first=1.0, longest=60.0)


def while_not_visible(misses: int, random: Random) -> float:
    """Return the pause after the `misses`-th look that did not know the job ID (from 1).

    "After a job is generated, it takes several seconds to query the job ID" (DDS API reference):
    half a second first, growing to five.
    """
    return _UNSEEN[misses - 1] * random.uniform(0.9, 1.1)


def after_fault(faults: int, retry_after: float, random: Random) -> float:
    """Return the pause after the `faults`-th failed look in a row (from 1).

    Jitter takes up to half off our own pause, so that many jobs that met one outage come back
    spread out, and only adds to the server's `Retry-After`, which is never undercut.
    """
    own = _AFTER_FAULT[faults - 1] * random.uniform(0.5, 1.0)
    return max(own, retry_after * random.uniform(1.0, 1.1))
