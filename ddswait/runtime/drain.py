"""When a block may be left: nothing is pending in it, and nothing follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.runtime.groups import Groups

# Turns of the event loop without any wait after which a block is left. Whoever a wait has ended
# for may begin the next one, after as many turns as there are tasks and futures between.
_TURNS = 10


class Drain:
    """Waits until nothing is pending in one block.

    Args:
        loop: in which the block runs.
        is_busy: returns whether a wait or a callback is pending.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, is_busy: Callable[[], bool]) -> None:
        self._loop = loop
        self._is_busy = is_busy
        self._drained: asyncio.Future[None] | None = None

    async def wait(self, groups: Groups) -> None:
        """Wait until nothing is pending, and nothing has followed.

        Args:
            groups: the loops over outcomes that go on; those that were left are closed.
        """
        quiet = 0
        while quiet < _TURNS:
            groups.close_left(asyncio.current_task())
            if self._is_busy():
                quiet = 0
                if self._drained is None or self._drained.done():
                    self._drained = self._loop.create_future()
                # Not awaited itself: whoever is cancelled must not cancel it for another.
                await asyncio.wait([self._drained])
            else:
                quiet += 1
                await asyncio.sleep(0)

    def check(self) -> None:
        """Wake whoever waits, if nothing is pending any more."""
        if not self._is_busy():
            self.wake()

    def wake(self) -> None:
        """Have whoever waits check again whether anything is pending."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
