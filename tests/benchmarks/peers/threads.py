"""Competitors that wait in one thread per job."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.peers.competitor import Cloud, Wait

    Run = Callable[[Wait], None]


def in_threads(one: Callable[[str], None]) -> Run:
    def run(wait: Wait) -> None:
        errors: list[Exception] = []

        def body(job_id: str) -> None:
            try:
                one(job_id)
            except Exception as error:  # noqa: BLE001 - a benchmark that loses jobs is void
                errors.append(error)
            else:
                wait.saw(job_id)

        threads = [
            threading.Thread(target=body, args=(job_id,), daemon=True) for job_id in wait.ids
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(wait.left())
        if errors:
            raise errors[0]

    return run


WAITER = {
    "version": 2,
    "waiters": {
        "JobCompleted": {
            "operation": "ShowJob",
            "delay": 30,
            "maxAttempts": 40,
            "acceptors": [
                {
                    "matcher": "path",
                    "argument": "job.status",
                    "expected": "Completed",
                    "state": "success",
                },
                {
                    "matcher": "path",
                    "argument": "job.status",
                    "expected": "Failed",
                    "state": "failure",
                },
                {"matcher": "error", "expected": "429", "state": "retry"},
            ],
        }
    },
}


def with_botocore(cloud: Cloud) -> Run:
    """Wait with botocore's Waiter, by a model like that of RDS: every 30 s."""
    from botocore.waiter import Waiter, WaiterModel

    config = WaiterModel(WAITER).get_waiter("JobCompleted")
    host = urlsplit(cloud.endpoint).netloc

    def one(job_id: str) -> None:
        connection = http.client.HTTPConnection(host, timeout=60)

        def show_job() -> dict[str, Any]:
            connection.request(
                "GET",
                f"/v3/{cloud.project}/jobs?id={job_id}",
                headers={"X-Auth-Token": cloud.token},
            )
            response = connection.getresponse()
            body: dict[str, Any] = json.loads(response.read())
            if response.status >= 400:
                return {"Error": {"Code": str(response.status), "Message": str(body)}}
            return body

        Waiter("JobCompleted", config, show_job).wait()

    return in_threads(one)


def official_sdk(cloud: Cloud) -> Run:
    """The official SDK, which has no waiter: every 10 s; one client for all threads."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
    from huaweicloudsdkdds.v3 import DdsClient, ShowJobDetailRequest

    logging.disable()  # it logs every 429
    client = (
        DdsClient.new_builder()
        .with_credentials(BasicCredentials(cloud.ak, cloud.sk, cloud.project))
        .with_endpoint(cloud.endpoint)
        .build()
    )

    def status(job_id: str) -> str:
        try:
            return str(client.show_job_detail(ShowJobDetailRequest(id=job_id)).job.status)
        except ServiceResponseException as error:
            if error.status_code == 429:
                return "Running"  # for all that is known
            raise

    def one(job_id: str) -> None:
        while status(job_id) == "Running":
            time.sleep(10.0)

    return in_threads(one)
