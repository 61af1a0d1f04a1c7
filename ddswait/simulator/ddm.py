"""DDM: its paths and records. The path of a job names the job.

Sources: DDM API reference, "Querying Task Information"; the models of ShowDdmJobResult and
ListTasks in Huawei's SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import JOBS, STATUSES, Api, usual_operations
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import utc

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView


def _job(job: JobView) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        "created_time": utc(job.submitted),
        "end_time": utc(job.worked_until) if job.is_over else "",
        "process": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
    }


def _task(job: JobView, _: str) -> dict[str, Any]:
    record = _job(job)
    del record["instance"]
    return {
        **record,
        "instance_id": job.instance_id,
        "instance_name": job.instance_name,
        "fail_reason": job.fail_reason or "",
    }


API = Api(
    name="ddm",
    creation="CreateInstance",
    suffixes={"": "in09"},
    job_path=f"{JOBS}/{{job}}",
    job=_job,
    list_path=JOBS,
    list_key="jobs",
    task=_task,
    total_key="total",
    paging=Paging(
        limits=range(1, 129),
        limit=10,
        has_milliseconds=True,
        needs_times=True,
        filters={},
    ),
    operations=usual_operations("RestartInstance", "DeleteInstance"),
    statuses={
        **STATUSES,
        "creating": "CREATE",
        "normal": "RUNNING",
        "createfail": "CREATEFAILED",
        "CREATE": "CREATE",
        "RESTARTING": "RESTARTING",
    },
    unknown_job=200,
)
