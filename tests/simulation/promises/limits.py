"""The promises about rate limits and doubtful credentials."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from tests.simulation.promises.promise import MOMENT, Promise
from tests.simulation.response import CONTENT, Says

if TYPE_CHECKING:
    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts
    from tests.simulation.observed import Flight
    from tests.simulation.response import Stated

_LONGEST_WINDOW = 86400.0
_MOST_LIMITS = 4  # that are remembered
_NEVER_ACCEPTED = 2
_IN_DOUBT = 5


class RateLimits(Promise):
    """Counts the requests in the window before each request."""

    words = "Never more requests than the rate limits in any window."

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self._stated: dict[tuple[str, float], Stated] = {}
        self._not_before = -inf

    def sent(self, flight: Flight, now: float) -> None:
        if flight.is_renewal:
            return
        limit, window = self.facts.plan.rate
        self._check(limit, window, now, "the caller's own limit")
        # A last poll leaves in spite of what a 429 asked for.
        if flight.is_last:
            return
        if now < self._not_before - MOMENT:
            raise self.broken("a request left before Retry-After allowed it")
        if len(self._stated) <= _MOST_LIMITS:
            for stated in self._stated.values():
                self._check(stated.limit, stated.window, now, "a limit that a 429 stated")

    def _check(self, limit: int, window: float, now: float, whose: str) -> None:
        sends = self.facts.sends  # this one included
        if len(sends) > limit and sends[-limit - 1] > now - window + MOMENT:
            raise self.broken(f"too many requests for {whose}", f"{limit}/{window:g} s")

    def taken(self, flight: Flight, now: float) -> None:
        response = flight.response
        if flight.was_cut or flight.is_renewal or response.says is not Says.THROTTLED:
            return
        if response.retry_after <= _LONGEST_WINDOW:
            self._not_before = max(self._not_before, now + response.retry_after)
        stated = response.stated
        if stated is not None and stated.window <= _LONGEST_WINDOW:
            self._stated[stated.policy, stated.window] = stated


class DoubtfulCredentials(Promise):
    """Counts the requests with credentials that may not serve."""

    words = (
        "Never more than two requests under way with credentials that were never accepted, never "
        "more than five with credentials in doubt, and never more than five in a row are refused."
    )

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self._refused_in_a_row = 0
        self._credentials = facts.credentials

    def sent(self, flight: Flight, now: float) -> None:
        facts = self.facts
        if flight.is_renewal:
            return
        if facts.blocked and facts.plan.token_life > 0:
            raise self.broken("a request left with credentials that had been refused")
        if flight.credentials != self._credentials:
            self._credentials, self._refused_in_a_row = flight.credentials, 0
        if self._refused_in_a_row >= _IN_DOUBT:
            raise self.broken("a request left after five refusals in a row")
        if not flight.doubted:
            return
        most = _NEVER_ACCEPTED if facts.accepted_at == -inf else _IN_DOUBT
        doubted = sum(
            other.doubted and other.credentials == flight.credentials for other in facts.under_way
        )
        if doubted > most:
            raise self.broken(f"more than {most} requests try doubtful credentials")

    def taken(self, flight: Flight, now: float) -> None:
        if flight.was_cut or flight.is_renewal or flight.credentials != self._credentials:
            return
        says = flight.response.says
        if says is Says.BAD_CREDENTIALS:
            self._refused_in_a_row += 1
        elif says in CONTENT:
            self._refused_in_a_row = 0
