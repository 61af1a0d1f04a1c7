"""How long a job will still take, as far as its progress and past jobs tell. Pure; seconds.

The rules

1. Progress that moves gives the estimate: its rate so far. The usual duration of past jobs is the
prior of that rate. It counts like a fifth of a job that has been seen already.
2. Without progress, past jobs alone give the estimate: the time in which half of those end that
are as old as this job.
3. Progress that stands still too long is not trusted, and neither are past jobs of which hardly any
took so long. When nothing is left to trust, there is no estimate.
4. An estimate never contradicts the bar beside it. Of two jobs of one age and name, the one with
more progress never has the longer estimate. So nothing but age, progress and past jobs is counted;
how progress moved decides only whether it is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pow  # noqa: A004 - of floats, which ** is not for a type checker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.scheduler.expected_end import Past

_PRIOR = 0.2  # of a job: how much the past counts beside the progress that was made
_FEWEST = 0.05  # share of the past jobs that took so long, below which they say nothing
_SHORTEST_STALL = 20.0  # a standstill shorter than this can be a matter of the poll interval
_MOST_STEPS = 3.0  # of the longest time that a change has taken so far
_SHARE_OF_PAST = 0.25  # of the usual duration: how long the first progress may stand still


@dataclass(slots=True)
class ProgressSeen:
    """How the progress of one job has moved; ages in seconds.

    Attributes:
        percent: the last progress; None without any.
        since: the age of the job when that progress was first seen.
        has_moved: whether it has been seen to grow.
        longest_step: the longest time between two changes.
    """

    percent: int | None = None
    since: float = 0.0
    has_moved: bool = False
    longest_step: float = 0.0

    def see(self, percent: int | None, age: float) -> None:
        """Take the progress that a reply states, at an age of the job."""
        if percent == self.percent:
            return
        if self.percent is not None:
            grows = percent is not None and percent > self.percent
            # Progress that falls begins again.
            self.has_moved = grows
            self.longest_step = max(self.longest_step, age - self.since) if grows else 0.0
        self.percent, self.since = percent, age


def time_left(age: float, progress: ProgressSeen, past: Past | None) -> float | None:
    """Return for how long a job will still run; None if there is nothing to trust.

    Args:
        age: seconds since the job was created.
        progress: what was seen of its progress.
        past: what past jobs of its name tell; None without any.
    """
    if past is not None and _share_as_old(age, past) < _FEWEST:
        past = None
    percent = progress.percent
    if percent is None:
        return None if past is None else _by_past(age, past)
    if not _is_trusted(age, progress, past):
        return None
    # A percentage is rounded down, so the share done is half a percent more, on average.
    done = min(max(percent, 0) + 0.5, 100.0) / 100 if percent < 100 else 1.0  # noqa: PLR2004
    prior = 0.0 if past is None else _PRIOR
    usual = 0.0 if past is None else past.median
    return (1 - done) * (max(age, 0.0) + prior * usual) / (done + prior)


def time_left_of(estimates: Iterable[float | None], needed: int) -> float | None:
    """Return for how long it will take until so many jobs have ended; None if nobody can know.

    Args:
        estimates: of each job that runs.
        needed: how many of them must end, at least one.
    """
    known = sorted(each for each in estimates if each is not None)
    return known[needed - 1] if 0 < needed <= len(known) else None


def rounded(seconds: float) -> float:
    """Return an estimate without the digits that nobody can know."""
    for limit, step in ((10.0, 1.0), (60.0, 5.0), (600.0, 15.0)):
        if seconds < limit:
            return round(seconds / step) * step
    return round(seconds / 60) * 60.0


def _is_trusted(age: float, progress: ProgressSeen, past: Past | None) -> bool:
    stands_still = age - progress.since
    if progress.has_moved:
        return stands_still <= max(_SHORTEST_STALL, _MOST_STEPS * progress.longest_step)
    if past is None:
        return False
    return stands_still <= max(_SHORTEST_STALL, _SHARE_OF_PAST * past.median)


def _share_as_old(age: float, past: Past) -> float:
    """Return the share of past jobs that took longer than `age`: a log-logistic survival."""
    return 1 / (1 + _odds(age, past))


def _by_past(age: float, past: Past) -> float:
    """Return the time in which half of the past jobs ended that were as old as this one."""
    longer = past.median * pow(1 + 2 * _odds(age, past), 1 / past.shape)
    return max(longer - max(age, 0.0), 0.0)


def _odds(age: float, past: Past) -> float:
    # At a hundred times the median, no past job says anything any more; higher powers overflow.
    return pow(min(max(age, 0.0) / past.median, 100.0), past.shape)
