"""Jobs and instances in the JSON of DDS.

Sources: DDS API reference, "Obtaining Information About a Task with a Specified ID", "Querying
Tasks" and "Querying Instances and Details".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddswait.simulator.dialect import Dialect
    from ddswait.simulator.instances import Instance
    from ddswait.simulator.jobs import Plan


def job(plan: Plan, now: float, epoch: datetime, dialect: Dialect) -> dict[str, Any]:
    """Return a job as ShowJobDetail shows it."""
    return {
        "id": dialect.as_id(plan.job_id),
        "name": plan.name,
        "status": dialect.as_word(plan.status_at(now)),
        "created": wall_time(plan.submitted, epoch),
        # While a job runs, `ended` holds the time of the last step, not of the end.
        "ended": wall_time(min(now, plan.ends), epoch),
        "progress": dialect.as_percent(plan.percent(now)),
        "instance": {"id": dialect.as_id(plan.instance_id), "name": plan.instance_name},
        "fail_reason": plan.fail_reason if plan.is_over(now) else None,
    }


def task(plan: Plan, now: float, epoch: datetime, dialect: Dialect) -> dict[str, Any]:
    """Return a job as ListTasks shows it: other names for the same fields."""
    shown = job(plan, now, epoch, dialect)
    return {
        "id": shown["id"],
        "name": _task_name(plan),
        "status": shown["status"],
        "created_at": shown["created"],
        "ended_at": shown["ended"],
        "progress": shown["progress"],
        "instance_id": shown["instance"]["id"],
        "instance_name": plan.instance_name,
        "fail_reason": shown["fail_reason"] or "",
    }


def filters(plan: Plan, now: float) -> dict[str, str]:
    """Return what ListTasks can be asked for, and no more: each list reads them all."""
    return {"id": plan.job_id, "name": _task_name(plan), "status": plan.status_at(now)}


def _task_name(plan: Plan) -> str:
    return plan.name.replace("_", "")


def instances(instance: Instance | None, dialect: Dialect) -> dict[str, Any]:
    """Return a list of one instance, or of none."""
    shown = [] if instance is None else [_instance(instance, dialect)]
    if dialect.lists_another:
        shown.insert(0, {"id": "another", "name": "another", "status": "normal", "actions": []})
    return {"instances": shown, "total_count": len(shown)}


def _instance(instance: Instance, dialect: Dialect) -> dict[str, Any]:
    return {
        "id": dialect.as_id(instance.instance_id),
        "name": instance.name,
        "status": dialect.as_word(instance.status),
        "actions": instance.actions,
    }


def wall_time(seconds: float, epoch: datetime) -> str:
    """Return a simulated time as DDS writes it: the offset has no colon."""
    return (epoch + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def parse_time(text: str) -> float:
    """Return the Unix time of a time as DDS writes it.

    Raises:
        ValueError: the text has another format.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
