"""When credentials are renewed, and how many requests may try them. Pure: times are arguments.

The rules

1. Until the credentials have been accepted lately, requests leave one at a time, and another
   one only when the last has been unanswered for _PATIENCE. Until they were accepted at all,
   never more than _PROBES are under way: a key that is refused more than five times in a row
   is locked for five minutes (API Gateway), so a thousand jobs must not find out together.
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

if TYPE_CHECKING:
    from random import Random

    from ddswait.outcome import Refusal

_LATELY = 10.0  # seconds for which one accepted request vouches for the next ones
_PATIENCE = 2.0  # seconds
_PROBES = 2
_LEAST = 1.0  # seconds between two renewals: a provider's 0 must not keep the loop busy


class CredentialRenewal:
    """The state of credentials that may renew.

    Attributes:
        renews: whether they do; if not, nothing here ever happens.
        count: how many were obtained so far.
        blocked: whether there are none that serve, so that no request may leave.
        accepted: whether the present ones were ever accepted.
        accepted_at: when they last were; -inf for never.
        due: when to obtain the next ones; inf for never, and while that is under way.
    """

    __slots__ = (
        "_blocked_at",
        "_doubt",
        "_failures",
        "_probe_until",
        "_probes",
        "_under_way",
        "accepted",
        "accepted_at",
        "blocked",
        "count",
        "due",
        "renews",
    )

    def __init__(self, *, renews: bool) -> None:
        self.renews = self.blocked = renews
        self.count = 0
        self.accepted = False
        self.accepted_at = -inf
        self.due = -inf
        self._probe_until = -inf
        self._probes = 0  # requests with the present ones that are under way
        self._under_way = False
        self._failures = 0
        self._blocked_at = inf
        self._doubt: Refusal | None = None  # what the renewal under way may cure

    # ---- renewing

    def starts(self, now: float) -> bool:
        """Whether a renewal is due now; if so, it is under way from now on."""
        if self._under_way or now < self.due:
            return False
        self._under_way = True
        self.due = inf
        if self.blocked:
            self._blocked_at = min(self._blocked_at, now)
        return True

    def renewed(self, renew_in: float | None, now: float, *, same: bool = False) -> Refusal | None:
        """Note credentials; return the refusal that they do not cure, since they are the same.

        Args:
            renew_in: seconds after which to renew them; None for never.
            now: the time.
            same: whether they are the ones that were in use before.
        """
        doubt, self._doubt = self._doubt, None
        if not same:
            self.count += 1
            self.accepted = False
            self.accepted_at = self._probe_until = -inf
            self._probes = 0
        self.blocked = self._under_way = False
        # In this order, max() takes a nan for the least as well.
        self.due = inf if renew_in is None else now + max(_LEAST, renew_in)
        self._failures = 0
        self._blocked_at = inf
        return doubt if same else None

    def failed(self, retry_after: float, patience: float, now: float, random: Random) -> float:
        """Note that a renewal failed; return for how many seconds no request could leave.

        Args:
            retry_after: seconds that the reply asks to wait; 0 for none.
            patience: seconds without any request after which the waits end; no attempt is put
                off beyond that.
            now: the time.
            random: the source of jitter.
        """
        self._failures += 1
        self._under_way = False
        self.due = now + retry_delay.after_failures(self._failures, retry_after, random)
        if not self.blocked:
            return 0.0
        if (give_up_at := self._blocked_at + patience) > now:
            self.due = min(self.due, give_up_at)
        return now - self._blocked_at

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
            self._blocked_at = now
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
        if now - self.accepted_at <= _LATELY:
            return now
        return inf if self._probes >= _PROBES and not self.accepted else self._probe_until

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        if not self.accepted:
            self._probes += 1
        if now - self.accepted_at > _LATELY:
            self._probe_until = now + _PATIENCE

    def answered(self, credentials: int) -> None:
        """Note that a request was answered, or cut."""
        self._probe_until = -inf
        if credentials == self.count and not self.accepted:
            self._probes -= 1

    def accept(self, credentials: int, now: float) -> None:
        """Note that credentials were accepted; older ones vouch for nothing."""
        if credentials == self.count:
            self.accepted, self.accepted_at = True, now
