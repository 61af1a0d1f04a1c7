"""The time at which waits begin: one number for all that begin together."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_TOGETHER = 0.001  # seconds: the timers of an event loop are not more exact


class SharedTime:
    """Returns the same object for about a millisecond.

    A program that tracks a hundred thousand jobs tracks a hundred in a millisecond. Each job keeps
    the time at which its wait began, and a deadline that follows from it: two numbers that are a
    tenth of its memory, unless they are shared.

    Args:
        loop: keeps the time.
    """

    __slots__ = ("_loop", "_now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._now = -inf

    def now(self) -> float:
        """Return the time in seconds, at most a millisecond ago."""
        now = self._loop.time()
        if now - self._now >= _TOGETHER:
            self._now = now
        return self._now
