"""ddswait.scheduler.retry_delay: always finite and positive."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler import retry_delay
from tests.scheduler.shell import Still

SEEDS = st.integers().map(Random)


@given(st.integers(1, 10**9), SEEDS)
def test_polls_of_an_unknown_job_slow_down_to_five_seconds(misses: int, chance: Random) -> None:
    """Half a second first, five at the most, for ever."""
    assert 0.45 <= retry_delay.while_unknown(misses, chance) <= 5.5


@given(st.integers(1, 10**9), st.floats(0, 1e5), SEEDS)
def test_delay_grows_to_a_minute_or_to_retry_after(
    failures: int, retry_after: float, chance: Random
) -> None:
    """Delays after failures grow to a minute and are never shorter than Retry-After."""
    delay = retry_delay.after_failures(failures, retry_after, chance)
    assert max(0.5, retry_after) <= delay <= max(60.0, retry_after * 1.1)


@pytest.mark.parametrize(
    ("failures", "delay"), [(1, 0.75), (2, 1.5), (3, 3), (6, 24), (7, 45), (99, 45)]
)
def test_delays_double(failures: int, delay: float) -> None:
    """1, 2, 4 ... 60 seconds, less a quarter on average."""
    assert retry_delay.after_failures(failures, 0.0, Still()) == delay
