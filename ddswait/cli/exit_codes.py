"""From outcomes to one exit code, for every policy. Pure.

    --wait-for   exit code 0 when                ends early when
    all          every job completed             --fail-fast: one did not
    any          one job completed               one completed; --fail-fast: none can any more
    N            N jobs completed                N completed; --fail-fast: N cannot any more

Otherwise every job is seen to its end, and the worst that occurred gives the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.errors import InputError
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CODE = {
    OutcomeKind.COMPLETED: 0,
    OutcomeKind.FAILED: 1,
    OutcomeKind.REFUSED: 4,
    OutcomeKind.NOT_FOUND: 3,
    OutcomeKind.VANISHED: 3,
    OutcomeKind.NOT_READY: 6,
    OutcomeKind.UNREACHABLE: 5,
    OutcomeKind.TIMED_OUT: 124,
    # Only a signal or a closed output leaves a job pending, and these have codes of their own.
    OutcomeKind.PENDING: 124,
}

# What is certain outranks what may still change: a failure, then a refusal that needs a person.
_WORST_FIRST = (1, 4, 3, 6, 5, 124)


class Policy(NamedTuple):
    """When a group is a success: `needed` completed jobs, None for all."""

    needed: int | None = None
    fail_fast: bool = False


class Decision(NamedTuple):
    """Whether the group is decided, and with which exit code it would end now."""

    over: bool
    code: int


def parse_wait_for(text: str) -> int | None:
    """Return how many jobs must complete; None for all.

    Raises:
        InputError: it is neither `all`, `any` nor a number from 1 on.
    """
    if text in {"all", "any"}:
        return None if text == "all" else 1
    if text.isascii() and text.isdecimal() and int(text[:9]) > 0:
        return int(text[:9])
    raise InputError(f"{text!a} is neither 'all', 'any' nor a number of jobs from 1 on")


def decide(tally: Mapping[OutcomeKind, int], total: int, policy: Policy) -> Decision:
    """Return whether a group of `total` jobs is decided by those that have ended.

    Args:
        tally: how many ended in which way; those that are `pending` have not.
        total: how many there are.
        policy: when the group is a success.
    """
    needed = total if policy.needed is None else policy.needed
    ended = {kind: count for kind, count in tally.items() if kind is not OutcomeKind.PENDING}
    completed = ended.get(OutcomeKind.COMPLETED, 0)
    open_ends = total - sum(ended.values())
    if completed >= needed:
        return Decision(over=True, code=0)
    lost = policy.fail_fast and completed + open_ends < needed
    return Decision(over=lost or not open_ends, code=exit_code(ended))


def exit_code(kinds: Iterable[OutcomeKind]) -> int:
    """Return the exit code for a group: 0 when all completed, else the worst that occurred."""
    codes = {CODE[kind] for kind in kinds}
    return next((code for code in _WORST_FIRST if code in codes), 0)
