"""When credentials are renewed, and how many requests may try them. Pure: times are arguments.

The rules

1. Until the credentials have been accepted lately, requests leave one at a time, and another
   one only when the last has been unanswered for _PATIENCE. Until they were accepted at all,
   never more than _MOST_NEW are under way, and never more than _MOST_IN_DOUBT until they have
   been accepted lately: a key that is refused more than five times in a row is locked for five
   minutes (API Gateway), so a thousand jobs must not find out together. An access key may be
   revoked at any time, so that bound always holds for one. Five at a time are 25 requests a
   second with replies in 0.2 s.
2. Credentials that renew are renewed before they expire, while the old ones still serve, and
   once when they are refused: one renewal for all, during which no request leaves.
3. Requests that were refused with the old credentials are sent again. New credentials that
   are refused too end every wait, and so does a renewal that brings the refused ones again.
4. A renewal that is refused while the old credentials serve is not attempted again before
   those are refused too.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler import retry_delay
from ddswait.service.replies import Throttled

if TYPE_CHECKING:
    from random import Random

    from ddswait.outcome import Refusal
    from ddswait.scheduler.actions import Renewed
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.service.replies import Failure

_LATELY = 10.0  # seconds for which one accepted request vouches for the next ones
_PATIENCE = 2.0  # seconds
_MOST_NEW = 2
_MOST_IN_DOUBT = 5
_LEAST = 1.0  # seconds between two renewals: a provider's 0 must not keep the loop busy
_SHORT_ENOUGH = 5.0  # seconds between failed renewals, even where polls are more frequent


class CredentialRenewal:
    """The state of credentials that may renew.

    Attributes:
        renews: whether they do; if not, nothing here ever happens.
        count: how many were obtained so far.
        blocked: whether there are none that serve, so that no request may leave.
        blocked_at: since when, as far as a renewal was attempted since; inf for not.
        cause: why the last attempt to renew them failed; "" if it did not.
        accepted: whether the present ones were ever accepted.
        accepted_at: when they last were; -inf for never.
        due: when to obtain the next ones; inf for never, and while that is under way.
        locks: whether the service locks the present ones when they are refused too often.
    """

    __slots__ = (
        "_doubt",
        "_failures",
        "_probe_until",
        "_requests",
        "_under_way",
        "accepted",
        "accepted_at",
        "blocked",
        "blocked_at",
        "cause",
        "count",
        "due",
        "locks",
        "renews",
    )

    def __init__(self, *, renews: bool, locks: bool = False) -> None:
        self.renews = self.blocked = renews
        self.locks = locks
        self.count = 0
        self.accepted = False
        self.accepted_at = -inf
        self.due = -inf
        self._probe_until = -inf
        self._requests = 0  # with the present ones that are under way
        self._under_way = False
        self._failures = 0
        self.blocked_at = inf
        self.cause = ""
        self._doubt: Refusal | None = None  # what the renewal under way may cure

    # ---- renewing

    def starts(self, now: float) -> bool:
        """Whether a renewal is due now; if so, it is under way from now on."""
        if self._under_way or now < self.due:
            return False
        self._under_way = True
        self.due = inf
        if self.blocked:
            self.blocked_at = min(self.blocked_at, now)
        return True

    def renewed(self, new: Renewed, now: float) -> Refusal | None:
        """Note credentials; return the refusal that they do not cure, since they are the same."""
        doubt, self._doubt = self._doubt, None
        self.locks = new.locks
        if not new.same:
            self.count += 1
            self.accepted = False
            self.accepted_at = self._probe_until = -inf
            self._requests = 0
        self.blocked = self._under_way = False
        # In this order, max() takes a nan for the least as well.
        self.due = inf if new.renew_in is None else now + max(_LEAST, new.renew_in)
        self._failures = 0
        self.cause = ""
        self.blocked_at = inf
        return doubt if new.same else None

    def failed(
        self, failure: Failure, settings: PollSettings, now: float, random: Random
    ) -> float | None:
        """Note that a renewal failed; return since when no request could leave; None if one can.

        Args:
            failure: why, and how long to leave the source alone.
            settings: bounds of the delay before the next attempt.
            now: the time.
            random: the source of jitter.
        """
        self._failures += 1
        self._under_way = False
        self.cause = failure.cause
        longest = max(settings.longest_retry_delay, _SHORT_ENOUGH)
        longest = min(longest, max(settings.unreachable_after / 4, _LEAST))
        retry_after = _delay_of(failure)
        delay = retry_delay.after_failures(self._failures, retry_after, longest, random)
        self.due = now + delay
        return self.blocked_at if self.blocked else None

    def try_by(self, latest: float) -> None:
        """Let the next attempt be made by `latest`."""
        self.due = min(self.due, latest)

    def refused(self) -> None:
        """Note that a renewal was refused while the present credentials serve."""
        # Another attempt would be refused again, and lock the user.
        self._under_way = False
        self.due = inf

    # ---- a request was refused

    def may_cure(self, refusal: Refusal, credentials: int, now: float) -> bool:
        """Whether renewing may cure a refusal; if so, a renewal is due.

        It may if the credentials have been replaced meanwhile, or are being so; if they were
        accepted before; or if they are the first ones. It may not for new ones that were never
        accepted.

        Args:
            refusal: of the credentials.
            credentials: which ones the refused request carried.
            now: the time.
        """
        if not self.renews:
            return False
        if credentials == self.count and not self.blocked:
            if not self.accepted and self.count > 1:
                return False
            self.blocked = True
            self.blocked_at = now
            if not self._under_way:
                self.due = now
        if self.blocked and self._doubt is None:
            self._doubt = self.dated(refusal, now)
        return True

    def dated(self, refusal: Refusal, now: float) -> Refusal:
        """Return a refusal that says when the same credentials were last accepted."""
        if not self.accepted:
            return refusal
        at = f" at {refusal.date}" if refusal.date else ""
        hint = (
            f"these credentials were accepted until {now - self.accepted_at:.0f} s before they "
            f"were refused{at}; {refusal.hint or 'get new ones'}"
        )
        return replace(refusal, hint=hint)

    # ---- requests that try the credentials

    def send_at(self, now: float) -> float:
        """Return when the next request may leave, as far as the credentials are concerned.

        inf: not before one that is under way has been answered.
        """
        lately = now - self.accepted_at <= _LATELY
        if lately and not self.locks:
            return now
        if self._requests >= (_MOST_IN_DOUBT if self.accepted else _MOST_NEW):
            return inf
        return now if lately else self._probe_until

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._requests += 1
        if now - self.accepted_at > _LATELY:
            self._probe_until = now + _PATIENCE

    def answered(self, credentials: int) -> None:
        """Note that a request was answered, or cut."""
        self._probe_until = -inf
        if credentials == self.count:
            self._requests -= 1

    def accept(self, credentials: int, now: float) -> None:
        """Note that credentials were accepted; older ones vouch for nothing."""
        if credentials == self.count:
            self.accepted, self.accepted_at = True, now


def _delay_of(failure: Failure) -> float:
    """Return the seconds to leave a source of credentials alone, as far as it says."""
    if isinstance(failure, Throttled) and failure.limit and failure.window:
        return max(failure.retry_after, failure.window / failure.limit)
    return failure.retry_after
