"""From outcomes to one exit code. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE = {
    OutcomeKind.COMPLETED: 0,
    OutcomeKind.FAILED: 1,
    OutcomeKind.REFUSED: 4,
    OutcomeKind.NOT_FOUND: 3,
    OutcomeKind.VANISHED: 3,
    OutcomeKind.UNREACHABLE: 5,
    OutcomeKind.TIMED_OUT: 124,
    # Only a signal or a closed output leaves a job pending, and these have codes of their own.
    OutcomeKind.PENDING: 124,
}

# What is certain outranks what may still change: a failure, then a refusal that needs a person.
_WORST_FIRST = (1, 4, 3, 5, 124)


def exit_code(kinds: Iterable[OutcomeKind]) -> int:
    """Return the exit code for a group: 0 when all completed, else the worst that occurred."""
    codes = {CODE[kind] for kind in kinds}
    return next((code for code in _WORST_FIRST if code in codes), 0)
