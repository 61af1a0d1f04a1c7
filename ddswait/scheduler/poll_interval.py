"""When a poll is worth its cost. Pure: ages and beliefs in, seconds out.

Keller's inspection density ("Optimum checking schedules for systems subject to random failure",
1974): when a poll costs as much as C seconds of lateness, the best density of polls at age t is
sqrt(h(t) / 2C), h being the hazard rate of the job's end. So the next poll is due when the
integral of that density since the last poll reaches one.

What is believed about the end is in expected_end.py. With no knowledge the integral has a closed
form: sqrt(C (600 + t)) + C / 4, the uninformed interval. It is at most three times the user's
interval, however old the job is. Whatever is believed, an interval stays within [1/4, 2] of the
uninformed one, and within 1 and 60 seconds (the user's interval, if longer).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import exp, frexp, log, sqrt
from typing import TYPE_CHECKING

from ddswait.scheduler.expected_end import SCALE, Belief, hazard_given, survival_at_change

if TYPE_CHECKING:
    from random import Random

    from ddswait.scheduler.expected_end import Past, ProgressEstimate

_SHORTEST, _LONGEST = 1.0, 60.0
_MOST_INTERVALS = 3.0  # of the user's: what the uninformed interval grows to with the job's age
# The integral's steps as shares of the longest interval: (begin, middle, width). They grow, since
# the hazard may change within seconds where an interval is short. In the worst hundredth of odd
# beliefs these are 7 % off; half as many again, all equal, are 3.6 times too long.
_EDGES: list[float] = [(step / 16) ** 2.25 for step in range(17)]
_STEPS = [(low, (low + high) / 2, high - low) for low, high in pairwise(_EDGES)]
_COST = 1000.0  # seconds in which an interval squared is worth a poll
_CLOSE = 0.97  # of a ratio: how close a guess is that needs no other one
_FARTHEST = 16.0  # times: from one guess to the next
_MOST_POWER = 4.0  # of the time; it is more where an end is expected suddenly
_REMEMBERED = 4096  # results that many jobs share
_AGE_BITS = 7  # of an age that they share


def cost(interval: float) -> float:
    """Return C, the seconds of lateness that a poll is worth: a user's `interval` suits 400 s."""
    return interval * interval / _COST


def uninformed(interval: float, age: float) -> float:
    """Return the interval when only the age is known."""
    worth = interval * interval / _COST
    seconds, most = sqrt(worth * (SCALE + age)) + worth / 4, _MOST_INTERVALS * interval
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
    if past is not None and progress is None:
        return _remembered(interval, _common(age), past, None) * random.uniform(0.9, 1.1)
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
    before = survival_at_change(past, progress)
    density = 0.0
    for begin, middle, width in _STEPS:
        gain = sqrt(hazard_given(age + longest * middle, past, progress, before)) * width
        if density + gain >= enough:
            seconds = longest * (begin + width * (enough - density) / gain)
            return min(max(seconds, shortest), longest)
        density += gain
    return longest


def _common(age: float) -> float:
    """Return an age that many jobs share: whole seconds, or for old jobs a percent off at most."""
    step = float(1 << max(frexp(age)[1] - _AGE_BITS, 0))
    return round(age / step) * step


# Many jobs share an age and a name.
_remembered = lru_cache(_REMEMBERED)(wanted)


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
    ended = Belief.since(age - waited, past, progress).ended(waited)
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
    if progress is None:
        return _remembered_waiting_time(interval, _common(age), urgency, past, None)
    return _waiting_time(interval, age, urgency, past, progress)


def _waiting_time(
    interval: float,
    age: float,
    urgency: float,
    past: Past | None,
    progress: ProgressEstimate | None,
) -> float:
    belief = Belief.since(age, past, progress)
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


_remembered_waiting_time = lru_cache(_REMEMBERED)(_waiting_time)
