"""The loop of a history of the waiter: virtual time, bounded, with one interference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runtime.turns import TurnLoop
from tests.simulation.waiter.ledger import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_TURNS = 20_000
_MOST_SECONDS = 3000.0  # of virtual time


class BoundedLoop(TurnLoop):
    """Gives up when a history does not end.

    Args:
        at: the turn before which to interfere; -1 for none.
        interfere: what to call there.
    """

    def __init__(self, at: int, interfere: Callable[[], object]) -> None:
        super().__init__(at, interfere)
        self._turns_left = _MOST_TURNS
        self._ends_at = _MOST_SECONDS

    def _run_once(self) -> None:
        self._turns_left -= 1
        if self._turns_left < 0 or self.time() > self._ends_at:
            # Once: whoever closes the loop runs it again, to cancel what is left.
            self._turns_left, self._ends_at = _MOST_TURNS, self.time() + _MOST_SECONDS
            raise BrokenPromiseError("a history does not end", f"at {self.time():.1f} s")
        super()._run_once()
