"""DAGs for the tests: what to wait for is in the configuration of each run."""

from __future__ import annotations

import os

from airflow.sdk import DAG, task

from ddswait.airflow import DdsJobSensor

with DAG("waiting", schedule=None, render_template_as_native_obj=True):
    DdsJobSensor(
        task_id="wait",
        job_ids="{{ dag_run.conf['job_ids'] }}",
        timeout=float(os.environ.get("DDSWAIT_TEST_TIMEOUT", "1800")),
        interval=1.0,
        deferrable=True,
    )

with DAG("poking", schedule=None, render_template_as_native_obj=True):
    DdsJobSensor(
        task_id="wait",
        job_ids="{{ dag_run.conf['job_ids'] }}",
        poke_interval=0.1,
        timeout=600,
        deferrable=False,
    )

with DAG("mapped", schedule=None):

    @task
    def batches(dag_run: object = None) -> list[list[str]]:
        """Return one batch for each task."""
        found: list[list[str]] = dag_run.conf["batches"]  # type: ignore[attr-defined]
        return found

    DdsJobSensor.partial(task_id="wait", interval=1.0, deferrable=True).expand(job_ids=batches())
