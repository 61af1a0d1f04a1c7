"""A virtual loop that interferes at any one of its turns: every await point of every task."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ddswait.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable


class TurnLoop(VirtualTimeLoop):
    """Counts its turns, and calls something before one of them.

    Args:
        at: which turn; -1 for none.
        interfere: what to call there.
    """

    def __init__(self, at: int, interfere: Callable[[], object]) -> None:
        self.turns = 0
        self._at = at
        self._interfere = interfere
        super().__init__()

    def _run_once(self) -> None:
        if self.turns == self._at:
            self._interfere()
        self.turns += 1
        super()._run_once()  # type: ignore[misc]


def run(main: Callable[[], Any], at: int, interfere: Callable[[], object]) -> int:
    """Run `main` and interfere at one turn; return how many turns it took."""
    loops: list[TurnLoop] = []

    def make() -> TurnLoop:
        loops.append(TurnLoop(at, interfere))
        return loops[0]

    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(main())
        return loops[0].turns


def tasks(prefix: str) -> list[asyncio.Task[Any]]:
    """Return the tasks whose names begin so."""
    return [each for each in asyncio.all_tasks() if each.get_name().startswith(prefix)]


def timers() -> list[str]:
    """Return the timers of ddswait that wait to fire."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TurnLoop)
    waiting = [each for each in loop._scheduled if not each.cancelled()]
    return [text for text in map(repr, waiting) if "ddswait/runtime" in text or "Alarm" in text]
