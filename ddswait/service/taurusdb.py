"""The words of TaurusDB, which was called GaussDB(for MySQL).

Sources: TaurusDB API reference, "Obtaining Information About a Task with a Specified ID",
"Querying Instant Tasks" and "Querying DB Instances"; the hosts: the endpoints of the official SDK.
"""

from __future__ import annotations

from ddswait.job import JobPhase
from ddswait.service.adapter import Adapter
from ddswait.service.table import PHASES, ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="taurusdb",
        title="TaurusDB",
        host="gaussdb",
        hosts={
            "gaussdbformysql": frozenset(
                {"ap-southeast-1", "ap-southeast-2", "cn-north-11", "me-east-1", "tr-west-1"}
            ),
            "gaussdb-mysql": frozenset({"af-south-1", "cn-east-5", "cn-southwest-3", "la-north-2"}),
        },
        sdk="gaussdb",
        phases={
            **PHASES,
            "Pending": JobPhase.RUNNING,
            "Unauthorized": JobPhase.RUNNING,  # it waits for somebody's approval
            "Canceled": JobPhase.FAILED,
        },
        job_permission="gaussdbformysql:task:list",
        list_path=(
            "/v3/{project}/immediate-jobs"
            "?end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
        ),
        list_permission="gaussdbformysql:task:list",
        page_size=50,
        page_sizes=(10, 20, 50),
        ready_statuses=frozenset({"ACTIVE", "normal"}),
        hopeless_statuses=frozenset({"createfail", "FAILED"}),
        job_id=("id", "job_id"),
        job_name=("name", "job_name"),
        created=("created", "created_time"),
        ended=("ended", "ended_time"),
        progress=("process",),
    )
)
