"""A job at one moment, as a region words it. Pure.

What a service calls these facts, and how it writes times, is its own matter; see `dds` and `rds`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.simulator.dialect import Dialect
    from ddswait.simulator.jobs import Plan

_CHINA = timezone(timedelta(hours=8))


class JobView(NamedTuple):
    """What can be said of a job.

    Attributes:
        job_id: the job's ID.
        name: the name of the task.
        status: the status word.
        submitted: when the job was submitted.
        worked_until: when the job ended; while it runs, the present.
        is_over: whether the job has ended.
        is_creation: whether the job creates an instance.
        percent: the progress; "" for none.
        instance_id: the instance that the job works on.
        instance_name: the name of that instance.
        fail_reason: why the job has failed; None if it has not.
    """

    job_id: str
    name: str
    status: str
    submitted: datetime
    worked_until: datetime
    is_over: bool
    is_creation: bool
    percent: str
    instance_id: str
    instance_name: str
    fail_reason: str | None


def view(
    plan: Plan, now: float, wall_time: Callable[[float], datetime], dialect: Dialect
) -> JobView:
    """Return a job as it is at a moment.

    Args:
        plan: what happens to the job.
        now: the moment, in simulated seconds.
        wall_time: returns the wall time at a moment in simulated seconds.
        dialect: how the region words it.
    """
    is_over = plan.is_over(now)
    return JobView(
        dialect.as_id(plan.job_id),
        plan.name,
        dialect.as_word(plan.status_at(now)),
        wall_time(plan.submitted),
        wall_time(min(now, plan.ends)),
        is_over,
        plan.action == "CREATE",
        dialect.as_percent(plan.percent(now)),
        dialect.as_id(plan.instance_id),
        plan.instance_name,
        plan.fail_reason if is_over else None,
    )


def utc(moment: datetime) -> str:
    """Return a time as most services write it: the offset has no colon."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def china(moment: datetime) -> str:
    """Return a time in the offset of China."""
    return moment.astimezone(_CHINA).strftime("%Y-%m-%dT%H:%M:%S%z")
