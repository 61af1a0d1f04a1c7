"""When a poll is worth its cost. Pure: ages and beliefs in, seconds out.

Keller's inspection density ("Optimum checking schedules for systems subject to random failure",
1974): when a poll costs as much as C seconds of lateness, the best density of polls at age t is
sqrt(h(t) / 2C), h being the hazard rate of the job's end. So the next poll is due when the
integral of that density since the last poll reaches one.

What is believed about the end:

- With no knowledge: survival (600 / (600 + t))^2, a job of minutes to an hour. The integral then
  has a closed form: sqrt(C (600 + t)) + C / 4, the uninformed interval. It is at most three
  times the user's interval, however old the job is.
- Past durations of the same task name: a log-logistic around their median, trusted 0.9.
- Progress that moved: at each change the remaining time is estimated, log-logistic of shape 3,
  trusted 0.8.

Beliefs are mixed by their survival, so one that is contradicted (a job outlives its history,
progress sticks at 99 %) loses its weight by itself. Whatever is believed, an interval stays
within [1/4, 2] of the uninformed one, and within 1 and 60 seconds (the user's interval, if
longer).
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

_TRUST_IN_PAST = 0.9
_TRUST_IN_PROGRESS = 0.8
_SHAPE_OF_PROGRESS = 3.0
_SCALE = 600.0  # seconds: the time in which three jobs of four end, when nothing is known
_SHORTEST, _LONGEST = 1.0, 60.0
_MOST_INTERVALS = 3.0  # of the user's: what the uninformed interval grows to with the job's age
# The integral's steps as shares of the longest interval: (begin, middle, width). They grow, since
# the hazard may change within seconds where an interval is short; equal ones were 0.9 off in the
# worst hundredth.
_EDGES = [(step / 24) ** 2 for step in range(25)]
_STEPS = [(low, (low + high) / 2, high - low) for low, high in pairwise(_EDGES)]
_TINY = 1e-9
_MOST_RATIO = 1e9  # its powers are finite


class Past(NamedTuple):
    """What past jobs of a name tell: a log-logistic distribution of their durations, in seconds."""

    median: float
    shape: float


class ProgressEstimate(NamedTuple):
    """What progress promised when it last changed, at `age`: about `remaining` seconds more."""

    age: float
    remaining: float


def estimate(age: float, percent: int | None) -> ProgressEstimate | None:
    """Return what progress promises that has just changed to `percent`; None for nothing.

    A percentage is rounded down, so the share done is half a percent more, on average.
    """
    if percent is None or not percent > 0 or age <= 0:
        return None
    share = min(percent + 0.5, 99.5) / 100
    return ProgressEstimate(age, age * (1 - share) / share)


def cost(interval: float) -> float:
    """Return C, the seconds of lateness that one poll is worth, for a user's `interval`.

    With it the uninformed interval is about the user's at the age of 400 s.
    """
    return interval * interval / 1000


def uninformed(interval: float, age: float) -> float:
    """Return the interval when only the age is known."""
    worth = cost(interval)
    return min(sqrt(worth * (_SCALE + age)) + worth / 4, _MOST_INTERVALS * interval)


def bounds(interval: float, age: float) -> tuple[float, float]:
    """Return the shortest and the longest interval at an age, before jitter."""
    middle = uninformed(interval, age)
    longest = max(_LONGEST, interval)
    return min(max(middle / 4, _SHORTEST), longest), min(max(middle * 2, _SHORTEST), longest)


def next_interval(
    interval: float,
    age: float,
    random: Random,
    past: Past | None = None,
    progress: ProgressEstimate | None = None,
) -> float:
    """Return the seconds before a visible job is polled again.

    Jittered by a tenth, so that jobs that were started together do not stay in step.

    Args:
        interval: seconds; about how often to poll when nothing is known.
        age: seconds since the job was created.
        random: the source of the jitter.
        past: what past jobs of its name tell.
        progress: what its progress promised at its last change.
    """
    return wanted(interval, age, past, progress) * random.uniform(0.9, 1.1)


def wanted(
    interval: float, age: float, past: Past | None, progress: ProgressEstimate | None
) -> float:
    """Return the seconds of `next_interval` before jitter."""
    shortest, longest = bounds(interval, age)
    if past is None and progress is None:
        return min(max(uninformed(interval, age), shortest), longest)
    # The integral, by the midpoint rule over the intervals that are allowed.
    enough = sqrt(2 * cost(interval)) / longest
    density = 0.0
    for begin, middle, width in _STEPS:
        gain = sqrt(hazard(age + longest * middle, past, progress)) * width
        if density + gain >= enough:
            seconds = longest * (begin + width * (enough - density) / gain)
            return min(max(seconds, shortest), longest)
        density += gain
    return longest


def wanted_by_now(
    interval: float, age: float, waited: float, past: Past | None, progress: ProgressEstimate | None
) -> float:
    """Return the interval that suits how likely the end has come since the last poll.

    It is the one for a hazard rate that stays at that likelihood per second. The rate of this
    very moment says too little: it falls when an end was due and may have come.

    Args:
        interval: see `next_interval`.
        age: see `next_interval`.
        waited: seconds since the last poll.
        past: see `next_interval`.
        progress: see `next_interval`.
    """
    begin = max(age - waited, 0.0 if progress is None else progress.age)
    ended = 1 - _belief(age, past, progress)[0] / _belief(begin, past, progress)[0]
    shortest, longest = bounds(interval, age)
    return min(max(sqrt(2 * cost(interval) * waited / max(ended, _TINY)), shortest), longest)


def hazard(age: float, past: Past | None = None, progress: ProgressEstimate | None = None) -> float:
    """Return the hazard rate of the end at an age, per second."""
    survival, density = _belief(age, past, progress if progress and age > progress.age else None)
    return density / survival


def _belief(
    age: float, past: Past | None, progress: ProgressEstimate | None
) -> tuple[float, float]:
    """Return survival and density at an age; with progress, as of its last change."""
    survival, density = _base(age, past)
    if progress is None:
        return survival, density
    before, _ = _base(progress.age, past)
    s, f = _log_logistic(age - progress.age, progress.remaining, _SHAPE_OF_PROGRESS)
    return (
        _TRUST_IN_PROGRESS * s + (1 - _TRUST_IN_PROGRESS) * survival / before,
        _TRUST_IN_PROGRESS * f + (1 - _TRUST_IN_PROGRESS) * density / before,
    )


def _base(age: float, past: Past | None) -> tuple[float, float]:
    """Return survival and density at an age, without progress."""
    share = _SCALE / (_SCALE + age)
    survival, density = share * share, 2 * share * share / (_SCALE + age)
    if past is None:
        return survival, density
    s, f = _log_logistic(age, past.median, past.shape)
    return (
        _TRUST_IN_PAST * s + (1 - _TRUST_IN_PAST) * survival,
        _TRUST_IN_PAST * f + (1 - _TRUST_IN_PAST) * density,
    )


def _log_logistic(time: float, median: float, shape: float) -> tuple[float, float]:
    time = max(time, _TINY)
    odds = min(time / max(median, _TINY), _MOST_RATIO) ** shape
    survival = 1 / (1 + odds)
    return survival, shape / time * odds * survival * survival
