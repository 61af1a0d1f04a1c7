"""The words of the Relational Database Service (RDS).

Sources: RDS API reference, "Obtaining Information About a Task with a Specified ID", "Querying
Instant Tasks" and "Querying DB Instances". That an instance is backed up right after its
creation, and is `ACTIVE` for a moment before: Huawei's Terraform provider.
"""

from __future__ import annotations

from ddswait.service.adapter import Adapter
from ddswait.service.table import ListTimes, ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="rds",
        job_permission="rds:task:list",
        list_path=(
            "/v3/{project}/tasklist"
            "?end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
        ),
        list_key="tasks",
        list_times=ListTimes.MILLISECONDS,
        list_permission="rds:task:list",
        page_size=50,
        ready_statuses=frozenset({"ACTIVE"}),
        hopeless_statuses=frozenset({"FAILED", "CREATE FAIL", "FROZEN", "STORAGE FULL"}),
        needs_empty_actions=False,
        created=("created", "create_time"),
        # A list has `end_time`, which is the planned end: it says nothing about a duration.
        ended=("ended",),
        progress=("process",),
    )
)
