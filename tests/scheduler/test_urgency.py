"""ddswait.scheduler.urgency: how urgent a poll is that is due and cannot leave."""

import pytest

from ddswait.scheduler.poll import Trouble
from tests.scheduler.polls import poll, urgency_by


def test_urgency_is_the_wait_in_wanted_intervals() -> None:
    """Since the last success, by the interval that is wanted now."""
    urgency = urgency_by(lambda _, now: now / 10)
    assert urgency.of(poll("a", 20.0, 30.0), 100.0) == 8.0


def test_urgency_of_a_poll_that_failed_counts_from_its_retry() -> None:
    """It is 1 when the retry is due, as for a poll that is due."""
    failed = poll("f", 0.0, 90.0)
    failed.trouble = Trouble(failures=2)
    urgency = urgency_by(lambda *_: 5.0)
    assert urgency.of(failed, 90.0) == 1.0
    assert urgency.of(failed, 105.0) == 4.0


@pytest.mark.parametrize("failures", [0, 1])
@pytest.mark.parametrize("wanted", [1.0, 2.5, 40.0])
def test_urgency_is_reached_at_its_time(failures: int, wanted: float) -> None:
    """Whether the last poll failed or not."""
    waits = poll("w", 50.0, 60.0)
    waits.trouble = Trouble(failures=failures)
    urgency = urgency_by(lambda *_: wanted)
    for reached in (1.0, 1.5, 30.0):
        at = urgency.reached_at(waits, reached)
        assert urgency.of(waits, at) == pytest.approx(reached)
