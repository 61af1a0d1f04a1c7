"""When a group of waits is decided, for every policy. Pure.

    needed   the group succeeds if   it is decided early if
    None     every job completed     fail_fast: a job did not complete
    1        one job completed       one completed; fail_fast: none can complete any more
    N        N jobs completed        N completed; fail_fast: N cannot complete any more

Otherwise every job is waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.errors import InputError
from ddswait.outcome_kinds import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Policy(NamedTuple):
    """When a group of waits succeeds, and when it is decided before every job has ended.

    Attributes:
        needed: how many jobs must complete; None for all.
        fail_fast: whether the group is decided as soon as it cannot succeed any more.
    """

    needed: int | None = None
    fail_fast: bool = False

    def check(self, total: int, title: str = "wait_for") -> None:
        """Check that a group is large enough.

        Args:
            total: how many jobs there are.
            title: what the user calls the number.

        Raises:
            InputError: more jobs must complete than there are.
        """
        if self.needed and self.needed > total:
            there_are = "there is 1 job" if total == 1 else f"there are {total} jobs"
            raise InputError(f"{title} {self.needed}: {there_are} only; use a smaller number")


ALL = Policy()
"""Every job must complete, and every one is waited for."""


class Decision(NamedTuple):
    """Whether a group is decided.

    Attributes:
        over: whether nothing that may still happen changes `ok`, or is worth waiting for.
        ok: whether the group has succeeded.
    """

    over: bool
    ok: bool


def decide(tally: Mapping[OutcomeKind, int], total: int, policy: Policy) -> Decision:
    """Return whether the waits that have ended decide a group.

    Args:
        tally: how many waits ended in which way; a `pending` job counts as not ended.
        total: how many jobs the group has.
        policy: when the group succeeds.
    """
    needed = total if policy.needed is None else policy.needed
    completed = tally.get(OutcomeKind.COMPLETED, 0)
    ended = sum(count for kind, count in tally.items() if kind is not OutcomeKind.PENDING)
    unfinished = total - ended
    if completed >= needed:
        return Decision(over=True, ok=True)
    is_lost = policy.fail_fast and completed + unfinished < needed
    return Decision(over=is_lost or not unfinished, ok=False)


def parse_wait_for(wait_for: str | int) -> int | None:
    """Return how many jobs must complete; None for all.

    Args:
        wait_for: `all`, `any`, or a number from 1 up, which may be text.

    Raises:
        InputError: it is another value; the message quotes it.
    """
    text = str(wait_for)
    if text in {"all", "any"}:
        return None if text == "all" else 1
    if text.isascii() and text.isdecimal() and int(text[:9]) > 0:
        return int(text[:9])
    raise InputError(f"invalid number of jobs {text!a}: use 'all', 'any' or a number from 1 up")
