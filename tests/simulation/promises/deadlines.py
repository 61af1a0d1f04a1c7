"""The promise about deadlines."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from math import floor
from typing import TYPE_CHECKING

from ddswait.outcome import OutcomeKind
from tests.simulation.promises.promise import MOMENT, Promise

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts
    from tests.simulation.observed import Flight, Wait

ALLOWANCE = 2.0
"""Seconds that the last poll has to be answered."""

STEP = 1.0
"""Seconds: deadlines that pass while nothing may leave are noticed once in so many."""

_TURN = 0.001
"""Seconds: before another poll is sent, waits whose last poll is too late are ended."""

_USED = 0.9  # of a rate limit


class EndsInTime(Promise):
    """Compares each end with the deadline."""

    words = (
        "No wait ends later than its deadline plus the last poll's allowance, and none times out "
        "earlier than its deadline."
    )

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        deadline = wait.deadline
        if now > deadline + ALLOWANCE + STEP + MOMENT:
            late = now - deadline - self.facts.stalled_for(deadline, now)
            if late > ALLOWANCE + STEP + MOMENT:
                raise self.broken("a wait ended too late", f"{wait}, {late:.3f} s")
        if outcome.kind is OutcomeKind.TIMED_OUT and now < deadline - MOMENT:
            raise self.broken("a wait timed out early", f"{wait}, {deadline - now:.3f} s")

    def sent(self, flight: Flight, now: float) -> None:
        target = flight.target
        if target is None or not flight.is_last:
            return
        latest = max((wait.deadline for wait in target.waits), default=now)
        if now <= latest + ALLOWANCE + MOMENT:
            return
        if now - latest - self.facts.stalled_for(latest, now) > ALLOWANCE + MOMENT:
            raise self.broken("a poll left after its last deadline", f"{target}")


class LastPoll(Promise):
    """Looks for the last poll of each wait that timed out.

    Attributes:
        counts: how many waits had one, and how many could not have one, by the reason.
    """

    words = "The last poll is sent at the deadline, and has its allowance to be answered."

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self.counts: Counter[str] = Counter()

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        timed_out = outcome.kind is OutcomeKind.TIMED_OUT or (
            outcome.kind is OutcomeKind.NOT_READY and now >= wait.deadline
        )
        if target is None or not timed_out:
            return
        flight = target.flight
        deadline = wait.deadline
        if flight is not None and _is_last(flight, deadline):
            had = flight.closed_at - flight.sent_at
            # Of several callers, the first one's allowance counts.
            least = (
                STEP
                if flight.shared
                else min(ALLOWANCE, deadline + ALLOWANCE + STEP - flight.sent_at)
            )
            if not flight.was_cut or had >= least - MOMENT:
                self.counts["sent"] += 1
                return
            if self.facts.stalled_for(flight.sent_at, now):
                self.counts["process stalled"] += 1
                return
            raise self.broken("a last poll was cut too early", f"{wait}, after {had:.3f} s")
        excuse = "began late" if target.since > deadline else self._excuse(flight, deadline, now)
        if not excuse:
            raise self.broken("no last poll was sent", f"{wait}")
        self.counts[excuse] += 1

    def _excuse(  # noqa: PLR0911 - one reason after the other
        self, flight: Flight | None, deadline: float, now: float
    ) -> str:
        """Return why no last poll could be sent; "" if it could."""
        facts = self.facts
        if facts.stalled_for(deadline, now) > 0:
            return "process stalled"
        if facts.blocked or facts.blocked_at >= deadline:
            return "no credentials"
        limit, window = facts.plan.rate
        gap = window / (_USED * limit)
        # What left after that must have been last polls of others, too.
        free_at = _free_at(flight, deadline, now)
        if any(at > free_at + MOMENT for at in facts.ordinary_sends):
            return ""
        if free_at > deadline and self._left_no_time(deadline, free_at, deadline, gap):
            return "another caller's last poll"
        if facts.was_in_doubt(deadline):
            return "credentials in doubt"
        sent = len(facts.sends) - bisect_left(facts.sends, deadline)
        if self._were_busy(sent, deadline, gap):
            return "workers busy"
        for fault in facts.plan.faults:
            if fault.variant == "odd" or self._is_full(fault.number, fault.window, now):
                return "a stated limit"
        return "own rate" if (sent + 1) * gap >= ALLOWANCE else ""

    def _were_busy(self, sent: int, deadline: float, gap: float) -> bool:
        """Whether every worker was busy; all that left since the deadline were last polls."""
        facts = self.facts
        begin, end = facts.full
        if (
            facts.full_since <= deadline
            or begin <= deadline <= deadline + ALLOWANCE - _TURN - MOMENT <= end
        ):
            return True
        full = len(facts.under_way) >= facts.plan.workers
        return bool(sent) and (full or self._left_no_time(begin, end, deadline, gap))

    def _left_no_time(self, begin: float, end: float, deadline: float, gap: float) -> bool:
        """Whether what lasted until `end` left too little time for the own rate.

        Those that left after `end` took what the rate allowed.
        """
        sends = self.facts.sends
        after = len(sends) - bisect_left(sends, end)
        return begin - MOMENT <= deadline + ALLOWANCE <= end + (after + 1) * gap + MOMENT

    def _is_full(self, limit: float, window: float, now: float) -> bool:
        """Whether the requests of the last window are as many as a limit that may be stated."""
        sends = self.facts.sends
        recent = len(sends) - bisect_left(sends, now - window - ALLOWANCE)
        return limit >= 1 and recent >= max(1, floor(_USED * limit))


def _is_last(flight: Flight, deadline: float) -> bool:
    """Whether a poll was the last one; one that was cut at the deadline had left too early."""
    closed = deadline + MOMENT if flight.was_cut else deadline - MOMENT
    return flight.closed_at > closed and flight.sent_at >= deadline - STEP - MOMENT


def _free_at(flight: Flight | None, deadline: float, now: float) -> float:
    """Return when a job could be polled for a caller whose deadline had come.

    A job has one poll at a time: the last one of another caller goes on until it is answered.
    """
    return deadline if flight is None else max(min(flight.closed_at, now), deadline)
