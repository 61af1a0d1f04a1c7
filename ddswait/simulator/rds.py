"""RDS: its paths and records.

Sources: RDS API reference, "Obtaining Information About a Task with a Specified ID" and "Querying
Instant Tasks"; Terraform provider of Huawei Cloud for the backup after a creation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import INSTANCE, STATUSES, Api, Operation
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import utc

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView


def _job(job: JobView) -> dict[str, Any]:
    record = {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        "created": utc(job.submitted),
        "process": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
        "entities": _entities(job),
    }
    if job.is_over:
        record["ended"] = utc(job.worked_until)
    if job.fail_reason is not None:
        record["fail_reason"] = job.fail_reason
    return record


def _entities(job: JobView) -> dict[str, Any]:
    instance = {"type": "Single", "datastore": {"type": "mysql", "version": "8.0"}}
    if not job.is_over:
        return {"instance": instance}
    parts = [f"{job.instance_id}.vm", f"{job.instance_id}.volume"]
    return {"instance": {"endpoint": "192.168.0.77:3306", **instance}, "resource_ids": parts}


def _task(job: JobView, instance_status: str) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name,
        "instance_id": job.instance_id,
        "instance_name": job.instance_name,
        "instance_status": instance_status,
        "order_id": "",
        "process": job.percent,
        "create_time": utc(job.submitted),
        # Documented as the planned end, which nobody knows while the job runs.
        "end_time": utc(job.worked_until),
        "status": job.status,
    }


API = Api(
    name="rds",
    creation="CreateMysqlSingleHAInstance",
    suffixes={"mysql": "in01", "postgresql": "in03", "sqlserver": "in04"},
    job=_job,
    list_path="/v3/{project}/tasklist",
    list_key="tasks",
    task=_task,
    list_extra={"actions": ["CreateMysqlSingleHAInstance", "RestartMysqlInstance"]},
    paging=Paging(
        limits=range(1, 51),
        limit=10,
        has_milliseconds=True,
        has_pairs=True,
        filters={name: name for name in ("id", "instance_id", "order_id", "name", "status")},
    ),
    operations=(
        Operation("POST", f"{INSTANCE}/action", "RestartMysqlInstance"),
        Operation("PUT", f"{INSTANCE}/port", "ChangeMysqlPort", key="workflowId"),
        Operation("DELETE", INSTANCE, "DeleteMysqlInstance", vanishes=True),
    ),
    nests=True,
    statuses=STATUSES,
    has_dashes=False,
    backup_seconds=60.0,
)
