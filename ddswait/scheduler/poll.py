"""The looks at one thing: when the next is due, and when the one under way is cut. Pure.

What the watch of a job (watch.py) and the wait for its instance (readiness.py) have in common, so
that one timetable, one budget and one order of urgency hold for both.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler import retry_delay as pauses
from ddswait.service.dds import Throttled

if TYPE_CHECKING:
    from random import Random

    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.job_poll import PollSettings
    from ddswait.service.dds import TransientFailure

LAST_LOOK = 2.0
"""Seconds that a last look at the deadline has to be answered: a fresh TLS connection across
the world and its reply take about one."""

AGAIN = 0.001
"""Seconds: at once, and yet later than now."""

_SOON = 1.0  # the least time for a look: nearer to the deadline it is put off to the last look


class Poll:
    """One stream of looks, at most one of which is under way. Times on the caller's clock.

    No ABC: asking each look for its type would go through ABCMeta, at a tenth of a poll.

    Attributes:
        job_id: the job that is waited for.
        since: when the wait began.
        deadline: when it times out.
        owner: who waits; never looked into.
        due: when the next look is due; inf when nobody waits any more.
        by: while a look is under way, when it is cut; else None.
        good_at: when a look last succeeded, or the wait began.
        asked: when the last look left that was not preceded by a failed one; later by the time
            for which a look had to wait for its turn since.
        faults: looks in a row that failed.
        polls: looks answered in all.
        cause: what went wrong with the last look, when it failed.
    """

    __slots__ = (
        "asked",
        "by",
        "cause",
        "deadline",
        "due",
        "faults",
        "good_at",
        "job_id",
        "owner",
        "polls",
        "since",
    )

    def __init__(self, job_id: str, since: float, deadline: float, owner: object) -> None:
        self.job_id = job_id
        self.since = self.good_at = self.due = self.asked = since
        self.deadline = deadline
        self.owner = owner
        self.by: float | None = None
        self.faults = self.polls = 0
        self.cause: str | None = None

    def __lt__(self, other: Poll) -> bool:
        # Two entries of one job at one time, one of them stale: their order is of no matter.
        return False

    def ask(self, now: float, rules: PollSettings, heard: float = -inf) -> None:
        """Note that a look is sent now, and when it must be answered.

        Args:
            now: the time.
            rules: intervals and bounds.
            heard: when the API last answered anybody.
        """
        if not self.faults:
            self.asked = now
        elif heard >= self.due:
            # It waited for its turn, while others were answered: want of budget is no blindness.
            self.asked = min(now, self.asked + max(0.0, now - self.due))
        if now >= self.deadline:
            # Only what could not leave in time gets beyond the allowance, by _SOON at the most.
            self.by = max(self.deadline + LAST_LOOK, now + _SOON)
            return
        blind_until = self.asked + rules.unreachable_after
        latest = now + rules.request_timeout
        self.by = min(latest, self.deadline, blind_until if blind_until > now else latest)

    def _look_after(self, pause: float, now: float) -> None:
        due = now + pause
        if due > self.deadline - _SOON and now < self.deadline:
            due = self.deadline
        self.due = due

    def _pause_after(self, fault: TransientFailure | Throttled, random: Random) -> float:
        if isinstance(fault, Throttled) and fault.limit is not None:
            return max(fault.retry_after, AGAIN)  # the budget knows when
        return pauses.after_fault(self.faults, fault.retry_after, random)

    def refused(self, refusal: Refusal, now: float, rules: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this look or of one that concerns all."""
        raise NotImplementedError

    def unreached(self, cause: str, now: float, rules: PollSettings) -> Outcome:
        """Return the outcome of having been blind for too long."""
        raise NotImplementedError

    def timed_out(self, deadline: float, now: float) -> Outcome:
        """Return the outcome of a wait whose deadline has passed."""
        raise NotImplementedError

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        raise NotImplementedError
