"""The promises about a service that cannot be reached, and about jobs that wait for a poll."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

from ddswait.outcome import OutcomeKind
from tests.simulation.faults import KINDS, Stage
from tests.simulation.promises.promise import MOMENT, Promise
from tests.simulation.response import FAILURES

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts, Flight, Target, Wait

_LONGEST_INTERVAL = 60.0
_JITTER = 1.1
_LATE = 5.0  # seconds in which a wait that is unreachable must have ended
_TRUST = 30  # intervals for which lists are believed
_LIST_INTERVALS = 3  # for which a list may hold a job back
_CREDENTIALS = 12.0  # seconds until one request after another has found them good


class Unreachable(Promise):
    """Compares each end as unreachable with the replies."""

    words = (
        "A wait ends as `unreachable` after that long without any reply, counted from its own "
        "beginning: not earlier, and not much later."
    )

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self._checks_lateness = not any(
            KINDS[fault.kind].stage is Stage.LIMIT for fault in facts.plan.faults
        )

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        if outcome.kind is not OutcomeKind.UNREACHABLE or target is None:
            return
        patience = self.facts.plan.unreachable_after - MOMENT
        if now - wait.joined_at < patience:
            raise self.broken("unreachable too soon after its beginning", f"{wait}")
        if now - target.replied_at < patience:
            raise self.broken("unreachable although the service replied", f"{wait}")

    def taken(self, flight: Flight, now: float) -> None:
        target = flight.target
        if not self._checks_lateness or target is None or target.is_instance:
            return
        if flight.response.says not in FAILURES and not flight.was_cut:
            return
        plan = self.facts.plan
        patience = plan.unreachable_after + _LATE + plan.request_timeout
        for wait in target.waits:
            begin = max(target.failing_since, wait.joined_at)
            if now - begin - self.facts.stalled_for(begin, now) > patience:
                raise self.broken("a wait goes on without any reply", f"{wait}, {now - begin:.1f} s")


class NoneForgotten(Promise):
    """Measures the time between two polls of a job."""

    words = (
        "When a failure passes, every job is polled within one interval; nothing holds a job back "
        "but the rate limit and, for a few intervals, a list."
    )

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        plan = facts.plan
        limit, window = plan.rate
        polls = len(plan.waits)
        self._longest = _JITTER * max(_LONGEST_INTERVAL, plan.interval)
        allowed = self._longest + 2 * polls * window / (0.9 * limit) + window + _LATE
        allowed += plan.request_timeout * ceil(polls / plan.workers)
        if plan.token_life > 0 or any(fault.kind == "revoked" for fault in plan.faults):
            allowed += _CREDENTIALS + plan.request_timeout
        if plan.lists:
            allowed += _LIST_INTERVALS * self._longest
        throttled = any(KINDS[fault.kind].stage is Stage.LIMIT for fault in plan.faults)
        self._allowed = inf if throttled else allowed
        self._trusted = self._allowed + _TRUST * plan.interval
        self._is_slow = plan.latency > 0

    def sent(self, flight: Flight, now: float) -> None:
        if flight.target is not None:
            self._check(flight.target, now)

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        if target is not None and (target.flight is None or target.flight.closed_at < inf):
            self._check(target, now)

    def _check(self, target: Target, now: float) -> None:
        facts = self.facts
        polled_at = max(target.closed_at, target.held_until, facts.blocked_at, facts.doubted_at)
        touched_at = max(polled_at, target.shown_at)
        if now - touched_at > self._allowed and not facts.blocked:
            gap = now - touched_at - facts.stalled_for(touched_at, now)
            if gap > self._allowed:
                raise self.broken("a job was forgotten", f"{target}, for {gap:.1f} s")
        if now - polled_at > self._trusted and not facts.blocked:
            gap = now - polled_at - facts.stalled_for(polled_at, now)
            if gap > self._trusted:
                raise self.broken("a job was polled by lists only", f"{target}, for {gap:.1f} s")
