"""ddswait.simulator.jobs: the life of a job."""

from dataclasses import replace
from math import inf

import pytest

from ddswait.simulator.jobs import Plan, Progress

PLAN = Plan("a", "Create_MongoDB", "i", "mine", submitted=100.0, seconds=50.0)


def test_id_is_unknown_at_first() -> None:
    """The service knows a job's ID some seconds after the submission, exactly then."""
    late = replace(PLAN, visible_after=3.0)
    assert [late.is_known(now) for now in (100.0, 102.9, 103.0, 1e9)] == [False, False, True, True]


def test_job_of_a_deletion_is_unknown_after_its_end() -> None:
    """The ID of a job that vanishes is known until the job ends."""
    deletion = replace(PLAN, vanishes=True)
    assert [deletion.is_known(now) for now in (149.9, 150.0)] == [True, False]


@pytest.mark.parametrize(("fails", "end"), [(None, "Completed"), ("disk full", "Failed")])
def test_status_changes_at_the_end(fails: str | None, end: str) -> None:
    """A job runs until its end and then has completed or failed, as planned."""
    plan = replace(PLAN, fail_reason=fails)
    assert [plan.status_at(now) for now in (149.9, 150.0)] == ["Running", end]


def test_other_status_is_shown_while_running() -> None:
    """A status that is not documented stands in for `Running` alone."""
    plan = replace(PLAN, status="Queued")
    assert [plan.status_at(now) for now in (149.9, 150.0)] == ["Queued", "Completed"]


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        ("truthful", [0, 9, 50, 99]),
        ("stuck", [0, 27, 99, 99]),
        ("staged", [0, 0, 40, 90]),
        ("absent", [None, None, None, None]),
    ],
)
def test_progress_goes_as_planned(progress: Progress, shown: list[int | None]) -> None:
    """Progress is truthful, gets stuck, goes in stages or is absent; an ended job has none."""
    plan = replace(PLAN, progress=progress)
    assert [plan.percent(now) for now in (100.0, 104.5, 125.0, 149.9)] == shown
    assert plan.percent(150.0) is None


def test_held_job_runs_until_it_is_released() -> None:
    """A held job has no end; released, it ends at that moment."""
    held = replace(PLAN, seconds=inf)
    assert held.is_held
    assert (held.status_at(1e9), held.percent(1e9)) == ("Running", 0)
    released = held.released(1000.0, None)
    assert (released.ends, released.status_at(999.9), released.status_at(1000.0)) == (
        1000.0,
        "Running",
        "Completed",
    )
    assert not released.is_held


def test_release_decides_how_a_job_ends() -> None:
    """A release can let the job fail; without a reason the plan's own stays."""
    held = replace(PLAN, seconds=inf)
    assert held.released(1000.0, "disk full").fail_reason == "disk full"
    assert replace(held, fail_reason="no quota").released(1000.0, None).fail_reason == "no quota"


def test_only_a_held_job_can_be_released() -> None:
    """A job that ends by itself keeps its end; the message quotes its ID."""
    with pytest.raises(ValueError, match="job 'a' is not held"):
        PLAN.released(110.0, None)
