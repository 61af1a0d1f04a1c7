"""A timer that is set again and again, and that lets bytes which have arrived be read first."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextvars import Context

READS = 20
"""Turns of the event loop before something is ended for want of a reply.

When an application has blocked the loop, the reply may have arrived meanwhile. Each turn reads up
to 256 KiB of each connection, and lets one task go on with them.
"""


class Alarm:
    """Calls `ring` at the earliest time that was set since it last rang; inf takes it back.

    Args:
        loop: keeps the time.
        ring: what to call.
        context: to call it in: not that of whoever happens to set the alarm.
        turns: turns of the loop to let pass when the time has come, before it rings.

    Attributes:
        at: when it rings; inf for never, -inf when the time has come.
    """

    __slots__ = ("_context", "_handle", "_loop", "_ring", "_turns", "at")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ring: Callable[[], None],
        context: Context,
        turns: int = 0,
    ) -> None:
        self._loop = loop
        self._ring = ring
        self._context = context
        self._turns = turns
        self.at = inf
        self._handle: asyncio.Handle | None = None

    def set(self, at: float) -> None:
        """Ring at a time of the loop's clock, if not earlier."""
        # A ring that comes too early is harmless, and cheaper than moving the timer each time.
        if self.at <= at < inf:
            return
        if self._handle is not None:
            self._handle.cancel()
        self.at = at
        self._handle = (
            self._loop.call_at(at, self._fire, self._turns, context=self._context)
            if at < inf
            else None
        )

    def _fire(self, turns: int) -> None:
        if turns:
            self.at = -inf  # whatever is set now is covered by this ring
            self._handle = self._loop.call_soon(self._fire, turns - 1, context=self._context)
            return
        self.at = inf
        self._handle = None
        self._ring()
