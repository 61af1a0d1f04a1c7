"""ddswait.simulator: requests to the sibling services that start jobs."""

import re
from typing import Any

import pytest

from ddswait.simulator import Simulator
from ddswait.simulator.services import SERVICES
from tests.simulator.calls import Reply, call

SUFFIXES = [
    ("rds", "MySQL", "in01", "instance"),
    ("rds", "PostgreSQL", "in03", "instance"),
    ("rds", "SQLServer", "in04", "instance"),
    ("taurusdb", "", "in07", "instance"),
    ("gaussdb", "GaussDB", "in14", "instance"),
    ("geminidb", "cassandra", "in06", ""),
    ("geminidb", "mongodb", "in10", ""),
    ("geminidb", "redis", "in12", ""),
    ("geminidb", "influxdb", "in13", ""),
    ("ddm", "", "in09", ""),
]


async def send(cloud: Simulator, method: str, path: str, body: Any = None) -> Reply:
    return await call(cloud, method, f"/v3/{cloud.project_id}/{path}", body=body)


def test_every_sibling_has_a_row() -> None:
    """A further service needs a row in this table."""
    assert {name for name, *_ in SUFFIXES} == set(SERVICES) - {"dds"}


@pytest.mark.parametrize(("name", "kind", "suffix", "record"), SUFFIXES)
async def test_creation_replies_with_a_job_id(
    name: str, kind: str, suffix: str, record: str
) -> None:
    """The instance's ID has the suffix of its kind; its record is apart where it is so."""
    async with Simulator(service=name, visible_after=0.0) as cloud:
        order = {"name": "new", "datastore": {"type": kind}}
        status, body, _ = await send(cloud, "POST", "instances", order)
        plan = cloud.plans[body["job_id"]]
        shown = await send(cloud, "GET", f"instances?id={plan.instance_id}")
    instance = body[record] if record else body
    assert status == 202
    assert (instance["id"], instance["name"]) == (plan.instance_id, "new")
    assert re.fullmatch(rf"[0-9a-f]{{32}}{suffix}", plan.instance_id)
    assert (plan.service, plan.name) == (name, SERVICES[name].creation)
    assert shown.body["instances"][0]["status"] == instance["status"]


@pytest.mark.parametrize("name", list(SERVICES)[1:])
async def test_order_is_refused_or_has_no_job(name: str) -> None:
    """An order without a name starts nothing; a prepaid one has no job to wait for."""
    async with Simulator(service=name) as cloud:
        assert (await send(cloud, "POST", "instances", {})).status == 400
        assert not cloud.plans
        prepaid = {"name": "new", "charge_info": {"charge_mode": "prePaid"}}
        body = (await send(cloud, "POST", "instances", prepaid)).body
    assert "order_id" in body
    assert "job_id" not in body


@pytest.mark.parametrize(
    ("name", "method", "path", "key", "action"),
    [
        ("rds", "POST", "instances/i/action", "job_id", "RESTARTING"),
        ("rds", "PUT", "instances/i/port", "workflowId", "SET_CONFIGURATION"),
        ("rds", "DELETE", "instances/i", "job_id", "DELETE_INSTANCE"),
        ("taurusdb", "POST", "instances/i/restart", "job_id", "RESTARTING"),
        ("taurusdb", "PUT", "instances/i/proxy", "workflow_id", "RESIZE_FLAVOR"),
        ("taurusdb", "DELETE", "instances/i", "job_id", "DELETE_INSTANCE"),
        ("gaussdb", "POST", "instances/i/restart", "job_id", "RESTARTING"),
        ("gaussdb", "DELETE", "instances/i", "job_id", "DELETE_INSTANCE"),
        ("geminidb", "POST", "instances/i/restart", "job_id", "RESTARTING"),
        ("geminidb", "DELETE", "instances/i", "job_id", "DELETE_INSTANCE"),
        ("ddm", "POST", "instances/i/restart", "job_id", "RESTARTING"),
        ("ddm", "DELETE", "instances/i", "job_id", "DELETE_INSTANCE"),
    ],
)
async def test_change_replies_with_a_job_id(
    name: str, method: str, path: str, key: str, action: str
) -> None:
    """It stands where the service puts it, and the job belongs to the instance."""
    async with Simulator(service=name) as cloud:
        status, body, _ = await send(cloud, method, path)
        plan = cloud.plans[body[key]]
    assert (status, list(body)) == (202, [key])
    assert (plan.service, plan.instance_id, plan.action) == (name, "i", action)
    assert plan.vanishes == (method == "DELETE")


async def test_read_replicas_of_taurusdb_have_a_job_each() -> None:
    """Commas join their IDs; a request without replicas is refused."""
    async with Simulator(service="taurusdb") as cloud:
        path = "instances/i/nodes/enlarge"
        body = (await send(cloud, "POST", path, {"priorities": [1, 2, 5]})).body
        assert body["job_id"].split(",") == list(cloud.plans)
        assert len(cloud.plans) == 3
        refused: list[Any] = [{}, {"priorities": []}, {"priorities": 2}, []]
        for bad in refused:
            assert (await send(cloud, "POST", path, bad)).status == 400
        assert len(cloud.plans) == 3


@pytest.mark.parametrize("name", list(SERVICES)[1:])
async def test_every_request_is_checked(name: str) -> None:
    """No path of a service works without credentials, or for another project."""
    api = SERVICES[name]
    async with Simulator(service=name) as cloud:
        paths = [
            ("GET", api.job_path),
            ("GET", api.list_path),
            *(("GET", "/v3/{project}/instances"), ("POST", "/v3/{project}/instances")),
            *((each.method, each.path) for each in api.operations),
        ]
        for method, path in paths:
            ids = {"job": "j", "instance": "i"}
            own = path.format(project=cloud.project_id, **ids)
            assert (await call(cloud, method, own, headers={})).status == 401
            other = path.format(project="other", **ids)
            assert (await call(cloud, method, other)).body["error_code"] == "DBS.280408"
        assert not cloud.plans
