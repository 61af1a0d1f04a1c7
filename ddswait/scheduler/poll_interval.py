"""When a poll is worth its cost. Pure: ages and beliefs in, seconds out.

Keller's inspection density ("Optimum checking schedules for systems subject to random failure",
1974): when a poll costs as much as C seconds of lateness, the best density of polls at age t is
sqrt(h(t) / 2C), h being the hazard rate of the job's end. So the next poll is due when the
integral of that density since the last poll reaches one.

What is believed about the end:

- With no knowledge: survival (600 / (600 + t))^2, a job of minutes to an hour. The integral then
  has a closed form: sqrt(C (600 + t)) + C / 4, the uninformed interval. It is at most three
  times the user's interval, however old the job is.
- Past durations of the task name (else a typical one): log-logistic, trusted 0.9 (else 0.5).
- Progress that moved: at each change the remaining time is estimated, log-logistic of shape 3,
  trusted 0.8.

Beliefs are mixed by their survival, so one that is contradicted (a job outlives its history,
progress sticks at 99 %) loses its weight by itself. Whatever is believed, an interval stays
within [1/4, 2] of the uninformed one, and within 1 and 60 seconds (the user's interval, if
longer).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

_TRUST_IN_PAST = 0.9
_TRUST_IN_PROGRESS = 0.8
_DOUBT_IN_PROGRESS = 1 - _TRUST_IN_PROGRESS
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
_COST = 1000.0  # seconds in which an interval squared is worth a poll
_MOST_RATIO = 1e9  # its powers are finite
_CLOSE = 0.97  # of a ratio: how close a guess is that needs no other one
_FARTHEST = 16.0  # times: from one guess to the next
_MOST_POWER = 4.0  # of the time; it is more where an end is expected suddenly


class Past(NamedTuple):
    """What past jobs of a name tell: a log-logistic distribution of their seconds, if trusted."""

    median: float
    shape: float
    trust: float = _TRUST_IN_PAST


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
    """Return C, the seconds of lateness that a poll is worth: a user's `interval` suits 400 s."""
    return interval * interval / _COST


def uninformed(interval: float, age: float) -> float:
    """Return the interval when only the age is known."""
    worth = interval * interval / _COST
    seconds, most = sqrt(worth * (_SCALE + age)) + worth / 4, _MOST_INTERVALS * interval
    return seconds if seconds < most else most


def bounds(interval: float, age: float) -> tuple[float, float]:
    """Return the shortest and the longest interval at an age, before jitter."""
    middle = uninformed(interval, age)
    most = interval if interval > _LONGEST else _LONGEST
    shortest, longest = middle / 4, middle * 2
    if shortest < _SHORTEST:
        shortest, longest = _SHORTEST, max(longest, _SHORTEST)
    return (shortest, longest) if longest < most else (min(shortest, most), most)


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
    if past is not None and progress is None:  # many jobs share whole seconds and a name
        return _shared(interval, round(age), past, None) * random.uniform(0.9, 1.1)
    return wanted(interval, age, past, progress) * random.uniform(0.9, 1.1)


def wanted(
    interval: float, age: float, past: Past | None, progress: ProgressEstimate | None
) -> float:
    """Return the seconds of `next_interval` before jitter."""
    if past is None and progress is None:  # within its own bounds but for the fixed ones
        return min(max(uninformed(interval, age), _SHORTEST), max(_LONGEST, interval))
    shortest, longest = bounds(interval, age)
    # The integral, by the midpoint rule over the intervals that are allowed.
    enough = sqrt(2 * cost(interval)) / longest
    before = _before(past, progress)
    density = 0.0
    for begin, middle, width in _STEPS:
        gain = sqrt(_hazard(age + longest * middle, past, progress, before)) * width
        if density + gain >= enough:
            seconds = longest * (begin + width * (enough - density) / gain)
            return min(max(seconds, shortest), longest)
        density += gain
    return longest


_shared = lru_cache(maxsize=4096)(wanted)


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
    ended = _Belief.since(age - waited, past, progress).ended(waited)
    shortest, longest = bounds(interval, age)
    seconds = sqrt(2 * cost(interval) * waited / ended)
    return min(max(seconds, shortest), longest)


