"""The DAG of docs/scale.md: create, wait, go on."""

from __future__ import annotations

import pytest

from tests.airflow.deployment import PROGRAMS, deployment
from tests.cloud_process import serving
from tests.end_to_end.pages import blocks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is missing")]

CREATE = """

def create_instances() -> list[str]:
    import json, os, urllib.request
    url = f"{os.environ['DDSWAIT_TEST_ENDPOINT']}/_simulator/jobs"
    bodies = [json.dumps({"seconds": 0.1, "visible_after": 0}).encode() for _ in range(3)]
    return [json.load(urllib.request.urlopen(url, body))["job_id"] for body in bodies]
"""


def test_dag_of_the_page_runs() -> None:
    """`airflow dags test`: the sensor waits for what was created, and the next step follows."""
    (page,) = blocks("docs/scale.md", "python")
    with serving() as cloud, deployment(cloud) as airflow:
        (airflow.dags / "page.py").write_text(page + CREATE)
        out = airflow.run("dags", "test", "provision")
    assert "{'completed': 3}" in out
    assert "state=success" in out
