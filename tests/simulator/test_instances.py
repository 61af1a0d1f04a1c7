"""ddswait.simulator.instances: what jobs leave behind."""

from dataclasses import replace

import pytest

from ddswait.simulator.instances import Habits, Instance, find_instance
from ddswait.simulator.jobs import Plan

CREATION = Plan("a", "Create_MongoDB", "i", "mine", submitted=0.0, seconds=100.0)
RESTART = replace(CREATION, job_id="b", name="Restart", submitted=200.0, seconds=50.0)
DELETION = replace(
    CREATION, job_id="c", name="Delete_MongoDB", submitted=300.0, seconds=10.0, vanishes=True
)


def at(now: float, *plans: Plan, **habits: float) -> Instance | None:
    return find_instance(plans, "i", now, Habits(**habits))


def shown(now: float, *plans: Plan, **habits: float) -> tuple[str, list[str]]:
    found = at(now, *plans, **habits)
    assert found is not None
    return found.status, found.actions


def test_instance_is_created_and_then_normal() -> None:
    """It is being created until its first job ends, and busy with that job."""
    assert at(99.9, CREATION) == Instance("i", "mine", "creating", ["CREATE"])
    assert at(100.0, CREATION) == Instance("i", "mine", "normal", [])


def test_later_job_makes_a_normal_instance_busy() -> None:
    """During a later job it stays normal, with an operation under way."""
    assert shown(249.9, CREATION, RESTART) == ("normal", ["RESTARTING"])
    assert shown(250.0, CREATION, RESTART) == ("normal", [])
    again = replace(CREATION, submitted=200.0)
    assert shown(249.9, CREATION, again) == ("normal", ["CREATE"])


def test_instance_stays_busy_for_some_time_after_its_job() -> None:
    """The instance settles for as long as the world says."""
    busy = [shown(now, CREATION, settle_seconds=60.0)[1] for now in (100.0, 159.9, 160.0)]
    assert busy == [["CREATE"], ["CREATE"], []]


@pytest.mark.parametrize("name", ["Create_MongoDB", "Restore_MongoDB", "RestoreToNew_MongoDB"])
def test_new_instance_is_backed_up_after_some_seconds(name: str) -> None:
    """It is ready for a moment before, after creations and restorations; then for good."""
    plan = replace(CREATION, name=name)
    times = (100.0, 149.9, 150.0, 159.9, 160.0, 189.9, 190.0, 1e9)
    habits = {"settle_seconds": 50.0, "backup_seconds": 30.0}
    actions = [shown(now, plan, **habits)[1] for now in times]
    own = plan.action
    assert actions == [[own], [own], [], [], ["BACKUP"], ["BACKUP"], [], []]


def test_other_tasks_and_failed_ones_are_followed_by_no_backup() -> None:
    """Nor is there one unless the world says how long it takes."""
    for plan in (RESTART, replace(CREATION, fail_reason="x")):
        assert shown(plan.ends + 15.0, plan, backup_seconds=30.0)[1] == []
    assert shown(115.0, CREATION)[1] == []
    # A later task hides it, and does not move it.
    busy = replace(RESTART, submitted=105.0, seconds=10.0)
    actions = [shown(now, CREATION, busy, backup_seconds=30.0)[1] for now in (112.0, 116.0, 140.0)]
    assert actions == [["RESTARTING"], ["BACKUP"], []]


@pytest.mark.parametrize(
    ("name", "status", "actions"),
    [
        ("Create_MongoDB", "createfail", []),
        ("RestoreToNew_MongoDB", "createfail", []),
        ("EnlargeVolume_MongoDB", "enlargefail", []),
        ("Restore_MongoDB", "normal", ["RESTORE_FAILED_HANGUP"]),
        ("Restart_MongoDB", "normal", []),
    ],
)
def test_failed_task_leaves_its_mark(name: str, status: str, actions: list[str]) -> None:
    """What no waiting changes is shown until another task ends."""
    plan = replace(CREATION, name=name, fail_reason="disk full")
    assert shown(1e6, plan) == (status, actions)
    assert shown(1e6, plan, RESTART) == ("normal", [])


def test_new_instance_may_be_listed_late() -> None:
    """It is missing for some time after the submission, even if its job has ended."""
    assert at(119.9, CREATION, listed_after=120.0) is None
    assert shown(120.0, CREATION, listed_after=120.0) == ("normal", [])
    assert at(200.0, CREATION, RESTART, listed_after=120.0) is not None


def test_instance_is_gone_after_its_deletion() -> None:
    """It is there until the deleting job ends, and never again."""
    assert shown(309.9, CREATION, DELETION) == ("normal", ["DELETE_INSTANCE"])
    assert at(310.0, CREATION, DELETION) is None


def test_instance_of_no_job_is_not_there() -> None:
    """Jobs of other instances do not make it."""
    assert at(0.0, replace(CREATION, instance_id="other")) is None
