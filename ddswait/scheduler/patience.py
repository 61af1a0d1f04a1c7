"""How long a service may be unreachable before a wait is given up. Pure.

The rules

1. Usually `unreachable_after` seconds: networks and services fail, and come back.
2. Only `unresolved_after` seconds while the name of the host has never resolved: it is a wrong
   name, or this machine has no network. Neither passes by itself, so more patience would only
   keep the message from the user.
3. Only `unknown_region_after` seconds if, besides, no region of the name is known, and a name
   server says that the name does not exist: hardly anything but a wrong region is both.
4. A name that resolved once is right. If it fails later, its name server fails as any other part
   of the network does, so the usual patience holds. A request without any reply says nothing
   about the name.

The host of the service and that of the credentials have different names, so each has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.failure_kinds import UNKNOWN_REGION
from ddswait.service.replies import TransientFailure

if TYPE_CHECKING:
    from ddswait.scheduler.poll_settings import PollSettings


class Patience:
    """The patience with one host.

    Args:
        settings: intervals and bounds, with both patiences.

    Attributes:
        settings: the same, but their `unreachable_after` is the patience that holds now.
        has_resolved: whether the name has ever resolved: no reply changes anything any more.
    """

    __slots__ = ("_usual", "has_resolved", "settings")

    def __init__(self, settings: PollSettings) -> None:
        self.settings = self._usual = settings
        self.has_resolved = False

    def give_up_at(self, since: float) -> float:
        """Return when a wait is given up for which the host has been unreachable since `since`."""
        return since + self.settings.unreachable_after

    def replied(self, reply: object) -> None:
        """Note what the reply to a request, or its failure, says about the name of the host."""
        if not isinstance(reply, TransientFailure) or reply.resolved:
            self.has_resolved = True
            self.settings = self._usual
        elif reply.resolved is False and not self.has_resolved:
            usual = self._usual
            shorter = min(usual.unreachable_after, usual.unresolved_after)
            if reply.kind == UNKNOWN_REGION:
                shorter = min(shorter, usual.unknown_region_after)
            self.settings = usual._replace(unreachable_after=shorter)


class Patiences:
    """The patience with each host of one waiter; its blocks share them.

    Args:
        settings: intervals and bounds.

    Attributes:
        service: with the host of the service.
        credentials: with the host that renews the credentials.
    """

    __slots__ = ("credentials", "service")

    def __init__(self, settings: PollSettings) -> None:
        self.service = Patience(settings)
        self.credentials = Patience(settings)
