"""ddswait.cli.exit_codes: the table of exit codes."""

from collections import Counter
from itertools import product

import pytest

from ddswait.cli.exit_codes import WORST_FIRST, Policy, decide, exit_code
from ddswait.cli.option_values import parse_wait_for
from ddswait.outcome import OutcomeKind as Kind
from ddswait.outcome import facts_of


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ([], 0),
        ([Kind.COMPLETED], 0),
        ([Kind.FAILED], 1),
        ([Kind.NOT_FOUND], 3),
        ([Kind.VANISHED], 3),
        ([Kind.REFUSED], 4),
        ([Kind.UNREACHABLE], 5),
        ([Kind.TIMED_OUT], 124),
        ([Kind.COMPLETED, Kind.TIMED_OUT], 124),
        ([Kind.NOT_READY], 6),
        ([Kind.UNREACHABLE, Kind.NOT_READY], 6),
        ([Kind.TIMED_OUT, Kind.UNREACHABLE], 5),
        ([Kind.UNREACHABLE, Kind.VANISHED], 3),
        ([Kind.NOT_FOUND, Kind.REFUSED], 4),
        ([Kind.TIMED_OUT, Kind.REFUSED, Kind.FAILED, Kind.COMPLETED], 1),
    ],
)
def test_table(kinds: list[Kind], code: int) -> None:
    """In a mixed group the first of 1, 4, 3, 6, 5, 124 that occurred decides."""
    assert exit_code(kinds) == code


def test_only_completed_groups_pass() -> None:
    """A mixture with any other job does not exit 0; order does not matter."""
    for pair in product(Kind, repeat=2):
        assert (exit_code(pair) == 0) == (set(pair) == {Kind.COMPLETED})
        assert exit_code(pair) == exit_code(pair[::-1])


def test_every_exit_code_is_ranked() -> None:
    """A code that is not ranked would count as 0: a kind that did not complete would pass."""
    codes = {facts_of(kind).exit_code for kind in Kind} - {0}
    assert codes == set(WORST_FIRST)
    assert len(WORST_FIRST) == len(codes)


C, F, T = Kind.COMPLETED, Kind.FAILED, Kind.TIMED_OUT


@pytest.mark.parametrize(
    ("wait_for", "fail_fast", "ended", "total", "decision"),
    [
        ("all", False, [], 2, (False, 0)),
        ("all", False, [C], 2, (False, 0)),
        ("all", False, [F], 2, (False, 1)),
        ("all", False, [F, C], 2, (True, 1)),
        ("all", False, [C, C], 2, (True, 0)),
        ("all", True, [F], 3, (True, 1)),
        ("all", True, [C, T], 3, (True, 124)),
        ("any", False, [F], 3, (False, 1)),
        ("any", False, [F, C], 3, (True, 0)),
        ("any", False, [F, T], 2, (True, 1)),
        ("any", True, [F, F], 3, (False, 1)),
        ("any", True, [F, F, T], 3, (True, 1)),
        ("2", False, [C, F], 3, (False, 1)),
        ("2", False, [C, F, C], 4, (True, 0)),
        ("2", False, [F, F], 3, (False, 1)),
        ("2", True, [F, F], 3, (True, 1)),
        ("2", True, [F, C], 3, (False, 1)),
    ],
)
def test_policies(
    wait_for: str, fail_fast: bool, ended: list[Kind], total: int, decision: tuple[bool, int]
) -> None:
    """Whether a group is decided, and with which code, for every policy."""
    policy = Policy(parse_wait_for(wait_for), fail_fast)
    assert decide(Counter(ended), total, policy) == decision
    let_go = Counter([*ended, Kind.PENDING])
    assert decide(let_go, total, policy) == decision
