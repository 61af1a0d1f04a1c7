"""When credentials are renewed, and how many questions may try them. Pure: times are arguments.

Until they have been accepted lately, questions leave one at a time, and another one only when the
last has been unanswered for _PATIENCE; until they were accepted at all, never more than _PROBES
are under way: a key that is refused more than five times in a row is locked.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler import retry_delay as pauses

if TYPE_CHECKING:
    from random import Random

_LATELY = 10.0  # seconds for which one accepted question vouches for the next ones
_PATIENCE = 2.0  # seconds
_PROBES = 2
_LEAST = 1.0  # seconds between two renewals: a source's 0 must not keep the loop busy


class CredentialRenewal:
    """The state of credentials that may renew.

    Attributes:
        renews: whether they do; if not, nothing here ever happens.
        count: how many were obtained so far.
        blocked: whether there are none that serve, so that no question may leave.
        accepted: whether the present ones were ever accepted.
        accepted_at: when they last were; -inf for never.
        due: when to obtain the next ones; inf for never, and while that is under way.
    """

    __slots__ = (
        "_blocked_at",
        "_faults",
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
        self._probes = 0  # questions with the present ones that are under way
        self._under_way = False
        self._faults = 0
        self._blocked_at = inf

    def starts(self, now: float) -> bool:
        """Whether a renewal is due now; if so, it is under way from now on."""
        if self._under_way or now < self.due:
            return False
        self._under_way = True
        self.due = inf
        if self.blocked:
            self._blocked_at = min(self._blocked_at, now)
        return True

    def renewed(self, renew_in: float | None, now: float, *, same: bool = False) -> None:
        """Note credentials, to be renewed after so many seconds; perhaps the same ones again."""
        if not same:
            self.count += 1
            self.accepted = False
            self.accepted_at = self._probe_until = -inf
            self._probes = 0
        self.blocked = self._under_way = False
        # In this order, max() takes a nan for the least as well.
        self.due = inf if renew_in is None else now + max(_LEAST, renew_in)
        self._faults = 0
        self._blocked_at = inf

    def failed(self, retry_after: float, patience: float, now: float, random: Random) -> float:
        """Note that a renewal failed; return for how many seconds no question could leave.

        Args:
            retry_after: seconds that the reply asks to wait; 0 for none.
            patience: seconds without any question after which the waits end; nothing is put off
                beyond that.
            now: the time.
            random: the source of jitter.
        """
        self._faults += 1
        self._under_way = False
        self.due = now + pauses.after_fault(self._faults, retry_after, random)
        if not self.blocked:
            return 0.0
        if (blind_until := self._blocked_at + patience) > now:
            self.due = min(self.due, blind_until)
        return now - self._blocked_at

    def refused(self) -> None:
        """Note that a renewal was refused while the present credentials serve.

        Asking again would be refused again, and lock the user; their own 401 decides.
        """
        self._under_way = False
        self.due = inf

    def cures(self, lease: int, now: float) -> bool:
        """Whether a 401 to a question of the `lease`-th credentials may pass by renewing.

        It may if they have been replaced meanwhile, or are being so; if they were accepted
        before; or if they are the first ones. It may not for new ones that were never accepted.
        """
        if not self.renews:
            return False
        if lease < self.count or self.blocked:
            return True
        if not self.accepted and self.count > 1:
            return False
        self.blocked = True
        self._blocked_at = now
        if not self._under_way:
            self.due = now
        return True

    def ask_at(self, now: float) -> float:
        """Return when the next question may leave, as far as the credentials are concerned.

        inf: not before one that is under way has been answered.
        """
        if now - self.accepted_at <= _LATELY:
            return now
        return inf if self._probes >= _PROBES and not self.accepted else self._probe_until

    def asked(self, now: float) -> None:
        """Note that a question leaves."""
        if not self.accepted:
            self._probes += 1
        if now - self.accepted_at > _LATELY:
            self._probe_until = now + _PATIENCE

    def answered(self, lease: int) -> None:
        """Note that a question of the `lease`-th credentials was answered, or cut."""
        self._probe_until = -inf
        if lease == self.count and not self.accepted:
            self._probes -= 1

    def accept(self, lease: int, now: float) -> None:
        """Note that the `lease`-th credentials were accepted; older ones vouch for nothing."""
        if lease == self.count:
            self.accepted, self.accepted_at = True, now