def waiting_time(
    interval: float,
    age: float,
    urgency: float,
    past: Past | None,
    progress: ProgressEstimate | None,
) -> float:
    """Return the seconds after which a poll has waited `urgency` times what it wants by then.

    Without its bounds, `wanted_by_now` makes that the time in which (seconds waited) x (likelihood
    of the end since the last poll) reaches a fixed value. It grows about as a power of the time,
    which two guesses show.

    Args:
        interval: see `next_interval`.
        age: of the job at its last poll.
        urgency: how many times longer than it wants the poll waits.
        past: see `next_interval`.
        progress: see `next_interval`.
    """
    belief = _Belief.since(age, past, progress)
    target = 2 * cost(interval) * urgency * urgency
    waits = urgency * uninformed(interval, age)
    ratio = waits * belief.ended(waits) / target
    if not _CLOSE < ratio < 1 / _CLOSE:
        # While the hazard rate stays the same, it grows as the square of the time.
        second = waits / min(max(sqrt(ratio), 1 / _FARTHEST), _FARTHEST)
        second_ratio = second * belief.ended(second) / target
        power = log(second_ratio / ratio) / log(second / waits)
        waits = second * exp(-log(second_ratio) / min(max(power, 1.0), _MOST_POWER))
    shortest, longest = bounds(interval, age + waits)
    return min(max(waits, urgency * shortest), urgency * longest)


def hazard(age: float, past: Past | None = None, progress: ProgressEstimate | None = None) -> float:
    """Return the hazard rate of the end at an age, per second."""
    return _hazard(age, past, progress, _before(past, progress))


def _hazard(
    age: float, past: Past | None, progress: ProgressEstimate | None, before: float
) -> float:
    # Survival and density of each belief, mixed. Of a log-logistic with the survival s, the
    # density is s * (1 - s) * shape / time.
    share = _SCALE / (_SCALE + age)
    survival, density = share * share, 2 * share * share / (_SCALE + age)
    if past is not None:
        median, shape, trust = past
        s = 1 / (1 + _odds(age, median, shape))
        time = age if age > _TINY else _TINY
        gain, doubt = trust * s, 1 - trust
        survival = gain + doubt * survival
        density = gain * (1 - s) * shape / time + doubt * density
    if progress is not None and (time := age - progress.age) > _TINY:  # as of its last change
        s = 1 / (1 + _odds(time, progress.remaining, _SHAPE_OF_PROGRESS))
        gain, doubt = _TRUST_IN_PROGRESS * s, _DOUBT_IN_PROGRESS / before
        survival = gain + doubt * survival
        density = gain * (1 - s) * _SHAPE_OF_PROGRESS / time + doubt * density
    return density / survival


def _before(past: Past | None, progress: ProgressEstimate | None) -> float:
    """Return the survival at the last change of the progress, by the rest of what is believed."""
    return 1.0 if progress is None else _base_survival(progress.age, past)


class _Belief(NamedTuple):
    """What is believed, since a poll that found the job running.

    Attributes:
        age: of the job at that poll, in seconds.
        past: what past jobs of its name tell.
        progress: what its progress promised at its last change.
        before: the survival at the last change of the progress, by the rest of what is believed.
        now: the survival at `age`, or at that change if it was later.
    """

    age: float
    past: Past | None
    progress: ProgressEstimate | None
    before: float
    now: float

    @classmethod
    def since(cls, age: float, past: Past | None, progress: ProgressEstimate | None) -> _Belief:
        """Return what is believed since a poll at an age."""
        before = _before(past, progress)
        if progress is None:
            return cls(age, past, None, before, _base_survival(age, past) if age > 0 else 1.0)
        if age <= progress.age:  # it has changed at that poll, or a list showed so since
            return cls(age, past, progress, before, 1.0)
        return cls(age, past, progress, before, _survival(age, past, progress, before))

    def ended(self, waited: float) -> float:
        """Return how likely the end has come after so many seconds; never 0."""
        age, past, progress, before, now = self
        if progress is None:
            likely = 1 - _base_survival(age + waited, past) / now
        else:
            likely = 1 - _survival(age + waited, past, progress, before) / now
        return likely if likely > _TINY else _TINY


def _survival(age: float, past: Past | None, progress: ProgressEstimate, before: float) -> float:
    """Return the survival at an age, since the last change of the progress."""
    odds = _odds(age - progress.age, progress.remaining, _SHAPE_OF_PROGRESS)
    by_age = _base_survival(age, past) / before
    return _TRUST_IN_PROGRESS / (1 + odds) + _DOUBT_IN_PROGRESS * by_age


def _base_survival(age: float, past: Past | None) -> float:
    """Return the survival at an age, without progress."""
    share = _SCALE / (_SCALE + age)
    if past is None:
        return share * share
    odds = _odds(age, past.median, past.shape)
    return past.trust / (1 + odds) + (1 - past.trust) * share * share


def _odds(time: float, median: float, shape: float) -> float:
    """Return how much more likely than not the end has come, by a log-logistic distribution."""
    ratio = (time if time > _TINY else _TINY) / (median if median > _TINY else _TINY)
    return float((ratio if ratio < _MOST_RATIO else _MOST_RATIO) ** shape)
