"""Delays before a request is repeated: after a failure, and while a job ID is unknown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import backoff

from ddswait.service.replies import Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from ddswait.service.replies import Failure

AT_ONCE = 0.001
"""Seconds: as soon as possible, and still later than now."""

LONGEST = 60.0
"""Seconds that our own delay after a failure grows to."""


class _Growth:
    """Delays that double up to a bound, from backoff's generator, each computed once.

    One shared list instead of a generator for each job: a count in the poll is the whole state.
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
            generator = backoff.expo(factor=self._first, max_value=self._longest)
            generator.send(None)
            self._source = generator
        return self._source


_UNKNOWN_JOB = _Growth(first=0.5, longest=5.0)
_FAILURE = _Growth(first=1.0, longest=LONGEST)


def while_unknown(misses: int, random: Random) -> float:
    """Return the delay after the `misses`-th poll that did not know the job ID (from 1).

    "After a job is generated, it takes several seconds to query the job ID" (DDS API reference):
    half a second first, growing to five.
    """
    return _UNKNOWN_JOB[misses - 1] * random.uniform(0.9, 1.1)


def after_failures(failures: int, retry_after: float, longest: float, random: Random) -> float:
    """Return the delay after the `failures`-th failed request in a row (from 1).

    Jitter takes up to half off our own delay, so that many jobs that met one outage come back
    spread out. It only adds to the server's `Retry-After`, which is never undercut.

    Args:
        failures: how many.
        retry_after: seconds that the reply asks to wait; 0 for none.
        longest: seconds of our own delay at most.
        random: the source of jitter.
    """
    own = min(_FAILURE[failures - 1], longest) * random.uniform(0.5, 1.0)
    return max(own, retry_after * random.uniform(1.0, 1.1))


def after_failure(failure: Failure, failures: int, longest: float, random: Random) -> float:
    """Return the delay after a failed poll, the `failures`-th in a row.

    A service that throttles is left alone for longer than one that fails: `longest` is for
    failures, so that a job is polled soon after an outage has passed.
    """
    if not isinstance(failure, Throttled):
        return after_failures(failures, failure.retry_after, longest, random)
    if failure.limit is not None:
        return max(failure.retry_after, AT_ONCE)  # the rate limiter knows when
    return after_failures(failures, failure.retry_after, LONGEST, random)
