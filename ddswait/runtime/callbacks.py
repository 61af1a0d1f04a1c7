"""Runs users' callbacks, so that none can affect a wait."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ddswait.runtime.exception_handler import report_error
from ddswait.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Context

    from ddswait.outcome import Outcome
    from ddswait.runtime.tasks import Tasks

    # Of the outcomes of its wait: `Waits` says which.
    Callback = Callable[[Any], Awaitable[object] | object]

SLOW = 10.0
"""Seconds after which a callback that still runs is called slow in the log."""


class Callbacks:
    """Calls each callback once, soon, in the context of whoever gave it.

    What a callback returns is awaited in a task of its own. `SystemExit` and `KeyboardInterrupt`
    end the program, as they do when any other code in the loop raises them; every other exception
    goes to the exception handler of the event loop.

    Args:
        loop: calls them.
        tasks: those of the block.
        finished: is called whenever a callback has finished.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tasks: Tasks, finished: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._tasks = tasks
        self._finished = finished
        self._waiting = 0
        self._running = 0

    def __len__(self) -> int:
        return self._waiting + self._running

    def call(self, callback: Callback, outcome: Outcome, context: Context) -> None:
        """Call `callback(outcome)` soon, and await what it returns, if that can be awaited."""
        # Not in a task: one that is cancelled before its first step would not call it at all.
        self._loop.call_soon(self._begin, callback, outcome, context=context.copy())
        self._waiting += 1

    def _begin(self, callback: Callback, outcome: Outcome) -> None:
        began = self._loop.time()
        try:
            result = callback(outcome)
            if (seconds := self._loop.time() - began) > SLOW:
                _log_slow(outcome, seconds)
            if inspect.isawaitable(result):
                self._running += 1
                self._start(result, outcome, copy_context())
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - it belongs to the application
            _report(outcome, error)
        finally:
            self._waiting -= 1
            self._finished()

    def _start(self, result: Awaitable[object], outcome: Outcome, context: Context) -> None:
        began: list[bool] = []

        def ended() -> None:
            if not began:  # somebody has cancelled the task before its first step
                self._start(result, outcome, context)
                return
            self._running -= 1
            self._finished()

        name = f"ddswait callback {outcome.job_id}"
        self._tasks.spawn(self._await(result, outcome, began), name, context, ended)

    async def _await(self, result: Awaitable[object], outcome: Outcome, began: list[bool]) -> None:
        began.append(True)
        warning = self._loop.call_later(SLOW, _log_slow, outcome, SLOW)
        try:
            await result
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            _report(outcome, error)
        finally:
            warning.cancel()

    async def begin_all(self) -> None:
        """Return when every callback that was to be called has been, and has begun to run."""
        while self._waiting:  # noqa: ASYNC110 - two turns of the loop at most
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # the first step of their tasks


def _report(outcome: Outcome, error: BaseException) -> None:
    report_error(f"the callback of {outcome.full_name} raised; no wait is affected", error)


def _log_slow(outcome: Outcome, seconds: float) -> None:
    log(logging.WARNING, "ddswait.callback_slow", job_id=outcome.job_id, seconds=round(seconds, 3))
