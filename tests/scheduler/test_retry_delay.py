"""ddswait.retry_delay: always finite and positive."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler import retry_delay
from tests.scheduler.shell import Still

SEEDS = st.integers().map(Random)


@given(st.integers(1, 10**9), SEEDS)
def test_polls_an_unseen_job_slow_down_to_five_seconds(misses: int, chance: Random) -> None:
    """Half a second first, five at the most, for ever."""
    assert 0.45 <= retry_delay.while_unknown(misses, chance) <= 5.5


@given(st.integers(1, 10**9), st.floats(0, 1e5), SEEDS)
def test_faults_pause_a_minute_at_most_or_as_told(
    faults: int, retry_after: float, chance: Random
) -> None:
    """Pauses after faults grow to a minute; Retry-After is never undercut."""
    pause = retry_delay.after_failures(faults, retry_after, chance)
    assert max(0.5, retry_after) <= pause <= max(60.0, retry_after * 1.1)


@pytest.mark.parametrize(
    ("faults", "pause"), [(1, 0.75), (2, 1.5), (3, 3), (6, 24), (7, 45), (99, 45)]
)
def test_pauses_double(faults: int, pause: float) -> None:
    """1, 2, 4 ... 60 seconds, less a quarter on average."""
    assert retry_delay.after_failures(faults, 0.0, Still()) == pause
