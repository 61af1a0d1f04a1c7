"""The exit code of a group of jobs: 0 if its policy is met, else that of the worst outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.outcome import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.outcome import OutcomeKind

OUTPUT_CLOSED = 141  # what a shell reports for a process that SIGPIPE ended

WORST_FIRST = (1, 4, 3, 6, 5, 124)
"""The exit codes of outcomes, other than 0.

A final outcome ranks before one that can still change: first a failed job, then a refusal, which
needs a person.
"""


def exit_code(kinds: Iterable[OutcomeKind]) -> int:
    """Return the exit code for a group: 0 if all completed, else that of the worst outcome."""
    codes = {facts_of(kind).exit_code for kind in kinds}
    return next((code for code in WORST_FIRST if code in codes), 0)
