"""The words of GeminiDB, which was called GaussDB(for NoSQL).

Sources: GeminiDB API reference, "Querying Tasks"; the models of the official SDK. One request
answers about one job and about many. That an empty list means an unknown job: Huawei's Terraform
provider.
"""

from __future__ import annotations

from ddswait.service.adapter import Adapter
from ddswait.service.table import ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="geminidb",
        title="GeminiDB",
        host="gaussdb-nosql",
        sdk="gaussdbfornosql",
        job_key="jobs",
        job_permission="gaussdbfornosql:task:list",
        list_path=(
            "/v3/{project}/jobs"
            "?end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
        ),
        list_permission="gaussdbfornosql:task:list",
        page_size=50,
        page_sizes=(10, 20, 50),
        ready_statuses=frozenset({"normal"}),
        hopeless_statuses=frozenset({"createfail", "enlargefail", "frozen"}),
        created=("start_time",),
        ended=("end_time",),
    )
)
