"""What a checker of a promise is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts
    from tests.simulation.observed import Flight, Wait

MOMENT = 1e-6
"""Seconds: less than that is the rounding of floats."""


class BrokenPromiseError(Exception):
    """A promise does not hold.

    Attributes:
        promise: which one.
        reason: what happened, without figures, so that equal ones can be counted.
    """

    def __init__(self, promise: str, reason: str, details: str = "") -> None:
        super().__init__(f"{promise}: {reason}{f' ({details})' if details else ''}")
        self.promise = promise
        self.reason = reason


class Promise:
    """One promise, checked after each step of a history; each hook is a kind of step.

    Attributes:
        words: the promise, as users read it.
    """

    words = ""

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        self.facts = facts
        self.scheduler = scheduler

    def broken(self, reason: str, details: str = "") -> BrokenPromiseError:
        """Return the error that says how the promise was broken."""
        return BrokenPromiseError(type(self).__name__, reason, details)

    def joined(self, wait: Wait, now: float) -> None:
        """A caller has begun to wait."""

    def left(self, wait: Wait, now: float) -> None:
        """A caller has given up."""

    def sent(self, flight: Flight, now: float) -> None:
        """A request has left."""

    def taken(self, flight: Flight, now: float) -> None:
        """The reply to a request, or that it was cut, has reached the scheduler."""

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        """A wait has ended, for the job or for its instance; `wait.target` is still set."""

    def stepped(self, now: float) -> None:
        """Everything that happens at one moment has happened."""

    def finished(self, now: float) -> None:
        """Nothing happens any more."""
