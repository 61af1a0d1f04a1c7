"""DDS: its paths and records.

Sources: DDS API reference, "Obtaining Information About a Task with a Specified ID" and "Querying
Tasks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.simulator.api import INSTANCE, Api, Operation
from ddswait.simulator.paging import Paging
from ddswait.simulator.views import utc

if TYPE_CHECKING:
    from ddswait.simulator.views import JobView

_CHANGES = {
    "restart": "Restart_MongoDB",
    "resize": "Resize_MongoDB",
    "enlarge-volume": "EnlargeVolume_MongoDB",
    "switchover": "Switchover_MongoDB",
    "upgrade": "Upgrade_MongoDB",
}


def _job(job: JobView) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name,
        "status": job.status,
        "created": utc(job.submitted),
        # While a job runs, `ended` holds the time of the last step, not of the end.
        "ended": utc(job.worked_until),
        "progress": job.percent,
        "instance": {"id": job.instance_id, "name": job.instance_name},
        "fail_reason": job.fail_reason,
    }


def _task(job: JobView, _: str) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.name.replace("_", ""),
        "status": job.status,
        "created_at": utc(job.submitted),
        "ended_at": utc(job.worked_until),
        "progress": job.percent,
        "instance_id": job.instance_id,
        "instance_name": job.instance_name,
        "fail_reason": job.fail_reason or "",
    }


API = Api(
    name="dds",
    creation="Create_MongoDB",
    suffixes={"": "in02"},
    job=_job,
    list_path="/v3.1/{project}/jobs",
    list_key="jobs",
    task=_task,
    paging=Paging(needs_times=True),
    operations=(
        *(Operation("POST", f"{INSTANCE}/{path}", task) for path, task in _CHANGES.items()),
        Operation("DELETE", INSTANCE, "Delete_MongoDB", vanishes=True),
        Operation("POST", "/v3/{project}/backups", "Create_Backup"),
    ),
)
