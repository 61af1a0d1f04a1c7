"""The words of GaussDB, which was called GaussDB(for openGauss).

Sources: GaussDB API reference, "Querying a Task" and "Querying Tasks"; the models of the official
SDK; the hosts: its endpoints.
"""

from __future__ import annotations

from ddswait.service.adapter import Adapter
from ddswait.service.table import ListTimes, ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="gaussdb",
        title="GaussDB",
        host="gaussdb-opengauss",
        hosts={
            "gaussdb": frozenset(
                {
                    "af-north-1",
                    "ap-southeast-5",
                    "cn-east-2",
                    "cn-east-4",
                    "cn-east-5",
                    "cn-north-12",
                    "me-east-1",
                    "tr-west-1",
                }
            )
        },
        sdk="gaussdbforopengauss",
        list_path=(
            "/v3/{project}/tasks"
            "?end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
        ),
        list_key="tasks",
        list_times=ListTimes.MILLISECONDS,
        page_size=100,
        ready_statuses=frozenset({"ACTIVE"}),
        hopeless_statuses=frozenset({"FAILED"}),
        needs_empty_actions=False,
        job_id=("id", "job_id"),
        created=("created", "created_at"),
        ended=("ended", "ended_at"),
        progress=("progress", "process"),
        nested_instance=("instance", "instance_info"),
    )
)
