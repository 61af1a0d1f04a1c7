"""ddswait.cli.exit_codes: the table of exit codes."""

from itertools import product

import pytest

from ddswait.cli.exit_codes import WORST_FIRST, exit_code
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
