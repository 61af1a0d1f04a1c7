"""The life of a simulated instance, which follows from the jobs that work on it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.simulator.actions import CREATIONS, RESTORATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.simulator.jobs import Plan


class Instance(NamedTuple):
    """An instance at one moment; `actions` are the operations under way."""

    instance_id: str
    name: str
    status: str
    actions: list[str]


class Habits(NamedTuple):
    """What instances do beside their jobs. All times are in simulated seconds.

    A service may back an instance up by itself right after it was created or restored: it is
    ready for some seconds before, and not ready meanwhile.

    Attributes:
        listed_after: how long a new instance is missing after its creation was submitted.
        settle_seconds: how long an instance stays busy after its last job.
        backup_after: how long it is ready before that backup begins.
        backup_seconds: how long that backup takes; 0 for none.
    """

    listed_after: float = 0.0
    settle_seconds: float = 0.0
    backup_after: float = 10.0
    backup_seconds: float = 0.0


_USUAL = Habits()


def find_instance(
    plans: Iterable[Plan],
    instance_id: str,
    now: float,
    habits: Habits = _USUAL,
    service: str = "dds",
) -> Instance | None:
    """Return an instance as its jobs have left it.

    Args:
        plans: all jobs.
        instance_id: the instance.
        now: the present, in simulated seconds.
        habits: what instances do beside their jobs.
        service: the service that the instance belongs to.

    Returns:
        The instance; None if no job has created it yet, or a job has deleted it.
    """
    own = [plan for plan in plans if plan.instance_id == instance_id and plan.service == service]
    if not own or any(plan.vanishes and plan.is_over(now) for plan in own):
        return None
    if now < min(plan.submitted for plan in own) + habits.listed_after:
        return None
    last = max(own, key=lambda plan: plan.ends)
    is_creation = last is own[0] and last.action in CREATIONS
    status = _status(last, now, is_creation=is_creation)
    return Instance(instance_id, last.instance_name, status, _actions(own, last, now, habits))


def _status(last: Plan, now: float, *, is_creation: bool) -> str:
    if not last.is_over(now):
        return "creating" if is_creation else "normal"
    if last.fail_reason is not None and is_creation:
        return "createfail"
    if last.fail_reason is not None and last.action == "RESIZE_VOLUME":
        return "enlargefail"
    return "normal"


def _actions(own: list[Plan], last: Plan, now: float, habits: Habits) -> list[str]:
    if not last.is_over(now):
        return [last.action]
    if last.fail_reason is not None:
        return ["RESTORE_FAILED_HANGUP"] if last.action == "RESTORE" else []
    if now < last.ends + habits.settle_seconds:
        return [last.action]
    return ["BACKUP"] if any(_is_backed_up(plan, now, habits) for plan in own) else []


def _is_backed_up(plan: Plan, now: float, habits: Habits) -> bool:
    begin = plan.ends + habits.settle_seconds + habits.backup_after
    is_new = plan.action in CREATIONS | RESTORATIONS and plan.fail_reason is None
    return is_new and begin <= now < begin + habits.backup_seconds
