"""TaurusDB, once GaussDB(for MySQL): its paths and records.

Sources: TaurusDB API reference, "Obtaining Information About a Task with a Specified ID"; the
model of ListImmediateJobs in Huawei's SDK; Terraform provider of Huawei Cloud for the IDs that
commas join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import INSTANCE, Api, Operation, usual_operations
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import china, utc

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView


def _job(job: JobView) -> dict[str, Any]:
    has_times = job.is_over or not job.is_creation
    record = {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        # The published example mixes offsets; both times are empty during a creation.
        "created": china(job.submitted) if has_times else "",
        "ended": utc(job.worked_until) if has_times else "",
        "process": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
        "entities": _entities(job),
    }
    if job.fail_reason is not None:
        record["fail_reason"] = job.fail_reason
    return record


def _entities(job: JobView) -> dict[str, Any]:
    return {
        "instance": {
            "endpoint": "192.168.0.78:3306" if job.is_over else "",
            "type": "Cluster",
            "datastore": {"type": "gaussdb-mysql", "version": "8.0"},
        },
        "resource_ids": [f"{job.instance_id}.vm", f"{job.instance_id}.volume"],
    }


def _task(job: JobView, instance_status: str) -> dict[str, Any]:
    return {
        "instance_id": job.instance_id,
        "instance_name": job.instance_name,
        "instance_status": instance_status,
        "job_id": job.job_id,
        "order_id": None,
        "job_name": job.name,
        "status": job.status,
        "process": job.percent,
        "created_time": utc(job.submitted),
        "ended_time": utc(job.worked_until) if job.is_over else "",
        "fail_reason": job.fail_reason,
        "show_detail": False,
        "extend_fields": None,
    }


API = Api(
    name="taurusdb",
    sdk="gaussdb",
    creation="CreateGaussDBforMySQLInstance",
    suffixes={"": "in07"},
    job=_job,
    list_path="/v3/{project}/immediate-jobs",
    list_key="jobs",
    task=_task,
    list_extra={"action_names": []},
    paging=Paging(
        limits=(10, 20, 50),
        limit=10,
        filters={"job_id": "id", "job_name": "name", "status": "status"},
    ),
    operations=(
        *usual_operations("RestartGaussDBforMySQLInstance", "DeleteGaussDBforMySQLInstance"),
        Operation(
            "POST",
            f"{INSTANCE}/nodes/enlarge",
            "AddGaussDBforMySQLReadReplica",
            list_key="priorities",
        ),
        Operation("PUT", f"{INSTANCE}/proxy", "ResizeGaussDBforMySQLProxy", key="workflow_id"),
    ),
    nests=True,
    waits_for=5.0,
    has_cancellation=True,
)
