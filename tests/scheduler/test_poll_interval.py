"""ddswait.scheduler.poll_interval: intervals stay within their bounds, whatever is expected."""

from math import exp, isfinite, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler import expected_end, poll_interval
from tests.scheduler.shell import Still

AGES = st.floats(0, 3e6)
INTERVALS = st.floats(0.1, 3600)
PASTS = st.none() | st.builds(
    expected_end.Past, st.floats(0.01, 1e8), st.floats(0.5, 20), st.sampled_from([0.5, 0.9])
)
PERCENT = st.none() | st.integers(0, 999)
SEEDS = st.integers().map(Random)


def estimate_before(age: float, percent: int | None) -> expected_end.ProgressEstimate | None:
    return None if percent is None else expected_end.estimate(age / 2, percent)


@given(INTERVALS, AGES, PASTS, PERCENT, SEEDS)
def test_interval_is_within_its_bounds(
    interval: float,
    age: float,
    past: expected_end.Past | None,
    percent: int | None,
    chance: Random,
) -> None:
    """A quarter to twice the uninformed interval, within 1 and 60 s; a tenth of jitter.

    The uninformed one is at most three times the user's.
    """
    chosen = poll_interval.next_interval(interval, age, chance, past, estimate_before(age, percent))
    worth = interval**2 / 1000
    uninformed = min((worth * (600 + age)) ** 0.5 + worth / 4, 3 * interval)
    longest = max(60.0, interval)
    assert isfinite(chosen)
    assert 0.899 * min(max(uninformed / 4, 1), longest) <= chosen
    assert chosen <= 1.101 * min(max(2 * uninformed, 1), longest)


@given(INTERVALS, AGES)
def test_uninformed_interval_is_where_the_integral_reaches_one(interval: float, age: float) -> None:
    """The closed form solves the rule's own equation."""
    chosen = poll_interval.uninformed(interval, age)
    worth = interval**2 / 1000
    if chosen == 3 * interval:
        chosen = (worth * (600 + age)) ** 0.5 + worth / 4
        assert chosen >= 3 * interval
    integral = 2 * ((600 + age + chosen) ** 0.5 - (600 + age) ** 0.5) / worth**0.5
    assert integral == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("interval", "past", "estimate"),
    [
        (10.0, expected_end.Past(500.0, 4.5), None),
        (10.0, None, expected_end.ProgressEstimate(450.0, 60.0)),
        (10.0, expected_end.Past(500.0, 4.5), expected_end.ProgressEstimate(450.0, 60.0)),
        (60.0, None, expected_end.ProgressEstimate(459.0, 1.0)),
    ],
)
def test_integral_over_an_expectation_reaches_one(
    interval: float, past: expected_end.Past, estimate: expected_end.ProgressEstimate | None
) -> None:
    """With an expectation too, the density integrates to one between two polls (fine sums)."""
    chosen = poll_interval.wanted(interval, 460.0, past, estimate)
    worth, steps = poll_interval.cost(interval), 20_000
    width = chosen / steps
    ages = (460.0 + width * (step + 0.5) for step in range(steps))
    integral = sum(
        (expected_end.hazard(age, past, estimate) / 2 / worth) ** 0.5 * width for age in ages
    )
    assert integral == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("waited", [0.0, 0.5, 9.0, 60.0, 300.0])
@pytest.mark.parametrize("past", [None, expected_end.Past(300.0, 4.5)])
@pytest.mark.parametrize("remaining", [None, 5.0, 900.0])
def test_interval_by_now_follows_from_how_likely_the_job_has_ended(
    waited: float, past: expected_end.Past | None, remaining: float | None
) -> None:
    """As if the hazard rate were that likelihood per second; within the usual bounds."""
    estimate = (
        None if remaining is None else expected_end.ProgressEstimate(460.0 - waited, remaining)
    )
    steps = 20_000
    ages = (460.0 - waited + waited * (step + 0.5) / steps for step in range(steps))
    ended = 1 - exp(-sum(expected_end.hazard(age, past, estimate) for age in ages) * waited / steps)
    shortest, longest = poll_interval.bounds(20.0, 460.0)
    expected = min(max(sqrt(2 * 0.4 * waited / max(ended, 1e-9)), shortest), longest)
    assert poll_interval.wanted_by_now(20.0, 460.0, waited, past, estimate) == pytest.approx(
        expected, rel=0.01
    )


def test_polls_are_closer_where_the_end_is_expected() -> None:
    """Close to the usual duration polls are closer than long before it."""
    past = expected_end.Past(500.0, 8.0)
    assert poll_interval.wanted(10, 480, past, None) < 0.6 * poll_interval.wanted(
        10, 100, past, None
    )
    nearly = expected_end.estimate(500.0, 97)
    assert nearly is not None
    assert poll_interval.wanted(10, 510, None, nearly) < 0.6 * poll_interval.uninformed(10, 510)


