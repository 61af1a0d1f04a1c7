"""Takes the replies to renewals of the credentials, which the scheduler has classified. Pure.

It applies a reply to the state of the credentials (credential_renewal.py), and ends the waits that
have no credentials for too long.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddswait import failure_kinds
from ddswait.events import RenewalFailed
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler import messages
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.scheduler.actions import RenewCredentials, Renewed
    from ddswait.scheduler.credential_renewal import CredentialRenewal
    from ddswait.scheduler.patience import Patience
    from ddswait.scheduler.poll import PollContext
    from ddswait.scheduler.subscribers import Subscribers
    from ddswait.service.replies import Failure


class RenewalPoller:
    """Takes the replies to renewals of the credentials.

    Args:
        context: what the polls share.
        subscribers: all that is waited for.
        renewal: the state of the credentials.
        patience: with the host that renews them.
    """

    def __init__(
        self,
        context: PollContext,
        subscribers: Subscribers,
        renewal: CredentialRenewal,
        patience: Patience,
    ) -> None:
        self._context = context
        self._patience = patience
        self._subscribers = subscribers
        self._renewal = renewal

    def answered(self, action: RenewCredentials, reply: Renewed, now: float) -> Sequence[Event]:  # noqa: ARG002 - of the interface
        """Take new credentials, or the same again."""
        uncured = self._renewal.renewed(reply, now)
        return () if uncured is None else self._refuse(uncured, now)

    def failed(self, action: RenewCredentials, failure: Failure, now: float) -> Sequence[Event]:  # noqa: ARG002
        """Take a failed renewal; without credentials for too long, every wait ends."""
        settings, random = self._patience.settings, self._context.random
        return self._failed(failure, self._renewal.failed(failure, settings, now, random), now)

    def _failed(self, failure: Failure, since: float | None, now: float) -> Sequence[Event]:
        patience, renewal, subscribers = self._patience, self._renewal, self._subscribers
        cause = messages.no_credentials(failure.cause)
        ended: list[Event] = []
        if since is not None:
            for poll in list(subscribers):
                # A slow reply may have come since.
                ended += subscribers.give_up(
                    poll, cause, max(since, poll.heard_at()), now, patience
                )
            renewal.try_by(subscribers.unreachable_at(since, patience))
        return [RenewalFailed(failure.cause, renewal.due - now, kind=failure.kind), *ended]

    def refused(self, action: RenewCredentials, refusal: Refusal, now: float) -> Sequence[Event]:  # noqa: ARG002
        """Take a refused renewal; every wait ends unless the present credentials serve."""
        if self._renewal.blocked:
            return self._refuse(refusal, now)
        self._renewal.refused()
        return (_renewal_refused(refusal),)

    def overhear(self, reply: object, now: float) -> Sequence[Event]:
        """Take the reply to a renewal that another scheduler has requested, after that one."""
        self._patience.replied(reply)
        match reply:
            case TransientFailure() | Throttled():
                blocked = self._renewal.blocked
                return self._failed(reply, self._renewal.blocked_at if blocked else None, now)
            case Refusal() if not self._renewal.blocked:
                return (_renewal_refused(reply),)
            case _:
                return ()

    def _refuse(self, refusal: Refusal, now: float) -> Sequence[Event]:
        return self._subscribers.refuse(replace(refusal, scope=Scope.EVERYTHING), now)


def _renewal_refused(refusal: Refusal) -> RenewalFailed:
    return RenewalFailed(str(refusal), None, kind=failure_kinds.http(refusal.http_status))
