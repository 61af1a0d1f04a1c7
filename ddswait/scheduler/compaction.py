"""When a queue clears its outdated entries away. Pure.

Only the first entry of a heap can be taken out cheaply. So the entry of a poll that moves or ends
stays, is outdated, and is skipped. Clearing goes through the whole queue: it waits until as many
steps have passed as there are entries, so it costs a constant per step.
"""

from __future__ import annotations

_TOO_FEW_TO_CLEAR = 64  # outdated entries


class Compacted:
    """A queue that clears outdated entries away, once they may outnumber the others."""

    __slots__ = ("_most",)

    def __init__(self) -> None:
        self._most = _TOO_FEW_TO_CLEAR

    def __len__(self) -> int:
        """Return the number of entries, outdated ones too."""
        raise NotImplementedError

    def forget_one(self) -> None:
        """Expect one poll less; clear outdated entries away, if they are many."""
        self._most = max(self._most - 2, _TOO_FEW_TO_CLEAR)
        self.compact()

    def compact(self) -> None:
        """Clear outdated entries away, once they may outnumber the others."""
        if len(self) > self._most:
            self._clear_outdated()
            self._most = _TOO_FEW_TO_CLEAR + 2 * len(self)

    def _clear_outdated(self) -> None:
        """Keep one entry of each poll that waits."""
        raise NotImplementedError
