"""The exit code of a group of jobs, for every policy.

    --wait-for   exit code 0 if        stops early if
    all          every job completed   --fail-fast: a job did not complete
    any          one job completed     one completed; --fail-fast: none can complete any more
    N            N jobs completed      N completed; --fail-fast: N cannot complete any more

Otherwise every job is waited for, and the worst outcome sets the exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.outcome import OutcomeKind, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTPUT_CLOSED = 141  # what a shell reports for a process that SIGPIPE ended

WORST_FIRST = (1, 4, 3, 6, 5, 124)
"""The exit codes of outcomes, other than 0.

A final outcome ranks before one that can still change: first a failed job, then a refusal, which
needs a person.
"""


class Policy(NamedTuple):
    """When a group succeeds: `needed` is how many jobs must complete, None for all."""

    needed: int | None = None
    fail_fast: bool = False


class Decision(NamedTuple):
    """Whether the group is decided, and the exit code if the run ends now."""

    over: bool
    code: int


def decide(tally: Mapping[OutcomeKind, int], total: int, policy: Policy) -> Decision:
    """Return whether the jobs that have ended decide a group.

    Args:
        tally: how many waits ended in which way; a `pending` job counts as not ended.
        total: how many jobs the group has.
        policy: when the group succeeds.
    """
    needed = total if policy.needed is None else policy.needed
    ended = {kind: count for kind, count in tally.items() if kind is not OutcomeKind.PENDING}
    completed = ended.get(OutcomeKind.COMPLETED, 0)
    unfinished = total - sum(ended.values())
    if completed >= needed:
        return Decision(over=True, code=0)
    is_lost = policy.fail_fast and completed + unfinished < needed
    return Decision(over=is_lost or not unfinished, code=exit_code(ended))


def exit_code(kinds: Iterable[OutcomeKind]) -> int:
    """Return the exit code for a group: 0 if all completed, else that of the worst outcome."""
    codes = {facts_of(kind).exit_code for kind in kinds}
    return next((code for code in WORST_FIRST if code in codes), 0)
