"""ddswait.scheduler.retry_delay: always finite and positive."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler import retry_delay
from ddswait.service.replies import Failure, Throttled, TransientFailure
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
    delay = retry_delay.after_failures(failures, retry_after, 60.0, chance)
    assert max(0.5, retry_after) <= delay <= max(60.0, retry_after * 1.1)


@pytest.mark.parametrize(
    ("failures", "delay"), [(1, 0.75), (2, 1.5), (3, 3), (6, 24), (7, 45), (99, 45)]
)
def test_delays_double(failures: int, delay: float) -> None:
    """1, 2, 4 ... 60 seconds, less a quarter on average."""
    assert retry_delay.after_failures(failures, 0.0, 60.0, Still()) == delay


def test_own_delays_double_from_the_first_to_the_longest() -> None:
    """The first is the first, each next one is twice as long, and the longest is never passed."""
    growth = retry_delay._Growth(first=1.0, longest=60.0)
    assert [growth[count] for count in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    short = retry_delay._Growth(first=0.5, longest=5.0)
    assert (short[10**9], short[0]) == (5.0, 0.5)
    assert growth[0] == 1.0
    assert len(growth._steps) == len([1, 2, 4, 8, 16, 32, 60])


@pytest.mark.parametrize(
    ("misses", "delay"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 5.0), (6, 5.0)]
)
def test_unknown_job_is_polled_again_soon(misses: int, delay: float) -> None:
    """Half a second after the first miss, then twice as long each time, five at the most."""
    assert retry_delay.while_unknown(misses, Still()) == delay


def test_jitter_of_a_retry_after_only_adds() -> None:
    """Jobs that met one outage come back spread out, and none before the time that was named."""
    assert retry_delay.after_failures(1, 100.0, 60.0, Still()) == pytest.approx(105.0)


@pytest.mark.parametrize(
    ("failure", "delay"),
    [
        (Throttled("m", 0.0, 5, 60.0), retry_delay.AT_ONCE),
        (Throttled("m", 7.0, 5, 60.0), 7.0),
        (Throttled("m", 100.0), 105.0),
        (Throttled("m"), 1.5),
        (TransientFailure("m", 100.0), 105.0),
        (TransientFailure("m"), 1.5),
    ],
)
def test_limit_that_is_stated_needs_no_delay_of_its_own(failure: Failure, delay: float) -> None:
    """The rate limiter knows when a stated limit has room; all else is put off as a failure."""
    assert retry_delay.after_failure(failure, 2, 10.0, Still()) == pytest.approx(delay)


def test_failed_poll_is_repeated_within_an_interval() -> None:
    """So each job is polled soon after an outage; a service that throttles is spared for longer."""
    assert retry_delay.after_failure(TransientFailure("m"), 99, 8.0, Still()) == 6.0
    assert retry_delay.after_failure(TransientFailure("m", 100.0), 99, 8.0, Still()) == 105.0
    assert retry_delay.after_failure(Throttled("m"), 99, 8.0, Still()) == 45.0
