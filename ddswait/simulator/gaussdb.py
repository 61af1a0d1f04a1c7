"""GaussDB, also known as openGauss: its paths and records.

Sources: GaussDB API reference, "Querying a Task"; the models of ShowJobDetail and ListTasks in
Huawei's SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import STATUSES, Api, usual_operations
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import china

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView


def _job(job: JobView) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        "created": china(job.submitted),
        "ended": china(job.worked_until) if job.is_over else "",
        "progress": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
        "fail_reason": job.fail_reason or "",
    }


def _task(job: JobView, instance_status: str) -> dict[str, Any]:
    return {
        "instance_info": {
            "instance_id": job.instance_id,
            "instance_name": job.instance_name,
            "instance_status": instance_status,
        },
        "job_id": job.job_id,
        "name": job.name,
        "status": job.status,
        "process": job.percent,
        "created_at": china(job.submitted),
        "ended_at": china(job.worked_until) if job.is_over else "",
        "fail_reason": job.fail_reason or "",
    }


API = Api(
    name="gaussdb",
    sdk="gaussdbforopengauss",
    creation="CreateGaussDBV5Instance",
    suffixes={"": "in14"},
    job=_job,
    list_path="/v3/{project}/tasks",
    list_key="tasks",
    task=_task,
    paging=Paging(has_milliseconds=True, filters={"name": "name", "status": "status"}),
    operations=usual_operations("RestartGaussDBV5Instance", "DeleteGaussDBV5Instance"),
    nests=True,
    statuses=STATUSES,
)
