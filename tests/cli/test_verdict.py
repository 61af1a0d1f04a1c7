"""ddswait.cli.verdict: the table of exit codes."""

from itertools import product

import pytest

from ddswait.cli.verdict import CODE, exit_code
from ddswait.outcome import OutcomeKind as Kind


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
        ([Kind.TIMED_OUT, Kind.UNREACHABLE], 5),
        ([Kind.UNREACHABLE, Kind.VANISHED], 3),
        ([Kind.NOT_FOUND, Kind.REFUSED], 4),
        ([Kind.TIMED_OUT, Kind.REFUSED, Kind.FAILED, Kind.COMPLETED], 1),
    ],
)
def test_table(kinds: list[Kind], code: int) -> None:
    """In a mixed group the first of 1, 4, 3, 5, 124 that occurred decides."""
    assert exit_code(kinds) == code


def test_only_completed_groups_pass() -> None:
    """No mixture with anything but completed jobs exits 0; order does not matter."""
    for pair in product(Kind, repeat=2):
        assert (exit_code(pair) == 0) == (set(pair) == {Kind.COMPLETED})
        assert exit_code(pair) == exit_code(pair[::-1])
    assert CODE.keys() == set(Kind)
