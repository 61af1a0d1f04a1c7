"""The time left that the live view shows is honest."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.time_left import ProgressSeen, rounded, time_left, time_left_of
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.expected_end import Past
from ddswait.service import service_named

USUAL = Past(45.0, 4.5)
AGES = st.floats(0.0, 1e6)
PASTS = st.none() | st.builds(Past, st.floats(0.1, 1e6), st.floats(0.5, 20.0))


def moving(percent: int, age: float, step: float = 1.0) -> ProgressSeen:
    """Return progress that has reached `percent` just now, at an age."""
    progress = ProgressSeen()
    progress.see(percent - 1, age - step)
    progress.see(percent, age)
    return progress


def test_two_jobs_of_one_age_differ_by_their_progress() -> None:
    """At the age of 21 s, 85 % means some seconds and 19 % about a minute, with or without past."""
    for past in (None, USUAL):
        fast, slow = (time_left(21.0, moving(percent, 21.0), past) for percent in (85, 19))
        assert fast == pytest.approx(4.0, abs=1.0)
        assert slow == pytest.approx(69.0, abs=20.0)


def test_more_progress_has_less_time_left_whenever_it_came() -> None:
    """At one age, 50 % of a while ago and 51 % of just now: the bars alone count."""
    before, now = moving(50, 50.0, step=10.0), moving(51, 59.0, step=10.0)
    longer, shorter = (time_left(59.0, progress, None) for progress in (before, now))
    assert longer is not None
    assert shorter is not None
    assert shorter < longer


@st.composite
def seen(draw: st.DrawFn, age: float) -> ProgressSeen:
    """Return some progress that was seen up to an age."""
    ages = sorted(draw(st.lists(st.floats(0.0, max(age, 0.0)), min_size=1, max_size=5)))
    progress = ProgressSeen()
    for each in ages:
        progress.see(draw(st.integers(0, 100)), each)
    return progress


@given(st.data(), AGES, PASTS)
def test_more_progress_never_has_more_time_left(
    data: st.DataObject, age: float, past: Past | None
) -> None:
    """Of two jobs of one age and name, whatever their histories, as numbers and as they show."""
    one, other = data.draw(seen(age)), data.draw(seen(age))
    less, more = sorted((one, other), key=lambda each: each.percent or 0)
    longer, shorter = time_left(age, less, past), time_left(age, more, past)
    if longer is not None and shorter is not None and less.percent != more.percent:
        assert shorter <= longer
        assert rounded(shorter) <= rounded(longer)


@given(st.data(), AGES, PASTS)
def test_every_estimate_is_a_time(data: st.DataObject, age: float, past: Past | None) -> None:
    """It is finite and never below zero, with progress and without."""
    for progress in (data.draw(seen(age)), ProgressSeen()):
        seconds = time_left(age, progress, past)
        assert seconds is None or (isfinite(seconds) and seconds >= 0)


@pytest.mark.parametrize("past", [None, Past(3600.0, 4.0)])
def test_nothing_is_left_at_100_percent(past: Past | None) -> None:
    """However long the past jobs took; and no estimate once it has stood there for too long."""
    progress = moving(100, 60.0)
    assert time_left(60.0, progress, past) == 0.0
    assert time_left(3600.0, progress, past) is None


def test_progress_must_have_moved() -> None:
    """Without past jobs, the first progress alone gives no rate; one that fell begins again."""
    progress = ProgressSeen()
    progress.see(40, 60.0)
    assert time_left(61.0, progress, None) is None
    progress.see(41, 62.0)
    assert time_left(62.0, progress, None) == pytest.approx(88.0, abs=2.0)
    progress.see(10, 63.0)
    assert time_left(63.0, progress, None) is None


def test_progress_that_stands_still_is_not_trusted() -> None:
    """At 99 % for ten minutes, after steps of 36 s: no estimate, instead of a wrong one."""
    progress = moving(99, 3600.0, step=36.0)
    assert time_left(3700.0, progress, None) == pytest.approx(18.6, abs=1.0)
    assert time_left(3600.0 + 109.0, progress, None) is None
    assert time_left(3600.0 + 109.0, progress, Past(3600.0, 4.0)) is None


def test_past_jobs_alone_without_progress() -> None:
    """The usual duration at first, then what is usual for a job of that age, then nothing."""
    unknown = ProgressSeen()
    assert time_left(0.0, unknown, USUAL) == pytest.approx(45.0)
    assert time_left(45.0, unknown, USUAL) == pytest.approx(12.4, abs=0.1)
    assert time_left(120.0, unknown, USUAL) is None
    assert time_left(10.0, unknown, None) is None


def test_past_jobs_tell_before_progress_has_moved() -> None:
    """As long as the bar does not stand still for a quarter of what is usual."""
    progress = ProgressSeen()
    progress.see(5, 60.0)
    usual = Past(600.0, 4.5)
    assert time_left(60.0, progress, usual) == pytest.approx(667.0, abs=1.0)
    assert time_left(200.0, progress, usual) is not None
    assert time_left(211.0, progress, usual) is None


def test_whole_run_ends_with_its_last_job() -> None:
    """And nobody knows when, as long as one job has no estimate."""
    assert time_left_of([4.0, 60.0, 9.0], 3) == 60.0
    assert time_left_of([4.0, None], 2) is None
    assert time_left_of([], 0) is None


def test_run_that_needs_some_jobs_ends_with_the_last_of_those() -> None:
    """A job without an estimate can only end it sooner."""
    assert time_left_of([9.0, None, 4.0, 60.0], 2) == 9.0


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, 0.0), (7.4, 7.0), (33.0, 35.0), (68.0, 75.0), (599.0, 600.0), (1000.0, 1020.0)],
)
def test_estimates_are_rounded(seconds: float, shown: float) -> None:
    """The longer the time, the fewer its digits."""
    assert rounded(seconds) == shown


def test_time_left_follows_past_jobs_of_the_same_service() -> None:
    """Jobs of two services may have one name and very different durations."""
    durations = Durations()
    for number in range(5):
        durations.of_service("rds").add("CreateInstance", str(number), 100.0)
        durations.of_service("ddm").add("CreateInstance", str(number), 1000.0)
    table = JobTable([Named(name, "", name) for name in ("rds", "ddm", "dds")], 0.0)
    left = {}
    for entry in table:
        record = {"id": entry.job_id, "name": "CreateInstance", "status": "Running"}
        entry.job = service_named(entry.service).read_record(record)
        left[entry.service] = entry.time_left(0.0, durations)
    assert left == {"rds": pytest.approx(100.0), "ddm": pytest.approx(1000.0), "dds": None}
