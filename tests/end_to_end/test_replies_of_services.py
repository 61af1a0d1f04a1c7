"""Replies of each service on standard input: the command finds the service and waits."""

import json
from typing import Any

import pytest

from ddswait.simulator import Simulator
from ddswait.simulator.services import SERVICES
from tests.cli.in_process import Command
from tests.end_to_end.test_mixed_gate import settings
from tests.simulator.calls import call
from tests.simulator.test_service_operations import SUFFIXES

KINDS = [("dds", "", "in02", ""), *SUFFIXES]


async def reply(cloud: Simulator, service: str, path: str, body: Any, method: str = "POST") -> str:
    """Return what the service replies to an operation."""
    prefix = cloud.endpoint_of(service).removeprefix(cloud.endpoint)
    done = await call(cloud, method, f"{prefix}/v3/{cloud.project_id}/{path}", body=body)
    assert done.status == 202, done
    return json.dumps(done.body)


@pytest.mark.parametrize(("service", "kind", "suffix", "_"), KINDS)
async def test_creation_of_each_kind_is_waited_for(
    ddswait: Command, dds: Simulator, service: str, kind: str, suffix: str, _: str
) -> None:
    """The end of the instance's ID tells the service, and its name is the label."""
    text = await reply(dds, service, "instances", {"name": "n", "datastore": {"type": kind}})
    assert suffix in text
    done = await ddswait("-", "--output", "json", text=text, **settings(dds))
    assert done.code == 0, done.stderr
    [job] = json.loads(done.stdout)["jobs"]
    assert (job["service"], job["label"], job["job"]["status"]) == (service, "n", "Completed")


async def test_creations_of_several_services_are_one_gate(ddswait: Command, dds: Simulator) -> None:
    """Their replies may stand side by side."""
    texts = [await reply(dds, name, "instances", {"name": name}) for name in SERVICES]
    done = await ddswait("-", "--ready", text="\n".join(texts), **settings(dds))
    assert done.code == 0, done.stderr
    assert done.stdout.count("\tcompleted\t") == len(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
async def test_prepaid_order_stands_for_its_instance(
    ddswait: Command, dds: Simulator, service: str
) -> None:
    """Wherever the reply has the ID of the instance."""
    order = {"name": "n", "charge_info": {"charge_mode": "prePaid"}}
    text = await reply(dds, service, "instances", order)
    assert "order_id" in text
    done = await ddswait("-", "--ready", "--output", "json", text=text, **settings(dds))
    assert done.code == 0, done.stderr
    [one] = json.loads(done.stdout)["jobs"]
    assert (one["service"], one["instance"]["id"] in text) == (service, True)


@pytest.mark.parametrize(
    ("service", "request_line", "body"),
    [
        ("rds", "PUT instances/i/port", None),
        ("taurusdb", "PUT instances/i/proxy", None),
        ("taurusdb", "POST instances/i/nodes/enlarge", {"priorities": [1, 2, 5]}),
    ],
)
async def test_reply_without_an_instance_needs_the_service(
    ddswait: Command, dds: Simulator, service: str, request_line: str, body: Any
) -> None:
    """`workflowId` and `workflow_id` are job IDs too, and commas join several."""
    method, path = request_line.split()
    text = await reply(dds, service, path, body, method)
    endpoint = {"DDSWAIT_ENDPOINT": dds.endpoint_of(service)}
    done = await ddswait("--service", service, "-", text=text, **endpoint)
    assert done.code == 0, done.stderr
    assert done.stdout.count("\tcompleted\t") == (3 if body else 1)
