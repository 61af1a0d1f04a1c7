"""When the next look is worth its cost. Pure: ages and beliefs in, pauses in seconds out.

Keller's inspection density ("Optimum checking schedules for systems subject to random failure",
1974): when a look costs what C seconds of lateness cost, the best density of looks at age t is
sqrt(h(t) / 2C), h being the hazard rate of the job's end. So the next look is due when the
integral of that density since the last look reaches one.

What is believed of the end:

- Nothing: survival (600 / (600 + t))^2, a job of minutes to an hour. The integral then has a
  closed form, the blind rule: sqrt(C (600 + t)) + C / 4.
- Past durations of the same task name: a log-logistic around their median, trusted 0.9.
- Progress that moved: at each change the remaining time is estimated, log-logistic of shape 3,
  trusted 0.8.

Beliefs are mixed by their survival, so one that is contradicted (a job outlives its history,
progress sticks at 99 %) loses its weight by itself. Whatever is believed, a pause stays within
[1/4, 2] of the blind one, and within 1 and 60 seconds (the user's interval, if longer).
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
# The integral's steps as shares of the longest pause: (begin, middle, width). They grow, since the
# hazard may change within seconds where a pause is short; equal ones were 0.9 off in the worst
# hundredth.
_EDGES = [(step / 24) ** 2 for step in range(25)]
_STEPS = [(low, (low + high) / 2, high - low) for low, high in pairwise(_EDGES)]
_TINY = 1e-9


class Past(NamedTuple):
    """What past jobs of a name tell: a log-logistic distribution of their durations."""

    median: float
    shape: float


class Hope(NamedTuple):
    """What progress told when it last changed, at `age`: `remaining` seconds, give or take."""

    age: float
    remaining: float


def hope(age: float, percent: int) -> Hope | None:
    """Return what progress promises that has just changed to `percent`; None for nothing.

    A percentage is cut off, so the share done is half a percent more, on average.
    """
    if not percent > 0 or age <= 0:
        return None
    share = min(percent + 0.5, 99.5) / 100
    return Hope(age, age * (1 - share) / share)


def cost(interval: float) -> float:
    """Return C, the seconds of lateness that one look is worth, for a user's `interval`.

    With it the blind rule gives about `interval` at the age of 400 s.
    """
    return interval * interval / 1000


def blind(interval: float, age: float) -> float:
    """Return the pause when nothing is known but the age."""
    worth = cost(interval)
    return sqrt(worth * (_SCALE + age)) + worth / 4


def bounds(interval: float, age: float) -> tuple[float, float]:
    """Return the shortest and the longest pause at an age, before jitter."""
    middle = blind(interval, age)
    longest = max(_LONGEST, interval)
    return min(max(middle / 4, _SHORTEST), longest), min(max(middle * 2, _SHORTEST), longest)


def until_next_look(
    interval: float, age: float, random: Random, past: Past | None = None, told: Hope | None = None
) -> float:
    """Return the pause before a visible job is looked at again.

    Jittered by a tenth, so that jobs that were started together do not stay in step.

    Args:
        interval: seconds; about how often to look when nothing is known.
        age: seconds since the job was created.
        random: the source of the jitter.
        past: what past jobs of its name tell.
        told: what its progress promised at its last change.
    """
    return wanted(interval, age, past, told) * random.uniform(0.9, 1.1)


def wanted(interval: float, age: float, past: Past | None, told: Hope | None) -> float:
    """Return the pause of `until_next_look` before jitter."""
    shortest, longest = bounds(interval, age)
    if past is None and told is None:
        return min(max(blind(interval, age), shortest), longest)
    # The integral, by the midpoint rule over the pauses that are allowed.
    enough = sqrt(2 * cost(interval)) / longest
    density = 0.0
    for begin, middle, width in _STEPS:
        gain = sqrt(hazard(age + longest * middle, past, told)) * width
        if density + gain >= enough:
            pause = longest * (begin + width * (enough - density) / gain)
            return min(max(pause, shortest), longest)
        density += gain
    return longest


def by_now(
    interval: float, age: float, waited: float, past: Past | None, told: Hope | None
) -> float:
    """Return the pause that suits how likely the end has come since the last look.

    It is the one for a hazard rate that stays at that likelihood per second. The rate of this
    very moment says too little: it falls when an end was due and may have come.

    Args:
        interval: see `until_next_look`.
        age: see `until_next_look`.
        waited: seconds since the last look.
        past: see `until_next_look`.
        told: see `until_next_look`.
    """
    begin = max(age - waited, 0.0 if told is None else told.age)
    ended = 1 - _belief(age, past, told)[0] / _belief(begin, past, told)[0]
    shortest, longest = bounds(interval, age)
    return min(max(sqrt(2 * cost(interval) * waited / max(ended, _TINY)), shortest), longest)


def hazard(age: float, past: Past | None = None, told: Hope | None = None) -> float:
    """Return the hazard rate of the end at an age, per second."""
    survival, density = _belief(age, past, told if told and age > told.age else None)
    return density / survival


def _belief(age: float, past: Past | None, told: Hope | None) -> tuple[float, float]:
    """Return survival and density at an age; with progress, as of its last change."""
    survival, density = _base(age, past)
    if told is None:
        return survival, density
    before, _ = _base(told.age, past)
    s, f = _log_logistic(age - told.age, told.remaining, _SHAPE_OF_PROGRESS)
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
    odds = (time / max(median, _TINY)) ** shape
    survival = 1 / (1 + odds)
    return survival, shape / time * odds * survival * survival
