"""The tasks of one block: they end with it, whatever they run.

Some of them run code of an application: callbacks, and credential providers. Such a task may
ignore its cancellation, or call the waiter's `close()` itself:

- close() cancels every task again each _AGAIN seconds, and gives up after LIMIT.
- A task that calls close(), or that has called something that does, is neither cancelled nor
  waited for: it would wait for itself. It is recognised by a context variable, which the tasks
  that it creates inherit (`asyncio.wait_for` creates one in Python 3.11).
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

LIMIT = 5.0
"""Seconds after which a task that ignores its cancellation is left alone."""

_AGAIN = 1.0  # seconds

_current: ContextVar[asyncio.Task[None] | None] = ContextVar("ddswait_task", default=None)


class Tasks:
    """Tasks that are cancelled and waited for together.

    Args:
        loop: runs them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: dict[asyncio.Task[None], Callable[[], object]] = {}
        self._closers: set[asyncio.Task[None]] = set()
        self._changed: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, None],
        name: str,
        context: Context,
        ended: Callable[[], object],
    ) -> asyncio.Task[None]:
        """Start a task.

        Args:
            coroutine: what it runs.
            name: of the task.
            context: the task runs in a copy of it.
            ended: is called once, when the task has ended or is given up.
        """
        own = context.copy()
        # Not loop.create_task(): an application's task factory may run the first step at once.
        task = asyncio.Task(coroutine, loop=self._loop, name=name, context=own)
        own.run(_current.set, task)
        self._tasks[task] = ended
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._closers.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved: whoever runs code in a task handles its errors
        self._forget(task)

    def _forget(self, task: asyncio.Task[None]) -> None:
        ended = self._tasks.pop(task, None)
        if ended is not None:
            ended()
        self._change()

    def _change(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def spare_current(self) -> None:
        """Let close() spare the task that is running, because it waits for close()."""
        task = _current.get()
        if task in self._tasks:
            self._closers.add(task)
            self._change()

    def spare_nobody(self) -> None:
        """Let close() wait for every task."""
        self._closers.clear()

    async def close(self) -> list[str]:
        """Cancel the tasks and wait until they have ended, for LIMIT seconds at most.

        Returns:
            the names of those that ignored their cancellation; they are no longer waited for.
        """
        give_up_at = self._loop.time() + LIMIT
        cancel_at = self._loop.time()
        while tasks := self._tasks.keys() - self._closers:
            now = self._loop.time()
            if now >= give_up_at:
                break
            if now >= cancel_at:
                cancel_at = now + _AGAIN
                for task in tasks:
                    task.cancel()
            if self._changed is None or self._changed.done():
                self._changed = self._loop.create_future()
            await asyncio.wait([self._changed], timeout=cancel_at - now)
        for task in tasks:
            self._forget(task)
        return sorted(task.get_name() for task in tasks)


def without_task(context: Context) -> Context:
    """Return a context that is not recognised as one of a task here; it is changed in place."""
    if context.get(_current) is not None:
        context.run(_current.set, None)
    return context


async def outlast(start: Callable[[], asyncio.Task[None]]) -> None:
    """Wait until a task has ended, even if the caller or the task is cancelled meanwhile.

    Args:
        start: returns the task; it is called again if the last one was cancelled.

    Raises:
        CancelledError: the caller was cancelled; it is raised at the end.
    """
    cancelled: asyncio.CancelledError | None = None
    while True:
        task = start()
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
        if not task.cancelled():
            break
    task.result()
    if cancelled is not None:
        raise cancelled
