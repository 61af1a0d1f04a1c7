"""ddswait.pace: pauses, always finite and positive."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait import pace
from tests.cloud import Still

AGES = st.floats(0, 1e9)
SEEDS = st.integers().map(Random)


@given(AGES, st.floats(0.001, 1e6), SEEDS)
def test_next_look_is_within_a_tenth_of_the_rule(
    age: float, interval: float, chance: Random
) -> None:
    """The pause is interval x sqrt((600 + age) / 1000), jittered by a tenth at most."""
    rule = interval * ((600 + age) / 1000) ** 0.5
    assert 0.89 * rule <= pace.until_next_look(interval, age, chance) <= 1.11 * rule


@given(st.integers(1, 10**9), SEEDS)
def test_looks_at_an_unseen_job_slow_down_to_five_seconds(misses: int, chance: Random) -> None:
    """Half a second first, five at the most, for ever."""
    assert 0.45 <= pace.while_not_visible(misses, chance) <= 5.5


@given(st.integers(1, 10**9), st.floats(0, 1e5), SEEDS)
def test_faults_pause_a_minute_at_most_or_as_told(
    faults: int, retry_after: float, chance: Random
) -> None:
    """Pauses after faults grow to a minute; Retry-After is never undercut."""
    pause = pace.after_fault(faults, retry_after, chance)
    assert max(0.5, retry_after) <= pause <= max(60.0, retry_after * 1.1)


@pytest.mark.parametrize(
    ("faults", "pause"), [(1, 0.75), (2, 1.5), (3, 3), (6, 24), (7, 45), (99, 45)]
)
def test_pauses_double(faults: int, pause: float) -> None:
    """1, 2, 4 ... 60 seconds, less a quarter on average."""
    assert pace.after_fault(faults, 0.0, Still()) == pause
