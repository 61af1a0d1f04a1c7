"""What is believed about when a job ends. Pure: ages in seconds.

- With no knowledge: survival (600 / (600 + t))^2, a job of minutes to an hour.
- Past durations of the task name (else a typical one): log-logistic, trusted 0.9 (else 0.5).
- Progress that moved: at each change the remaining time is estimated, log-logistic of shape 3,
  trusted 0.8.

Beliefs are mixed by their survival, so one that is contradicted (a job outlives its history,
progress sticks at 99 %) loses its weight by itself.
"""

from __future__ import annotations

from typing import NamedTuple

_TRUST_IN_PAST = 0.9
_TRUST_IN_PROGRESS = 0.8
_DOUBT_IN_PROGRESS = 1 - _TRUST_IN_PROGRESS
_SHAPE_OF_PROGRESS = 3.0
SCALE = 600.0
"""Seconds: the time in which three jobs of four end, when nothing is known."""
_TINY = 1e-9
_MOST_RATIO = 1e9  # its powers are finite


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


def hazard(age: float, past: Past | None = None, progress: ProgressEstimate | None = None) -> float:
    """Return the hazard rate of the end at an age, per second."""
    return hazard_given(age, past, progress, survival_at_change(past, progress))


def hazard_given(
    age: float, past: Past | None, progress: ProgressEstimate | None, before: float
) -> float:
    """Return `hazard`, by a `survival_at_change` that serves for many ages."""
    # Survival and density of each belief, mixed. Of a log-logistic with the survival s, the
    # density is s * (1 - s) * shape / time.
    share = SCALE / (SCALE + age)
    survival, density = share * share, 2 * share * share / (SCALE + age)
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


def survival_at_change(past: Past | None, progress: ProgressEstimate | None) -> float:
    """Return the survival at the last change of the progress, by the rest of what is believed."""
    return 1.0 if progress is None else _base_survival(progress.age, past)


class Belief(NamedTuple):
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
    def since(cls, age: float, past: Past | None, progress: ProgressEstimate | None) -> Belief:
        """Return what is believed since a poll at an age."""
        before = survival_at_change(past, progress)
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
    share = SCALE / (SCALE + age)
    if past is None:
        return share * share
    odds = _odds(age, past.median, past.shape)
    return past.trust / (1 + odds) + (1 - past.trust) * share * share


def _odds(time: float, median: float, shape: float) -> float:
    """Return how much more likely than not the end has come, by a log-logistic distribution."""
    ratio = (time if time > _TINY else _TINY) / (median if median > _TINY else _TINY)
    return float((ratio if ratio < _MOST_RATIO else _MOST_RATIO) ** shape)
