"""What was observed in a history, from outside the scheduler: the evidence for the promises."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from tests.simulation.observed import Target
from tests.simulation.response import CONTENT, Says

if TYPE_CHECKING:
    from tests.simulation.observed import Flight, Wait
    from tests.simulation.plan import Plan


_MOST_IN_DOUBT = 5  # requests
_LATELY = 10.0  # seconds: credentials that were accepted within these are not in doubt
_UNRESOLVED = 60.0  # seconds for which a host is tried whose name has never resolved
_PATIENCE = 2.0  # seconds after which another request may try credentials in doubt


class Facts:
    """The evidence of one history. Times on the caller's clock.

    Attributes:
        plan: the history.
        targets: what is polled, by job ID, or by the caller who waits for an instance.
        under_way: the requests under way, in the order in which they left.
        full_since: since when every worker has been busy; inf while one is free.
        full: (from, until) of the last time for which every worker was busy.
        crowd: how many requests to the service are under way.
        crowded_since: since when they are as many as credentials in doubt allow; inf if not.
        crowded: (from, until) of the last time for which they were.
        sends: when each request to the service left, in order.
        last_sends: when each of those left that were not last polls.
        accepted_at: when the present credentials were last accepted; -inf for never.
        first_accepted_at: when the present credentials were first accepted; -inf for never.
        doubted_until: until when requests had to wait for one with credentials in doubt.
        blocked_at: when there were last no credentials that serve.
        refused_all: whether the service has refused everything.
        refused_kind: whether it has refused the polls of all instances.
        stalled: (from, until) of the times at which the caller's process did nothing.
        patience: for how long the service may be unreachable, by what is known of its name.
        has_resolved: whether the name of its host has ever resolved.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.targets: dict[object, Target] = {}
        self.under_way: dict[Flight, None] = {}
        self.full_since = inf
        self.full = (inf, inf)
        self.crowd = 0
        self.crowded_since = inf
        self.crowded = (inf, inf)
        self.sends: list[float] = []
        self.ordinary_sends: deque[float] = deque(maxlen=4)
        self.credentials = 0 if plan.token_life <= 0 else -1
        self.accepted_at = -inf
        self.first_accepted_at = -inf
        self.doubted_until = -inf
        self.blocked = plan.token_life > 0
        self.blocked_at = plan.start if plan.token_life > 0 else -inf
        self.refused_all = False
        self.refused_kind = False
        self.stalled: list[tuple[float, float]] = []
        self.patience = plan.unreachable_after
        self.has_resolved = False

    def join(self, wait: Wait) -> Target:
        """Note that a caller begins to wait for a job."""
        target = self.targets.get(wait.job_id)
        if target is None:
            plan = self.plan.jobs[wait.plan.job]
            target = Target(wait.job_id, plan, wait.joined_at, is_instance=False)
            self.targets[wait.job_id] = target
        target.waits[wait] = None
        wait.target = target
        if len(target.waits) > 1 and target.flight is not None:
            target.flight.shared = True
        return target

    def go_on(self, wait: Wait, now: float) -> Target:
        """Note that a caller begins to wait for the instance of a completed job."""
        target = Target(wait.job_id, self.plan.jobs[wait.plan.job], now, is_instance=True)
        self.targets[wait] = target
        target.waits[wait] = None
        wait.target = target
        return target

    def release(self, wait: Wait) -> None:
        """Note that a caller does not wait any more for what it waited for."""
        target = wait.target
        if target is None:
            return
        wait.target = None
        del target.waits[wait]
        if not target.waits:
            del self.targets[wait if target.is_instance else target.job_id]

    def send(self, flight: Flight) -> None:
        """Note that a request leaves."""
        now = flight.sent_at
        self.under_way[flight] = None
        if len(self.under_way) >= self.plan.workers:
            begin, end = self.full
            # A worker that is given the next request at once has been busy all the time.
            self.full_since = min(self.full_since, begin if end == now else now)
        if flight.target is not None:
            flight.target.flight = flight
        if flight.is_renewal:
            return
        self.crowd += 1
        if self.crowd >= _MOST_IN_DOUBT:
            self.crowded_since = min(self.crowded_since, now)
        self.sends.append(now)
        if not flight.is_last:
            self.ordinary_sends.append(now)
        flight.doubted = now - self.accepted_at > _LATELY

    def _free(self, flight: Flight, now: float) -> None:
        """Note that a worker is free again."""
        del self.under_way[flight]
        if self.full_since < inf:
            self.full, self.full_since = (self.full_since, now), inf
        if flight.is_renewal:
            return
        self.crowd -= 1
        if self.crowded_since < inf and self.crowd < _MOST_IN_DOUBT:
            self.crowded, self.crowded_since = (self.crowded_since, now), inf

    def close(self, flight: Flight, now: float) -> None:
        """Note that a request was answered or cut."""
        flight.closed_at = now
        self._free(flight, now)
        response = flight.response
        says = response.says
        if flight.target is not None:
            flight.target.take(flight, now)
        if flight.doubted:
            never = self.accepted_at == -inf
            until = now if never else min(now, flight.sent_at + _PATIENCE)
            self.doubted_until = max(self.doubted_until, until)
        if not flight.is_renewal:
            self._note_name(response.resolved)
        if flight.is_renewal:
            self._renew(says, now, same=response.same)
        elif says in CONTENT:
            self._accept(flight, now)
        elif says is Says.BAD_CREDENTIALS:
            if flight.credentials == self.credentials:
                self.blocked, self.blocked_at = True, now
                self.refused_all = True
        elif says is Says.REFUSED_ALL:
            self.refused_all = True
        elif says is Says.REFUSED_KIND and flight.target is not None:
            self.refused_kind = True

    def _note_name(self, resolved: bool | None) -> None:
        """Note whether the name of the host resolved: one that never did is given up sooner."""
        self.has_resolved = self.has_resolved or bool(resolved)
        if self.has_resolved:
            self.patience = self.plan.unreachable_after
        elif resolved is False:
            self.patience = min(_UNRESOLVED, self.plan.unreachable_after)

    def _renew(self, says: Says, now: float, *, same: bool) -> None:
        if says is Says.BAD_CREDENTIALS:
            self.refused_all = True
        if says is not Says.RENEWED:
            return
        if not same:
            self.credentials += 1
            self.accepted_at = self.first_accepted_at = -inf
        if self.blocked:
            self.blocked_at = now
        self.blocked = False

    def _accept(self, flight: Flight, now: float) -> None:
        if flight.credentials == self.credentials:
            self.accepted_at = now
            if self.first_accepted_at == -inf:
                self.first_accepted_at = now
        for job_id in flight.response.shows:
            if (shown := self.targets.get(job_id)) is not None:
                shown.shown_at, shown.failing_since = now, inf
                shown.unknown_in_a_row = 0

    def was_in_doubt(self, since: float) -> bool:
        """Whether a request had to wait, at `since` or later, for one that tries credentials."""
        return (
            self.crowded_since < inf
            or (self.crowded[0] < inf and self.crowded[1] > since)
            or self.doubted_until >= since
            or any(
                flight.doubted and (self.accepted_at == -inf or flight.sent_at + _PATIENCE >= since)
                for flight in self.under_way
            )
        )

    def stalled_for(self, begin: float, end: float) -> float:
        """Return for how long the caller's process did nothing between two times."""
        return sum(max(0.0, min(until, end) - max(since, begin)) for since, until in self.stalled)
