"""The words of the Document Database Service (DDS).

Sources: DDS API reference, "Obtaining Information About a Task with a Specified ID"
(ShowJobDetail, v3), "Querying the Task List" (ListTasks, v3.1) and "Querying Instances and
Details". That `normal` with pending actions counts as busy: Huawei's Terraform provider.
"""

from __future__ import annotations

import enum

from ddswait.job import JobPhase
from ddswait.service.adapter import Adapter
from ddswait.service.table import ServiceTable


class JobStatus(enum.StrEnum):
    """The documented values of `status`. A reply may hold others: see `Job.status`."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"


SERVICE = Adapter(
    ServiceTable(
        name="dds",
        job_permission="dds:task:getDetail",
        phases={
            JobStatus.RUNNING.value: JobPhase.RUNNING,
            JobStatus.COMPLETED.value: JobPhase.COMPLETED,
            JobStatus.FAILED.value: JobPhase.FAILED,
        },
        list_path=(
            "/v3.1/{project}/jobs"
            "?end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
        ),
        list_permission="dds:task:listAll",
        page_size=100,
        ready_statuses=frozenset({"normal"}),
        hopeless_statuses=frozenset({"createfail", "enlargefail", "frozen"}),
        hopeless_actions=frozenset({"RESTORE_FAILED_HANGUP", "FROZEN"}),
        instance_permission="dds:instance:list",
        # v3.1 spells these differently from v3.
        created=("created", "created_at"),
        ended=("ended", "ended_at"),
    )
)
