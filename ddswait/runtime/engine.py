"""The life of a waiter: entering, leaving, closing, and using it again.

enter                    leave normally: drain, then close
┌────┐ ────► ┌─────────┐ ─────────────────────────────────► ┌─────────┐
│idle│       │ running │                                    │ closing │
└────┘       └─────────┘ ─────────────────────────────────► └─────────┘
▲             close, or leave by an exception                 │
└───────────────── everything is released ────────────────────┘

The rules

1. Each entry makes a block of its own (block.py). So a waiter that is used again starts
clean: only durations, learned rate limits and the current key are kept.
2. Whoever enters while the waiter is not idle gets `WaiterInUse`; that changes nothing for
the block that runs. A block of an event loop that is closed counts as left.
3. Only a running waiter takes jobs, and only from its own event loop. Otherwise track()
raises `WaiterClosed` or `WaiterInUse`.
4. Leaving normally waits until no wait and no callback is pending, again and again:
whoever a wait has ended for may begin another (as asyncio.TaskGroup allows new tasks
until the last has ended). Leaving by an exception, a cancellation included, cancels what
is pending.
5. close() may be called in any state, any number of times, by any task, and from another
event loop. It cancels every wait at once, and returns when everything is released; each
call waits for that. Callbacks that were to be called are called before.
6. A task that is cancelled in close(), or while it leaves, still waits until everything is
released, and then raises the cancellation (as leaving a trio nursery does).
7. A callback, or a credential provider, that calls close() is not cancelled, and not waited
for by close(): it goes on when everything else is released. Leaving the block waits for
it.
8. Closing is bounded in time: a task that ignores its cancellation, a credential provider
for example, is left alone after tasks.LIMIT seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from ddswait.errors import WaiterClosed, WaiterInUse
from ddswait.runtime import transport
from ddswait.runtime.block import Block
from ddswait.runtime.tasks import outlast

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from ddswait.runtime.parts import Parts


class Engine:
    """Moves a waiter from state to state.

    Args:
        parts: what its blocks share.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._block: Block | None = None
        self._entered: WeakKeyDictionary[asyncio.Task[object], list[ref[Block]]] = (
            WeakKeyDictionary()
        )
        self._left_at = 0.0

    def __repr__(self) -> str:
        return "0 jobs, not running" if self._block is None else repr(self._block)

    # ---- entering

    async def enter(self) -> None:
        """Begin to send, in the running event loop.

        Raises:
            WaiterInUse: the waiter has been entered already, and was not left.
        """
        if self._block is not None and self._block.loop.is_closed():
            await self.close()
        if self._block is not None:
            raise WaiterInUse(
                "the waiter is still closing: await close() before you enter it again"
                if self._block.is_stopped
                else "the waiter has been entered already: use it inside that `async with` block, "
                "or make another Waiter"
            )
        transport.load()
        now = asyncio.get_running_loop().time()
        if now < self._left_at:
            # The clock of another event loop: the limits hold as if no time had passed.
            self._parts.rate_limiter.shift(now - self._left_at)
        self._block = block = Block(self._parts)
        if (task := asyncio.current_task()) is not None:
            self._entered.setdefault(task, []).append(ref(block))

    def running(self) -> Block:
        """Return the block that takes jobs.

        Raises:
            WaiterClosed: the waiter was not entered, is being closed, or has broken down.
            WaiterInUse: it belongs to another event loop.
        """
        block = self._block
        if block is None or block.is_stopped:
            raise WaiterClosed("track jobs inside the waiter's `async with` block")
        if block.defect is not None:
            raise WaiterClosed("the waiter has broken down") from block.defect
        if _running_loop() is not block.loop:
            raise WaiterInUse(
                "the waiter was entered in another event loop: track jobs in that one, or make "
                "another Waiter"
            )
        return block

    def pending(self) -> list[Outcome]:
        """Return what is known about each job still waited for, as `pending` outcomes."""
        return [] if self._block is None else self._block.overview.pending()

    def status(self, job_id: str) -> Outcome | None:
        """Return what is known about a job, as a `pending` outcome; None if nobody waits for it."""
        return None if self._block is None else self._block.overview.status(job_id)

    # ---- leaving and closing

    async def leave(self, *, normally: bool) -> None:
        """Leave the block that was entered.

        Args:
            normally: whether to wait for what is pending; else it is cancelled.
        """
        block = self._own_block()
        if block is None:
            return
        try:
            if normally:
                await block.drain()
        finally:
            try:
                await self._close(block)
            finally:
                if block.spare_nobody():
                    await outlast(block.release)

    def _own_block(self) -> Block | None:
        """Return the block that the running task has entered last.

        Another one may run by now, if this one was closed before it was left.
        """
        task = asyncio.current_task()
        entered = self._entered.get(task) if task is not None else None
        if entered:
            return entered.pop()()
        return self._block  # entered by another task: by that of a fixture, for example

    async def close(self) -> None:
        """Cancel what is pending and release everything."""
        block = self._block
        if block is None:
            return
        if block.loop is _running_loop():
            await self._close(block)
        elif block.loop.is_closed():
            await self._abandon(block)
        elif block.loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(self._close(block), block.loop)
            await asyncio.wrap_future(closing)
        else:
            raise WaiterInUse(
                "the waiter was entered in another event loop, which does not run now: close it "
                "there"
            )

    async def _close(self, block: Block) -> None:
        block.stop()
        block.spare_current()
        try:
            if self._block is block:
                await outlast(block.release)
        finally:
            self._leave(block)

    async def _abandon(self, block: Block) -> None:
        """Forget a block whose event loop is closed, so that none of its tasks can go on."""
        block.stop()
        self._leave(block)
        await block.disconnect()

    def _leave(self, block: Block) -> None:
        if self._block is block:
            self._block = None
            self._parts = block.parts_after()
            self._left_at = block.loop.time()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
