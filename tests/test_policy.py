"""ddswait.policy: when a group of waits is decided."""

from collections import Counter

import pytest

from ddswait import InputError
from ddswait.outcome import OutcomeKind as Kind
from ddswait.policy import Policy, decide, parse_wait_for

C, F, T = Kind.COMPLETED, Kind.FAILED, Kind.TIMED_OUT


@pytest.mark.parametrize(
    ("wait_for", "fail_fast", "ended", "total", "decision"),
    [
        ("all", False, [], 2, (False, False)),
        ("all", False, [C], 2, (False, False)),
        ("all", False, [F], 2, (False, False)),
        ("all", False, [F, C], 2, (True, False)),
        ("all", False, [C, C], 2, (True, True)),
        ("all", True, [F], 3, (True, False)),
        ("all", True, [C, T], 3, (True, False)),
        ("any", False, [F], 3, (False, False)),
        ("any", False, [F, C], 3, (True, True)),
        ("any", False, [F, T], 2, (True, False)),
        ("any", True, [F, F], 3, (False, False)),
        ("any", True, [F, F, T], 3, (True, False)),
        ("2", False, [C, F], 3, (False, False)),
        ("2", False, [C, F, C], 4, (True, True)),
        ("2", False, [F, F], 3, (False, False)),
        ("2", True, [F, F], 3, (True, False)),
        ("2", True, [F, C], 3, (False, False)),
    ],
)
def test_policies(
    wait_for: str, fail_fast: bool, ended: list[Kind], total: int, decision: tuple[bool, int]
) -> None:
    """Whether a group is decided, and met, for every policy."""
    policy = Policy(parse_wait_for(wait_for), fail_fast)
    assert decide(Counter(ended), total, policy) == decision
    let_go = Counter([*ended, Kind.PENDING])
    assert decide(let_go, total, policy) == decision


def test_group_smaller_than_its_policy_is_refused() -> None:
    """More jobs than there are cannot complete; all of none is no mistake of the policy."""
    for policy in (Policy(2), Policy(None), Policy(1, fail_fast=True)):
        policy.check(2)
    Policy(None).check(0)
    with pytest.raises(InputError, match=r"^wait_for 3: there are 2 jobs only; use a smaller"):
        Policy(3).check(2)
    with pytest.raises(InputError, match=r"^--wait-for 2: there is 1 job only"):
        Policy(2).check(1, "--wait-for")


@pytest.mark.parametrize(
    ("wait_for", "needed"), [("all", None), ("any", 1), ("7", 7), (7, 7), ("1", 1)]
)
def test_number_of_jobs_is_text_or_a_number(wait_for: str | int, needed: int | None) -> None:
    """As on the command line, or as a program has it."""
    assert parse_wait_for(wait_for) == needed


@pytest.mark.parametrize("wait_for", ["", "0", 0, -1, "some", 1.5, True, None, "1e3"])
def test_other_numbers_of_jobs_are_refused(wait_for: str | int) -> None:
    """The message quotes the value, and says what to use."""
    with pytest.raises(InputError, match=f"{wait_for}.*: use 'all', 'any' or a number from 1 up"):
        parse_wait_for(wait_for)
