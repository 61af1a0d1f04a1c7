"""ddswait.simulator: what the replies of regions have in common, and where they differ."""

import asyncio
from typing import Any

import pytest

from ddswait.simulator import Simulator
from tests.simulator.calls import Reply, call, jobs, sample

BEGIN, END = "2025-12-31T12%3A00%3A00%2B0000", "2026-01-01T12%3A00%3A00%2B0000"


async def show(dds: Simulator, instance_id: str) -> Reply:
    return await call(dds, "GET", f"/v3/{dds.project_id}/instances?id={instance_id}")


@pytest.mark.parametrize("code", ["DBS.280110", "DBS.200002", "DBS.201501", "DBS.201502"])
@pytest.mark.parametrize("status", [400, 404])
async def test_missing_instance_is_an_error_in_some_regions(
    dds: Simulator, status: int, code: str
) -> None:
    """Before its creation and after its deletion; while it is there, all regions show it."""
    dds.dialect.change({"missing_instance": status, "missing_instance_code": code})
    error = {**sample("error-400-no-instance.json"), "error_code": code}
    assert (await show(dds, "i"))[:2] == (status, error)
    dds.add_job(instance_id="i", seconds=10)
    assert (await show(dds, "i")).body["instances"][0]["status"] == "creating"
    dds.add_job(instance_id="i", name="Delete_MongoDB", seconds=20, vanishes=True)
    await asyncio.sleep(20)
    assert (await show(dds, "i"))[:2] == (status, error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"job": None}),
        (400, sample("error-400-unknown-job.json")),
        (404, sample("error-400-unknown-job.json")),
    ],
)
async def test_unknown_job_has_several_forms(
    dds: Simulator, status: int, body: dict[str, Any]
) -> None:
    """Before it is visible, in every form that the services of the family use."""
    dds.dialect.change({"unknown_job": status})
    job_id = dds.add_job(visible_after=5)
    assert (await call(dds, "GET", jobs(dds, job_id)))[:2] == (status, body)
    await asyncio.sleep(5)
    assert (await call(dds, "GET", jobs(dds, job_id))).body["job"]["id"] == job_id


async def test_missing_instance_is_an_empty_list_elsewhere(dds: Simulator) -> None:
    """As published: a list of none."""
    assert (await show(dds, "i"))[:2] == (200, sample("instances-empty.json"))


async def test_busy_instance_has_the_shape_of_the_published_example(dds: Simulator) -> None:
    """It is normal, and an operation is pending."""
    dds.settle_seconds = 60.0
    dds.add_job(instance_id="i", seconds=0)
    (shown,) = (await show(dds, "i")).body["instances"]
    (example,) = sample("instances-busy.json")["instances"]
    assert shown.keys() == example.keys()
    assert (shown["status"], shown["actions"]) == (example["status"], example["actions"])


@pytest.mark.parametrize("code", ["DBS.201028", "DBS.200604"])
async def test_instance_of_others_is_refused(dds: Simulator, code: str) -> None:
    """With a code that concerns it alone; other instances are shown."""
    for each in ("i", "own"):
        dds.add_job(instance_id=each)
    dds.refused_instances["i"] = code
    reply = await show(dds, "i")
    assert (reply.status, reply.body["error_code"]) == (403, code)
    assert (await show(dds, "own")).status == 200


@pytest.mark.parametrize("is_there", [True, False])
async def test_another_instance_may_come_first(dds: Simulator, is_there: bool) -> None:
    """It is ready, whatever is the matter with the one that was asked for."""
    dds.dialect.lists_another = True
    if is_there:
        dds.add_job(instance_id="i")
    body = (await show(dds, "i")).body
    assert [each["id"] for each in body["instances"]] == ["another", *(["i"] if is_there else [])]
    assert (body["total_count"], body["instances"][0]["status"]) == (1 + is_there, "normal")


