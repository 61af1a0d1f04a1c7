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
    from tests.simulation.facts import Facts
    from tests.simulation.observed import Flight, Target, Wait
    from tests.simulation.plan import Plan

_LONGEST_INTERVAL = 60.0
_JITTER = 1.1
_LATE = 5.0  # seconds in which a wait that is unreachable must have ended
_TRUST = 30  # intervals for which lists are believed
_LIST_INTERVALS = 3  # for which a list may hold a job back
_MOST_IN_DOUBT = 5  # requests
_TRIES_EVERY = 2.0  # seconds: one request after another, with credentials in doubt
_LATELY = 10.0  # seconds: credentials that were accepted within these are not in doubt
_CREDENTIALS = 12.0  # seconds until one request after another has found them good


class Unreachable(Promise):
    """Compares each end as unreachable with the replies."""

    words = (
        "A wait ends as `unreachable` after that long without any reply, counted from its own "
        "beginning: not earlier, and not much later. After a minute, if the name of the host has "
        "never resolved."
    )

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self._gap = longest_gap(facts.plan)
        # Of each target that fails: since when, its last reply, and how long it waited for room.
        self._held: dict[Target, tuple[float, float, float]] = {}

    def _held_for(self, target: Target, flight: Flight, now: float) -> float:
        """Return how long the polls of a target have waited for room since it began to fail."""
        since, replied_at, held = self._held.get(target, (-inf, now, 0.0))
        if since != target.failing_since:
            held, replied_at = 0.0, flight.sent_at
        held += max(0.0, flight.sent_at - replied_at - _LONGEST_INTERVAL * _JITTER)
        self._held[target] = target.failing_since, now, held
        return held

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        if outcome.kind is not OutcomeKind.UNREACHABLE or target is None:
            return
        patience = self.facts.patience - MOMENT
        if now - wait.joined_at < patience:
            raise self.broken("unreachable too soon after its beginning", f"{wait}")
        if now - target.replied_at < patience:
            raise self.broken("unreachable although the service replied", f"{wait}")

    def taken(self, flight: Flight, now: float) -> None:
        target = flight.target
        if target is None or target.is_instance:
            return
        if flight.response.says not in FAILURES and not flight.was_cut:
            return
        # Waiting for room, while others are answered, is not being unreachable.
        longest = self.facts.patience + self._gap + self._held_for(target, flight, now)
        for wait in target.waits:
            begin = max(target.failing_since, wait.joined_at)
            if now - begin - self.facts.stalled_for(begin, now) > longest:
                raise self.broken(
                    "a wait goes on without any reply", f"{wait}, {now - begin:.1f} s"
                )


class NoneForgotten(Promise):
    """Measures the time between two polls of a job."""

    words = (
        "When a failure passes, every job is polled within one interval; nothing holds a job back "
        "but the rate limit and, for a few intervals, a list."
    )

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        plan = facts.plan
        self._allowed = longest_gap(plan)
        self._trusted = self._allowed + _TRUST * plan.interval
        self._tries = Tries(facts)

    def sent(self, flight: Flight, now: float) -> None:
        self._tries.sent(now)
        if flight.target is not None:
            self._check(flight.target, now)

    def taken(self, flight: Flight, now: float) -> None:
        self._tries.taken(now)

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        if target is not None and (target.flight is None or target.flight.closed_at < inf):
            self._check(target, now)

    def _check(self, target: Target, now: float) -> None:
        facts = self.facts
        polled_at = max(
            target.closed_at, target.held_until, facts.blocked_at, facts.first_accepted_at
        )
        if facts.first_accepted_at == -inf or facts.blocked:
            return
        touched_at = max(polled_at, target.shown_at)
        if now - touched_at > self._allowed:
            gap = now - touched_at - self._excused(touched_at, now)
            if gap > self._allowed:
                raise self.broken("a job was forgotten", f"{target}, for {gap:.1f} s")
        if now - polled_at > self._trusted:
            gap = now - polled_at - self._excused(polled_at, now)
            if gap > self._trusted:
                raise self.broken("a job was polled by lists only", f"{target}, for {gap:.1f} s")

    def _excused(self, begin: float, end: float) -> float:
        """Return for how long no poll could leave, or which job it was for made no difference."""
        return self.facts.stalled_for(begin, end) + self._tries.lasted(begin, end)


class Tries:
    """When as many requests as may were trying credentials in doubt.

    All of them fail then, and those of the most urgent jobs are repeated.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._most = min(_MOST_IN_DOUBT, facts.plan.workers)
        self._since = inf
        self._accepted_at = facts.accepted_at
        self._past: list[tuple[float, float]] = []

    def sent(self, now: float) -> None:
        """Note that a request left."""
        if self._facts.crowd >= self._most:
            self._since = min(self._since, now)

    def taken(self, now: float) -> None:
        """Note that a request was answered or cut."""
        facts = self._facts
        if self._since < inf:
            begin = self._began()
            if begin < now:
                self._past.append((begin, now))
            self._since = now if facts.crowd >= self._most else inf
        self._accepted_at = facts.accepted_at

    def _began(self) -> float:
        return max(self._since, self._accepted_at + _LATELY)

    def lasted(self, begin: float, end: float) -> float:
        """Return for how many seconds between two times they were."""
        return sum(
            max(0.0, min(until, end) - max(since, begin))
            for since, until in (*self._past, (self._began(), end))
        )


def longest_gap(plan: Plan) -> float:
    """Return the seconds in which each job is polled or listed once; inf when a 429 may come.

    That is one interval, and what has to be waited for: the caller's own rate, a free worker,
    credentials, and a list.
    """
    if any(KINDS[fault.kind].stage is Stage.LIMIT for fault in plan.faults):
        return inf
    limit, window = plan.rate
    polls = len(plan.waits)
    longest = _JITTER * max(_LONGEST_INTERVAL, plan.interval)
    allowed = longest + 2 * polls * window / (0.9 * limit) + window + _LATE
    # Credentials are in doubt while nothing is answered.
    allowed += plan.request_timeout * ceil(polls / min(plan.workers, _MOST_IN_DOUBT))
    allowed += _TRIES_EVERY * polls  # while the credentials are in doubt
    if plan.token_life > 0 or any(fault.kind == "revoked" for fault in plan.faults):
        allowed += _CREDENTIALS + plan.request_timeout
    if plan.lists:
        allowed += _LIST_INTERVALS * longest
    return allowed
