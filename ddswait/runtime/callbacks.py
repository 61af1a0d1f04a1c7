"""Runs users' callbacks, so that none can affect a wait."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING

from ddswait.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ddswait.outcome import Outcome

    Callback = Callable[[Outcome], Awaitable[object] | object]

SLOW = 10.0
"""Seconds after which a callback that still runs is called slow in the log."""


class Callbacks:
    """Each callback runs once, in a task of its own.

    Args:
        finished: is called whenever a callback has finished.
    """

    def __init__(self, finished: Callable[[], None]) -> None:
        self._finished = finished
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def call(self, callback: Callback, outcome: Outcome) -> None:
        """Call `callback(outcome)` soon, and await what it returns, if that can be awaited."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(_run(callback, outcome), name=f"ddswait callback {outcome.job_id}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._finished()

    async def close(self) -> None:
        """Cancel the callbacks that still run."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(callback: Callback, outcome: Outcome) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    warning = loop.call_later(SLOW, _log_slow, outcome, SLOW)
    try:
        result = callback(outcome)
        if loop.time() - started > SLOW:
            _log_slow(outcome, loop.time() - started)
        if inspect.isawaitable(result):
            await result
    except Exception:  # noqa: BLE001 - it belongs to the application, and affects no wait
        log(logging.ERROR, "ddswait.callback_failed", job_id=outcome.job_id, exc_info=True)
    finally:
        warning.cancel()


def _log_slow(outcome: Outcome, seconds: float) -> None:
    log(logging.WARNING, "ddswait.callback_slow", job_id=outcome.job_id, seconds=round(seconds, 3))