async def test_odd_region_respells_ids_words_and_percentages(dds: Simulator) -> None:
    """In records, lists and instances; requests find them by either spelling."""
    dds.dialect.is_odd = True
    dds.add_job("ab", instance_id="iab", visible_after=0, seconds=100)
    await asyncio.sleep(9)
    for asked in ("ab", "AB"):
        job = (await call(dds, "GET", jobs(dds, asked))).body["job"]
        assert (job["id"], job["status"], job["progress"]) == ("AB", "running", "9% ")
        assert job["instance"]["id"] == "IAB"
    for asked in ("iab", "IAB"):
        (shown,) = (await show(dds, asked)).body["instances"]
        assert (shown["id"], shown["status"]) == ("IAB", "creating")
    path = f"/v3.1/{dds.project_id}/jobs?start_time={BEGIN}&end_time={END}&status=Running&id=ab"
    (task,) = (await call(dds, "GET", path)).body["jobs"]
    assert (task["id"], task["status"], task["progress"]) == ("AB", "running", "9% ")


async def test_reply_to_a_prepaid_order_may_have_an_empty_job_id(dds: Simulator) -> None:
    """Beside the ID of the order; other orders have a job."""
    dds.dialect.has_empty_job_id = True
    for charge, is_empty in (("prePaid", True), ("postPaid", False)):
        order = {"name": "new", "charge_info": {"charge_mode": charge}}
        body = (await call(dds, "POST", f"/v3/{dds.project_id}/instances", body=order)).body
        assert (body["job_id"] == "", "order_id" in body) == (is_empty, is_empty)


async def test_prepaid_order_creates_an_instance_and_no_task(dds: Simulator) -> None:
    """No task is shown, then or later; the instance becomes ready."""
    order = {"name": "new", "charge_info": {"charge_mode": "prePaid"}}
    body = (await call(dds, "POST", f"/v3/{dds.project_id}/instances", body=order)).body
    assert body.keys() >= sample("create-instance-prepaid-202.json").keys()
    (shown,) = (await show(dds, body["id"])).body["instances"]
    assert (shown["name"], shown["status"], shown["actions"]) == ("new", "creating", ["CREATE"])
    await asyncio.sleep(3600)
    (shown,) = (await show(dds, body["id"])).body["instances"]
    assert (shown["status"], shown["actions"]) == ("normal", [])
    (job_id,) = dds.plans
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 400
    path = f"/v3.1/{dds.project_id}/jobs?start_time={BEGIN}&end_time={END}"
    assert (await call(dds, "GET", path)).body == {"jobs": [], "total_count": 0}


async def test_deletion_vanishes_from_the_list_as_well(dds: Simulator) -> None:
    """Once the instance is gone, nothing shows that there was a task."""
    dds.add_job("d", name="Delete_MongoDB", seconds=10, visible_after=0, vanishes=True)
    path = f"/v3.1/{dds.project_id}/jobs?start_time={BEGIN}&end_time={END}"
    assert (await call(dds, "GET", path)).body["total_count"] == 1
    await asyncio.sleep(10)
    assert (await call(dds, "GET", path)).body["total_count"] == 0
    assert (await call(dds, "GET", jobs(dds, "d"))).body == sample("error-400-unknown-job.json")


async def test_errors_of_the_gateway_repeat_the_request_id(dds: Simulator) -> None:
    """Each has the fields of the captured ones, and the ID of its own header."""
    dds.inject("throttle", limit="policy ip over ratelimit,limit:5,time:1 second")
    replies = [
        (await call(dds, "GET", jobs(dds, "a")), "error-429-ip.json"),
        (await call(dds, "GET", "/v9/nothing"), "error-404-api.json"),
        (await call(dds, "GET", jobs(dds, "a"), headers={}), "error-401-gateway.json"),
    ]
    for reply, file in replies:
        assert reply.body.keys() == sample(file).keys()
        assert reply.body["error_code"] == sample(file)["error_code"]
        assert reply.body["request_id"] == reply.headers["X-Request-Id"]
    dds.dialect.gateway = "APIG"
    assert (await call(dds, "GET", "/v9/nothing")).body["error_code"] == "APIG.0101"
    assert replies[0][0].body["error_msg"] == sample("error-429-ip.json")["error_msg"]
