"""The words of Distributed Database Middleware (DDM).

Sources: DDM API reference, "Querying Task Details"; the models of the official SDK. That a job
without a status is unknown: Huawei's Terraform provider.
"""

from __future__ import annotations

from ddswait.service.adapter import Adapter
from ddswait.service.table import ListTimes, ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="ddm",
        job_path="/v3/{project}/jobs/{id}",
        # No filter by status: a page shows jobs that have ended as well.
        list_path=(
            "/v3/{project}/jobs?end_time={end}&limit={limit}&offset={offset}&start_time={start}"
        ),
        list_total="total",
        list_times=ListTimes.MILLISECONDS,
        page_size=128,
        ready_statuses=frozenset({"RUNNING"}),
        hopeless_statuses=frozenset({"CREATEFAILED"}),
        needs_empty_actions=False,
        created=("created_time",),
        ended=("end_time",),
        progress=("process",),
    )
)
