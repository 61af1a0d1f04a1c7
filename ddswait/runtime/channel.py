"""What the waiters of one event loop share that ask the same service with the same credentials.

They share the connections, the rate limit, the lists and the renewal of the credentials
(scheduler/shared_scheduler.py), and the workers that carry requests. Waits, events, callbacks and
settings are those of each block (block.py).

Closing one block leaves the others untouched. The last one that leaves closes the channel, and no
later one enters it. Whoever leaves takes along what was learned: the last one the rate limiter
and the client themselves, the others copies, since the originals go on here.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import copy_context
from random import Random
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

from ddswait.runtime.log import log
from ddswait.runtime.tasks import LIMIT, Tasks, without_task
from ddswait.runtime.workers import Workers
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.shared_scheduler import SharedScheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.runtime.parts import Parts
    from ddswait.scheduler.scheduler import Scheduler
    from ddswait.scheduler.shared_scheduler import Happened


class ChannelUser(Protocol):
    """Whoever has a scheduler in a channel: a block."""

    def happened(self, events: Sequence[Event]) -> None:
        """Take what happened to its waits."""

    def surprised(self, error: Exception) -> None:
        """Take what a scheduler raised for a reply that it could not take."""

    def broken(self, error: BaseException) -> None:
        """Take what has broken the channel."""


class Channel:
    """Carries the requests of one block, or of several.

    Args:
        parts: those of the first block.

    Attributes:
        client: sends the requests.
        rate_limiter: how many may leave.
        renewal: of the credentials.
        tasks: the workers.
        workers: carry the requests.
    """

    def __init__(self, parts: Parts) -> None:
        self.client = parts.client
        self.rate_limiter = parts.rate_limiter
        self.renewal = CredentialRenewal(renews=parts.client.renews, locks=parts.client.locks)
        self._parts = parts
        self._users: dict[Scheduler, ChannelUser] = {}
        self._scheduler = SharedScheduler()
        self._loop = asyncio.get_running_loop()
        self.tasks = Tasks(self._loop)
        self.workers = Workers(
            self._scheduler,
            self.client.send,
            happened=self._happened,
            surprised=self._surprised,
            broken=self._broken,
            size=parts.connections,
            tasks=self.tasks,
            context=without_task(copy_context()),
        )

    def serves(self, parts: Parts) -> bool:
        """Whether a block with these parts may use it."""
        own = self._parts
        return (own.rate, own.connections) == (parts.rate, parts.connections) and (
            own.client.is_like(parts.client)
        )

    # ---- who uses it

    def enter(self, scheduler: Scheduler, user: ChannelUser) -> None:
        """Carry the requests of a scheduler."""
        self._users[scheduler] = user
        self._scheduler.add(scheduler)

    def leave(self, scheduler: Scheduler) -> bool:
        """Carry nothing more for a scheduler; return whether it was the last one."""
        if self._users.pop(scheduler, None) is None:
            return False
        self._scheduler.remove(scheduler)
        if self._users:
            return False
        self._end()
        return True

    def is_left_to(self, scheduler: Scheduler) -> bool:
        """Return whether nobody else uses it."""
        return not self._users.keys() - {scheduler}

    def _end(self) -> None:
        self.workers.stop()
        _channels.get(self._loop, WeakSet()).discard(self)

    def wake(self, scheduler: Scheduler, now: float) -> None:
        """Take note that something may be due in a scheduler by now."""
        self._scheduler.changed(scheduler)
        self.workers.wake(now)

    def parts_after(self, parts: Parts, *, is_last: bool) -> Parts:
        """Return the parts of a block that has left, with what was learned here."""
        client, limiter = self.client, self.rate_limiter
        if not is_last:
            client, limiter = client.copy(), limiter.copy(Random())  # noqa: S311 - jitter
        return parts._replace(client=client, rate_limiter=limiter)

    # ---- what the workers report

    def _happened(self, happened: Sequence[Happened]) -> None:
        for scheduler, events in happened:
            if (user := self._users.get(scheduler)) is not None:
                user.happened(events)

    def _surprised(self, error: Exception) -> None:
        for user in list(self._users.values()):
            user.surprised(error)

    def _broken(self, error: BaseException) -> None:
        self._end()
        for user in list(self._users.values()):
            user.broken(error)

    # ---- closing

    async def release(self) -> list[str]:
        """End the workers and close every connection.

        Returns:
            the names of the tasks that ignored their cancellation.
        """
        left = await self.tasks.close()
        await self.disconnect()
        return left

    async def disconnect(self) -> None:
        """Close every connection."""
        try:
            async with asyncio.timeout(LIMIT):
                await self.client.close()
        except Exception as error:  # noqa: BLE001 - they are closed as far as they can be
            log(logging.WARNING, "ddswait.close_failed", exc_info=error)


# Weak: an event loop that is abandoned takes its channels along.
_channels: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakSet[Channel]] = WeakKeyDictionary()


def channel_for(parts: Parts) -> Channel:
    """Return the channel of the running event loop that serves these parts, or a new one."""
    if not parts.shared:
        return Channel(parts)
    channels = _channels.setdefault(asyncio.get_running_loop(), WeakSet())
    for channel in channels:
        if channel.serves(parts):
            return channel
    channels.add(channel := Channel(parts))
    return channel
