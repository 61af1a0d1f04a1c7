"""When to request the list of past jobs, which tells how long such jobs take. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.job import Job
    from ddswait.scheduler.durations import Durations

_AGAIN = 60.0  # seconds after which to request it again, if that failed
_ENOUGH = 5  # past jobs of a name: more of them would add little


class PastJobs:
    """The list of past jobs, which is requested once.

    Args:
        durations: what it is requested for.

    Attributes:
        due: when to request it; inf for not (again), None while no job of an unknown name was
            seen.
    """

    __slots__ = ("_durations", "due")

    def __init__(self, durations: Durations) -> None:
        self._durations = durations
        self.due: float | None = None

    def want(self, job: Job, now: float) -> None:
        """Request it soon, if little is known of past jobs of this name."""
        if self.due is None and self._durations.count(job.name) < _ENOUGH:
            self.due = now

    def take(self, now: float) -> bool:
        """Return whether to request it now; if so, it is due no longer."""
        if self.due is None or self.due > now:
            return False
        self.due = inf
        return True

    def failed(self, retry_after: float, now: float) -> None:
        """Note that it did not come."""
        self.due = now + max(_AGAIN, retry_after)