def test_wrong_expectation_fades() -> None:
    """Long after the expected end, the interval is the uninformed one again."""
    stuck = expected_end.estimate(100.0, 99)
    late = poll_interval.wanted(10, 400, None, stuck)
    assert late == pytest.approx(poll_interval.uninformed(10, 400), rel=0.03)
    outlived = poll_interval.wanted(10, 3000, expected_end.Past(100.0, 4.5), None)
    assert outlived == pytest.approx(poll_interval.uninformed(10, 3000), rel=0.05)


def test_jitter_is_a_tenth() -> None:
    """Without jitter, the interval is the wanted one."""
    assert poll_interval.next_interval(10, 400, Still()) == poll_interval.wanted(
        10, 400, None, None
    )
    assert poll_interval.uninformed(10, 400) == pytest.approx(10.025)


def test_bounds_are_a_quarter_and_twice_the_uninformed_interval() -> None:
    """At an age of 400 s, the uninformed interval is the user's: 10 s."""
    assert poll_interval.bounds(10.0, 400.0) == pytest.approx((10.025 / 4, 20.05))


def test_what_is_known_shapes_the_jittered_interval() -> None:
    """Past jobs and progress count, and jitter makes the interval up to a tenth longer."""
    past, progress = expected_end.Past(500.0, 8.0), expected_end.ProgressEstimate(400.0, 60.0)

    class Longest(Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    for known in ((past, None), (None, progress), (past, progress)):
        wanted = poll_interval.wanted(10, 448, *known)
        assert wanted != poll_interval.wanted(10, 448, None, None)
        assert poll_interval.next_interval(10, 448, Longest(), *known) == wanted * 1.1


def test_interval_by_now_counts_from_the_last_poll_or_the_last_change() -> None:
    """Progress that a list showed after the last poll is news; no job ended before it began."""
    progress = expected_end.ProgressEstimate(480.0, 20.0)
    since_change = poll_interval.wanted_by_now(20.0, 500.0, 20.0, None, progress)
    since_poll = poll_interval.wanted_by_now(20.0, 500.0, 40.0, None, progress)
    assert since_poll == pytest.approx(since_change * sqrt(2))
    begun = poll_interval.wanted_by_now(10.0, 0.5, 0.5, None, None)
    assert begun == pytest.approx(sqrt(2 * 0.1 * 0.5 / (1 - (600 / 600.5) ** 2)))


@pytest.mark.parametrize("age", [3600.0, 86_400.0, 1e7])
def test_interval_of_an_old_job_stays_near_what_the_user_said(age: float) -> None:
    """However old it is, three intervals at the most while nothing else is known."""
    assert poll_interval.wanted(2.0, age, None, None) <= 6.0
    assert poll_interval.wanted(2.0, 1e7, None, None) == 6.0


def test_past_that_took_no_time_is_no_reason_to_fail() -> None:
    """A history may say anything, such as a duration next to nothing."""
    past = expected_end.Past(1e-300, 20.0)
    assert expected_end.hazard(1e12, past) > 0
    assert poll_interval.wanted(10.0, 1e12, past, None) > 0


@given(
    st.floats(0.0, 5000.0),
    st.floats(1.0, 100.0),
    st.floats(1.0, 60.0),
    st.none()
    | st.builds(
        expected_end.Past,
        st.floats(60.0, 4000.0),
        st.floats(1.0, 8.0),
        st.sampled_from([0.5, 0.9]),
    ),
    st.none() | st.tuples(st.floats(0.2, 1.0), st.floats(5.0, 2000.0)),
)
def test_waiting_time_leads_to_the_urgency(
    age: float,
    urgency: float,
    interval: float,
    past: expected_end.Past | None,
    moved: tuple[float, float] | None,
) -> None:
    """About, whatever is believed about the end; precisely when nothing is."""
    progress = expected_end.ProgressEstimate(age * moved[0], moved[1]) if moved else None
    waited = poll_interval.waiting_time(interval, age, urgency, past, progress)
    wanted = poll_interval.wanted_by_now(interval, age + waited, waited, past, progress)
    assert 0.5 < waited / wanted / urgency < 2.0
    if past is None and progress is None:
        assert waited / wanted == pytest.approx(urgency, rel=0.05)


@pytest.mark.parametrize(
    ("age", "common"),
    [(0.4, 0), (59.6, 60), (127.4, 127), (129.1, 130), (255.4, 256), (449.0, 448), (2999.0, 3008)],
)
def test_jobs_of_about_an_age_share_what_is_worked_out(age: float, common: int) -> None:
    """To a second for the young, to less than a percent for the old, unless progress differs."""
    past, progress = expected_end.Past(500.0, 3.5), expected_end.ProgressEstimate(0.1, 600.0)
    still = Still()
    assert poll_interval.next_interval(10.0, age, still, past) == poll_interval.wanted(
        10.0, common, past, None
    )
    assert poll_interval.next_interval(10.0, age, still, past, progress) == poll_interval.wanted(
        10.0, age, past, progress
    )
    for each in (None, past):
        assert poll_interval.waiting_time(10.0, age, 4.0, each, None) == (
            poll_interval.waiting_time(10.0, common, 4.0, each, None)
        )
    exact = poll_interval.waiting_time(10.0, age, 4.0, past, progress)
    assert exact != poll_interval.waiting_time(10.0, common, 4.0, past, progress)


def test_waiting_time_shrinks_when_the_end_is_near() -> None:
    """A job that usually ends after ten minutes is urgent sooner at nine than at one."""
    past = expected_end.Past(600.0, 8.0)
    soon = poll_interval.waiting_time(10.0, 540.0, 4.0, past, None)
    late = poll_interval.waiting_time(10.0, 60.0, 4.0, past, None)
    assert soon < late / 2


def test_waiting_time_is_never_shorter_than_the_shortest_interval_allows() -> None:
    """However near the end is: it is that interval times the urgency."""
    progress = expected_end.ProgressEstimate(1199.0, 1.0)
    shortest, _ = poll_interval.bounds(10.0, 1200.0)
    waited = poll_interval.waiting_time(10.0, 1200.0, 2.0, None, progress)
    assert waited == pytest.approx(2.0 * shortest, rel=0.05)


def test_waiting_time_is_precise_for_most_jobs() -> None:
    """Within a fifth of a percent for half of them, 6 % for nine of ten, and 40 % for all."""
    chance = Random(7)
    errors = []
    for _ in range(2000):
        age, urgency = 3000.0 * chance.random() ** 2, 2.0 ** chance.uniform(0.0, 6.0)
        past = expected_end.Past(chance.uniform(100.0, 2000.0), chance.uniform(1.5, 6.0))
        change = expected_end.ProgressEstimate(
            age * chance.uniform(0.3, 1.0), chance.uniform(5.0, 1500.0)
        )
        progress = change if chance.random() < 0.5 else None
        waited = poll_interval.waiting_time(10.0, age, urgency, past, progress)
        wanted = poll_interval.wanted_by_now(10.0, age + waited, waited, past, progress)
        errors.append(abs(waited / wanted / urgency - 1.0))
    errors.sort()
    assert errors[1000] < 0.002
    assert errors[1800] < 0.06
    assert errors[-1] < 0.4


@pytest.mark.parametrize("median", [0.0, 1e-12, 600.0])
def test_moments_before_the_last_change_of_the_progress_count_as_none(median: float) -> None:
    """And past jobs that took no time are believed to have taken next to none."""
    past, progress = expected_end.Past(median, 2.5), expected_end.ProgressEstimate(50.0, 60.0)
    before = poll_interval.wanted_by_now(10.0, 40.0, 20.0, past, progress)
    assert before == poll_interval.bounds(10.0, 40.0)[1]


def test_job_that_begins_later_by_a_wrong_clock_has_an_interval() -> None:
    """Whatever shape the past has: a negative age has no power."""
    past = expected_end.Past(600.0, 2.5)
    assert poll_interval.wanted_by_now(10.0, -5.0, 20.0, past, None) > 0


def test_wait_that_began_before_the_job_counts_from_its_creation() -> None:
    """The job cannot have ended before."""
    ended = 1.0 - (600.0 / 610.0) ** 2
    expected = sqrt(2 * poll_interval.cost(10.0) * 20.0 / ended)
    assert poll_interval.wanted_by_now(10.0, 10.0, 20.0, None, None) == pytest.approx(expected)


@pytest.mark.parametrize("past", [None, expected_end.Past(400.0, 3.0)])
@pytest.mark.parametrize(
    ("age", "changed_at"), [(120.5, None), (300.0, None), (300.0, 150.0), (300.0, 260.0)]
)
def test_interval_by_now_follows_the_hazard_since_the_last_poll(
    past: expected_end.Past | None, age: float, changed_at: float | None
) -> None:
    """Or since the progress has changed: its integral says how likely the end has come."""
    waited, interval = 120.0, 20.0
    progress = None if changed_at is None else expected_end.ProgressEstimate(changed_at, 90.0)
    begin = age - waited if changed_at is None else max(age - waited, changed_at)
    width = (age - begin) / 4000
    middles = (begin + (step + 0.5) * width for step in range(4000))
    total = sum(expected_end.hazard(each, past, progress) for each in middles) * width
    expected = sqrt(2 * poll_interval.cost(interval) * waited / (1 - exp(-total)))
    shortest, longest = poll_interval.bounds(interval, age)
    wanted = poll_interval.wanted_by_now(interval, age, waited, past, progress)
    assert wanted == pytest.approx(min(max(expected, shortest), longest), rel=1e-3)
