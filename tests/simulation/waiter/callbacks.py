"""The callbacks of a history of the waiter: each counts its calls, and then does something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ddswait.errors import DdswaitError
from ddswait.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait import Outcome, Waiter
    from tests.simulation.waiter.ledger import Ledger, Wait

STALL = 2.5  # seconds


class UserError(Exception):
    """Raised on purpose."""


class Callback:
    """The callback of one wait.

    Args:
        kind: what it does: a key of `KINDS`.
        wait: whose callback it is.
        ledger: of the history.
        waiter: that calls it.
    """

    def __init__(self, kind: str, wait: Wait, ledger: Ledger, waiter: Waiter) -> None:
        self.wait = wait
        self.ledger = ledger
        self.waiter = waiter
        self._act = KINDS[kind]

    def __call__(self, outcome: Outcome) -> Any:
        wait = self.wait
        wait.called += 1
        if wait.called > 1:
            self.ledger.break_promise("a callback was called twice", wait)
        if wait.future is None or not wait.future.done():
            self.ledger.break_promise("a callback was called before its wait had ended", wait)
        elif outcome != wait.outcome:
            self.ledger.break_promise("a callback got another outcome than its wait", wait)
        return self._act(self)


def _stall(callback: Callback) -> None:
    """Block the event loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    callback.ledger.stalls.append((loop.time(), STALL))
    loop.advance(STALL)


def _raise(_: Callback) -> None:
    raise UserError


def _track(callback: Callback) -> None:
    """Wait for the same job again."""
    if not callback.wait.is_instance:
        try:
            callback.waiter.track(callback.wait.target, timeout=4.0)
        except DdswaitError:
            return


async def _sleep(_: Callback) -> None:
    await asyncio.sleep(0.5)


async def _be_slow(_: Callback) -> None:
    await asyncio.sleep(12.0)


async def _raise_later(_: Callback) -> None:
    await asyncio.sleep(0)
    raise UserError


async def _cancel_itself(_: Callback) -> None:
    raise asyncio.CancelledError


async def _close(callback: Callback) -> None:
    callback.ledger.is_closing = True
    await callback.waiter.close()


async def _be_stubborn(_: Callback) -> None:
    """Ignore one cancellation."""
    try:
        await asyncio.sleep(2.0)
    except asyncio.CancelledError:
        await asyncio.sleep(0.5)


KINDS: dict[str, Callable[[Callback], Any]] = {
    "returns": lambda _: None,
    "sleeps": _sleep,
    "is slow": _be_slow,
    "blocks": _stall,
    "raises": _raise,
    "raises later": _raise_later,
    "cancels itself": _cancel_itself,
    "tracks": _track,
    "closes": _close,
    "is stubborn": _be_stubborn,
}
