"""ddswait.scheduler.urgency: how urgent a poll is that is due and cannot leave."""

import pytest

from ddswait.scheduler.poll import Trouble
from tests.scheduler.polls import poll, urgency_by


@pytest.mark.parametrize("wanted", [1.0, 2.5, 40.0])
def test_urgency_is_reached_at_its_time(wanted: float) -> None:
    """It is the wait since the last success in wanted intervals."""
    urgency = urgency_by(lambda *_: wanted)
    for reached in (1.0, 1.5, 30.0):
        since, at = urgency.span(poll("w", 50.0, 60.0), reached)
        assert since == 50.0
        assert at == pytest.approx(50.0 + reached * wanted)


def test_urgency_follows_the_interval_that_is_wanted_by_then() -> None:
    """Not that of the last poll."""
    urgency = urgency_by(lambda _, now: 1000.0 / now)
    since, at = urgency.span(poll("a", 20.0, 30.0), 8.0)
    assert (at - since) / (1000.0 / at) == pytest.approx(8.0)


def test_urgency_of_a_poll_that_failed_counts_from_its_retry() -> None:
    """It is 1 when the retry is due, as for a poll that is due."""
    failed = poll("f", 0.0, 90.0)
    failed.trouble = Trouble(failures=2)
    urgency = urgency_by(lambda _, now: now / 18)
    assert urgency.span(failed, 1.0) == (85.0, 90.0)
    assert urgency.span(failed, 4.0) == (85.0, 105.0)
