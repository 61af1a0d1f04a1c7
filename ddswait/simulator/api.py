"""What makes the API of one service different from that of another. Pure.

A service is a file with an `Api`, and a line in `services`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddswait.simulator.paging import Paging
    from ddswait.simulator.views import JobView

JOBS = "/v3/{project}/jobs"
INSTANCES = "/v3/{project}/instances"
INSTANCE = f"{INSTANCES}/{{instance}}"

STATUSES: Mapping[str, str] = {
    "creating": "BUILD",
    "normal": "ACTIVE",
    "createfail": "FAILED",
    "enlargefail": "FAILED",
    "CREATE": "BUILD",
    "BACKUP": "BACKING UP",
    "RESTARTING": "REBOOTING",
    "RESTORE": "RESTORING",
    "RESTORE_FAILED_HANGUP": "FAILED",
    "": "MODIFYING",
}
"""Statuses of services whose instances show no actions: by status, or by the action under way."""


class Operation(NamedTuple):
    """A request that starts jobs.

    Attributes:
        method: of the request.
        path: of the request.
        task: the name of the task.
        key: where the job's ID stands in the reply.
        vanishes: whether the job's ID is unknown again after the end.
        list_key: the list in the request that has one item for each job; "" for one job.
    """

    method: str
    path: str
    task: str
    key: str = "job_id"
    vanishes: bool = False
    list_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Api:
    """One service.

    Attributes:
        name: of the service, which is also the first part of its paths in the simulator.
        creation: the name of the task that creates an instance.
        sdk: how the official SDK calls the service in `HUAWEICLOUD_SDK_REGION_...`; "" for `name`.
        suffixes: what the IDs of instances end in, by the kind of database; the first is usual.
        job_path: the path of a job; its ID is a parameter unless the path names it.
        job: makes the record of one job.
        list_path: the path of the list.
        list_key: where the list stands in its reply.
        task: makes the record of a job in the list. Its second argument is the instance's status.
        total_key: where the number of all jobs stands in the reply.
        list_extra: what else the reply has.
        paging: which lists can be asked for.
        operations: the requests that start jobs, beside the creation.
        nests: whether the reply to a creation has the instance in a record of its own.
        statuses: the status to show by the real one, or by the action under way. Empty for
            services whose instances show their actions.
        has_dashes: whether job IDs have dashes.
        unknown_job: the usual status of a reply about an unknown job ID.
        empty: what such a reply holds if its status is 200.
        waits_for: how long a job is Pending before it runs, in simulated seconds.
        has_cancellation: whether a job can be canceled.
        backup_seconds: how long the backup of a new instance takes, in simulated seconds.
    """

    name: str
    creation: str
    suffixes: Mapping[str, str]
    job_path: str = JOBS
    job: Callable[[JobView], dict[str, Any]]
    list_path: str
    list_key: str
    task: Callable[[JobView, str], dict[str, Any]]
    total_key: str = "total_count"
    list_extra: Mapping[str, list[str]] = field(default_factory=dict)
    paging: Paging
    operations: tuple[Operation, ...] = ()
    nests: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
    has_dashes: bool = True
    unknown_job: int = 400
    empty: Mapping[str, Any] = field(default_factory=lambda: {"job": None})
    waits_for: float = 0.0
    sdk: str = ""
    has_cancellation: bool = False
    backup_seconds: float = 0.0

    def instance_words(self, status: str, actions: list[str]) -> dict[str, Any]:
        """Return what an instance shows of its state."""
        if not self.statuses:
            return {"status": status, "actions": actions}
        if status == "normal" and actions:
            return {"status": self.statuses.get(actions[0], self.statuses[""])}
        return {"status": self.statuses.get(status, status)}

    def suffix(self, kind: str = "") -> str:
        """Return what the ID of an instance ends in."""
        return self.suffixes.get(kind.casefold()) or next(iter(self.suffixes.values()))


def usual_operations(restart: str, delete: str) -> tuple[Operation, ...]:
    """Return what all services can do: restart and delete an instance."""
    return (
        Operation("POST", f"{INSTANCE}/restart", restart),
        Operation("DELETE", INSTANCE, delete, vanishes=True),
    )
