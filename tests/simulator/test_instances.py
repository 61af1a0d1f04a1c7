"""ddswait.simulator.instances: what jobs leave behind."""

from dataclasses import replace

from ddswait.simulator.instances import Instance, find_instance
from ddswait.simulator.jobs import Plan

CREATION = Plan("a", "Create_MongoDB", "i", "mine", submitted=0.0, seconds=100.0)
RESTART = replace(CREATION, job_id="b", submitted=200.0, seconds=50.0)
DELETION = replace(CREATION, job_id="c", submitted=300.0, seconds=10.0, vanishes=True)


def at(now: float, *plans: Plan, settle_seconds: float = 0.0) -> Instance | None:
    return find_instance(plans, "i", now, settle_seconds)


def test_instance_is_created_and_then_normal() -> None:
    """It is being created until its first job ends, and busy with that job."""
    assert at(99.9, CREATION) == Instance("i", "mine", "creating", ["RESTARTING"])
    assert at(100.0, CREATION) == Instance("i", "mine", "normal", [])


def test_later_job_makes_a_normal_instance_busy() -> None:
    """During a later job it stays normal, with an operation under way."""
    assert at(249.9, CREATION, RESTART) == Instance("i", "mine", "normal", ["RESTARTING"])
    assert at(250.0, CREATION, RESTART) == Instance("i", "mine", "normal", [])


def test_instance_stays_busy_for_some_time_after_its_job() -> None:
    """The instance settles for as long as the world says."""
    busy = [at(now, CREATION, settle_seconds=60.0) for now in (100.0, 159.9, 160.0)]
    assert [each and each.actions for each in busy] == [["RESTARTING"], ["RESTARTING"], []]


def test_instance_is_gone_after_its_deletion() -> None:
    """It is there until the deleting job ends, and never again."""
    assert at(309.9, CREATION, DELETION) is not None
    assert at(310.0, CREATION, DELETION) is None


def test_instance_of_no_job_is_not_there() -> None:
    """Jobs of other instances do not make it."""
    assert at(0.0, replace(CREATION, instance_id="other")) is None
