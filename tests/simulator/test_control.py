"""ddswait.simulator.control: what a test in another process can do."""

import asyncio
from typing import Any

import pytest

from ddswait.simulator import Simulator
from tests.simulator.calls import call, head, jobs

JOBS, FAULTS = "/_simulator/jobs", "/_simulator/faults"


async def control(dds: Simulator, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return (await call(dds, method, path, body=body, headers={}))[:2]


async def test_job_is_added_with_a_given_id(dds: Simulator) -> None:
    """The fields are the arguments of `add_job`; no token is needed."""
    order = {"job_id": "mine", "visible_after": 0, "instance_name": "orders"}
    assert await control(dds, "POST", JOBS, order) == (201, {"job_id": "mine"})
    assert (await call(dds, "GET", jobs(dds, "mine"))).body["job"]["instance"]["name"] == "orders"


@pytest.mark.parametrize(("body", "status"), [(None, "Completed"), ({"fails": "full"}, "Failed")])
async def test_held_job_ends_when_it_is_released(
    dds: Simulator, body: dict[str, str] | None, status: str
) -> None:
    """A test holds a job, waits for something, and then decides how the job ends."""
    await control(dds, "POST", JOBS, {"job_id": "mine", "held": True, "seconds": 0.1})
    await asyncio.sleep(3600)
    _, shown = await control(dds, "GET", f"{JOBS}/mine")
    assert (shown["status"], shown["held"]) == ("Running", True)
    assert await control(dds, "POST", f"{JOBS}/mine/release", body) == (200, {})
    _, shown = await control(dds, "GET", f"{JOBS}/mine")
    assert (shown["status"], shown["held"]) == (status, False)


async def test_mistaken_release_is_named(dds: Simulator) -> None:
    """An unknown ID, a job that is not held and an unknown field are quoted."""
    dds.add_job("free")
    dds.add_job("held", held=True)
    for job_id, body, status, quoted in (
        ("nobody", None, 404, "'nobody'"),
        ("free", None, 400, "'free' is not held"),
        ("held", {"fail": "x"}, 400, "unknown field 'fail': use fails"),
        ("held", {"job_id": "x"}, 400, "unknown field 'job_id': use fails"),
        ("held", ["x"], 400, "not a JSON object"),
    ):
        found, reply = await control(dds, "POST", f"{JOBS}/{job_id}/release", body)
        assert (found, quoted in reply["error_msg"]) == (status, True)
    assert dds.plans["held"].is_held


async def test_polls_are_counted_when_they_arrive(dds: Simulator) -> None:
    """Requests that are refused or wait for their reply count; requests about other IDs do not."""
    dds.add_job("mine", visible_after=0)
    for _ in range(2):
        await call(dds, "GET", jobs(dds, "mine"), headers={})
    await call(dds, "GET", jobs(dds, "nobody"))
    dds.inject("stall", seconds=60)
    stalled = asyncio.ensure_future(call(dds, "GET", jobs(dds, "mine")))
    await asyncio.sleep(1)
    _, shown = await control(dds, "GET", f"{JOBS}/mine")
    assert shown == {"job_id": "mine", "status": "Running", "held": False, "polls": 3}
    _, shown = await control(dds, "GET", f"{JOBS}/nobody")
    assert shown == {"job_id": "nobody", "status": None, "held": False, "polls": 1}
    assert not stalled.done()
    await stalled


async def test_stats_count_replies_and_faults_can_be_cleared(dds: Simulator) -> None:
    """The counts are by HTTP status, without the control API's own replies."""
    dds.add_job("mine", visible_after=0)
    dds.inject("error", count=None)
    await call(dds, "GET", jobs(dds, "mine"))
    assert await control(dds, "DELETE", FAULTS) == (200, {})
    assert (await call(dds, "GET", jobs(dds, "mine"))).status == 200
    await asyncio.sleep(7)
    stats = await control(dds, "GET", "/_simulator/stats")
    assert stats == (200, {"now": 7.0, "statuses": {"503": 1, "200": 1}})


@pytest.mark.parametrize(
    ("path", "body", "quoted"),
    [
        (FAULTS, {"kind": "earthquake"}, "'earthquake'"),
        (FAULTS, {"kind": "error", "x": 1}, "'x'"),
        (JOBS, {"speed": 1}, "'speed'"),
        (JOBS, {"fail": "x"}, "unknown field 'fail': use job_id, service, name, "),
        (JOBS, {"seconds": "long"}, "seconds: invalid value 'long': use a number or null"),
        (JOBS, {"held": 1}, "held: invalid value 1: use true or false"),
        (JOBS, {"progress": "odd"}, "progress: invalid value 'odd': use \"truthful\" or "),
        (FAULTS, {"kind": "error", "count": "two"}, "count: invalid value 'two': use a whole "),
        (JOBS, {"action": "DANCE"}, "'DANCE'"),
        ("/_simulator/dialect", {"missing_instance": 500}, "500"),
        ("/_simulator/dialect", {"accent": 1}, "'accent'"),
        ("/_simulator/instances/i", {"mood": 1}, "'mood'"),
        (JOBS, [], "not a JSON object"),
    ],
)
async def test_mistakes_are_quoted(dds: Simulator, path: str, body: Any, quoted: str) -> None:
    """An unknown field, or a value of another type, is refused; the fields are named."""
    status, reply = await control(dds, "POST", path, body)
    assert "()" not in reply["error_msg"]
    assert (status, reply["error_code"], quoted in reply["error_msg"]) == (400, "SIM.0001", True)


def names(lines: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in lines]


async def test_dialect_is_changed(dds: Simulator) -> None:
    """The replies to DDS are worded differently from then on; those of the control API are not."""
    instance = f"/v3/{dds.project_id}/instances?id=i"
    order = {"missing_instance": 400, "header_case": "lower"}
    assert await control(dds, "POST", "/_simulator/dialect", order) == (200, {})
    reply = await call(dds, "GET", instance)
    assert (reply.status, reply.body["error_code"]) == (400, "DBS.280110")
    assert "date" in names(await head(dds, instance))
    assert "Date" in names(await head(dds, "/_simulator/stats"))


async def test_instance_shows_what_a_test_says(dds: Simulator) -> None:
    """A status, actions or a refusal, until a null takes it back."""
    dds.add_job(instance_id="i", seconds=0)
    instance = f"/v3/{dds.project_id}/instances?id=i"
    order: dict[str, Any] = {"status": "frozen", "actions": ["FROZEN"]}
    assert await control(dds, "POST", "/_simulator/instances/i", order) == (200, {})
    (shown,) = (await call(dds, "GET", instance)).body["instances"]
    assert (shown["status"], shown["actions"]) == ("frozen", ["FROZEN"])
    for refusal, status in (("DBS.201028", 403), (None, 200)):
        order = {"status": None, "refusal": refusal}
        await control(dds, "POST", "/_simulator/instances/i", order)
        reply = await call(dds, "GET", instance)
        assert reply.status == status
    assert reply.body["instances"][0]["status"] == "normal"


async def test_control_paths_of_a_service_add_its_jobs(dds: Simulator) -> None:
    """Below the name of a service, a job belongs to it unless the request says otherwise."""
    for path, body, service in (
        ("/rds/_simulator/jobs", {}, "rds"),
        ("/rds/_simulator/jobs", {"service": "ddm"}, "ddm"),
        ("/_simulator/jobs", {"service": "ddm"}, "ddm"),
        ("/dds/_simulator/jobs", {}, "dds"),
    ):
        reply = await call(dds, "POST", path, body=body)
        assert (reply.status, dds.plans[reply.body["job_id"]].service) == (201, service)
    reply = await call(dds, "POST", "/_simulator/jobs", body={"service": "css"})
    assert (reply.status, "unknown service 'css'" in str(reply.body)) == (400, True)
    assert not dds.requests
