"""Ways to send too many requests."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.scheduler.actions import PollJob
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    import pytest

    Patch = pytest.MonkeyPatch


def lists_pass_the_limit(patch: Patch) -> None:
    original = Scheduler.next

    def broken(self: Scheduler, now: float) -> Any:
        action = original(self, now)
        if isinstance(action, PollJob) and int(now) % 7 == 0:
            self.rate_limiter._own._full_at = -inf
        return action

    patch.setattr(Scheduler, "next", broken)


def learn_no_limit(patch: Patch) -> None:
    original = RateLimiter.throttled

    def broken(self: RateLimiter, limit: Any, window: Any, retry_after: float, *rest: Any) -> None:
        original(self, None, None, retry_after, *rest)

    patch.setattr(RateLimiter, "throttled", broken)


def forget_the_last_window(patch: Patch) -> None:
    patch.setattr(RateLimiter, "_window_free", lambda self, limit, most: -inf)
    patch.setattr("ddswait.scheduler.limit.Limit.hold", lambda self, until: None)


def ignore_retry_after(patch: Patch) -> None:
    original = RateLimiter.throttled

    def broken(self: RateLimiter, limit: Any, window: Any, retry_after: float, *rest: Any) -> None:
        original(self, limit, window, 0.0, *rest)

    patch.setattr(RateLimiter, "throttled", broken)


def try_credentials_at_once(patch: Patch) -> None:
    patch.setattr(CredentialRenewal, "send_at", lambda self, now: now)


def send_while_renewing(patch: Patch) -> None:
    original = CredentialRenewal.may_cure

    def broken(self: CredentialRenewal, *arguments: Any) -> bool:
        cures = original(self, *arguments)
        self.blocked = False
        return cures

    patch.setattr(CredentialRenewal, "may_cure", broken)
