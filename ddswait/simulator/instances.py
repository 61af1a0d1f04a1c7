"""The life of a simulated instance, which follows from the jobs that work on it. Pure.

What else happens to an instance without a job of its own, such as a backup right after its
creation, belongs here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.simulator.jobs import Plan


class Instance(NamedTuple):
    """An instance at one moment; `actions` are the operations under way."""

    instance_id: str
    name: str
    status: str
    actions: list[str]


def find_instance(
    plans: Iterable[Plan], instance_id: str, now: float, settle_seconds: float
) -> Instance | None:
    """Return an instance as its jobs have left it.

    Args:
        plans: all jobs.
        instance_id: the instance.
        now: the present, in simulated seconds.
        settle_seconds: how long the instance stays busy after its last job.

    Returns:
        The instance; None if no job has created it yet, or a job has deleted it.
    """
    own = [plan for plan in plans if plan.instance_id == instance_id]
    if not own or any(plan.vanishes and plan.is_over(now) for plan in own):
        return None
    last = max(own, key=lambda plan: plan.ends)
    is_new = len(own) == 1 and not last.is_over(now)
    is_busy = now < last.ends + settle_seconds
    actions = ["RESTARTING"] if is_busy else []
    return Instance(instance_id, last.instance_name, "creating" if is_new else "normal", actions)
