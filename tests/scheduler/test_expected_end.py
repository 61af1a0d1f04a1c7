"""ddswait.scheduler.expected_end: what past jobs and progress promise."""

from math import inf

import pytest
from hypothesis import example, given

from ddswait.scheduler import expected_end
from tests.scheduler.test_poll_interval import AGES, PASTS, PERCENT, estimate_before


@given(AGES, PASTS, PERCENT)
@example(2.225073858507203e-309, None, 1)
def test_hazard_is_finite_and_positive(
    age: float, past: expected_end.Past | None, percent: int | None
) -> None:
    """The hazard rate is finite and positive, whatever is expected."""
    rate = expected_end.hazard(age, past, estimate_before(age, percent))
    assert 0 < rate < inf


def test_hazard_is_that_of_the_survival() -> None:
    """The mixture's hazard is minus the slope of the logarithm of its survival."""
    past, step = expected_end.Past(500.0, 4.5), 0.01

    def survival(age: float) -> float:
        return float(0.9 / (1 + (age / 500) ** 4.5) + 0.1 * (600 / (600 + age)) ** 2)

    for age in (1.0, 300.0, 500.0, 2000.0):
        slope = (survival(age - step) - survival(age + step)) / 2 / step / survival(age)
        assert expected_end.hazard(age, past) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize(
    ("percent", "remaining"), [(0, None), (10, 852.4), (50, 98.0), (99, 0.5), (250, 0.5)]
)
def test_progress_promises_a_remaining_time(percent: int, remaining: float | None) -> None:
    """In proportion to the age; nothing at 0 %, never less than half a percent."""
    estimate = expected_end.estimate(100.0, percent)
    if remaining is None:
        assert estimate is None
    else:
        assert estimate is not None
        assert estimate.remaining == pytest.approx(remaining, abs=0.06)
    assert expected_end.estimate(0.0, 50) is None


def test_one_percent_promises_something() -> None:
    """As soon as any share is done, at any age."""
    early = expected_end.estimate(0.5, 1)
    assert early is not None
    assert early.remaining == pytest.approx(0.5 * 98.5 / 1.5)


def test_progress_says_nothing_before_it_changed() -> None:
    """At the moment of the change, and before, the hazard rate is that without it."""
    progress = expected_end.ProgressEstimate(450.0, 60.0)
    for age in (300.0, 450.0):
        assert expected_end.hazard(age, None, progress) == expected_end.hazard(age)


def test_hazard_with_progress_is_that_of_the_survival_since_its_change() -> None:
    """Survival since the change: eight tenths what progress says, the rest what was expected."""
    past, progress, step = (
        expected_end.Past(500.0, 4.5),
        expected_end.ProgressEstimate(450, 60),
        1e-3,
    )

    def expected(age: float) -> float:
        return float(0.9 / (1 + (age / 500) ** 4.5) + 0.1 * (600 / (600 + age)) ** 2)

    def survival(age: float) -> float:
        return float(0.8 / (1 + ((age - 450) / 60) ** 3) + 0.2 * expected(age) / expected(450))

    for age in (470.0, 510.0, 900.0):
        slope = (survival(age - step) - survival(age + step)) / 2 / step / survival(age)
        assert expected_end.hazard(age, past, progress) == pytest.approx(slope, rel=1e-4)
