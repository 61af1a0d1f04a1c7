"""ddswait.simulator.operations and dds: their replies, against the recorded ones."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from ddswait.simulator import Simulator
from tests.simulator.calls import call, jobs, sample

BEGIN, END = "2025-12-31T12:00:00+0000", "2026-01-01T12:00:00+0000"


async def tasks(dds: Simulator, **query: object) -> Any:
    given = {"start_time": BEGIN, "end_time": END, **query}
    words = "&".join(f"{name}={quote(str(value))}" for name, value in given.items() if value)
    return await call(dds, "GET", f"/v3.1/{dds.project_id}/jobs?{words}")


async def test_a_new_id_is_unknown_for_some_seconds(dds: Simulator) -> None:
    """Right after submission a job ID is not known, as DDS documents it."""
    job_id = dds.add_job(visible_after=3)
    status, body, _ = await call(dds, "GET", jobs(dds, job_id))
    assert (status, body) == (400, sample("error-400-unknown-job.json"))
    await asyncio.sleep(3)
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 200


async def test_a_running_job_has_an_ended_time_already(dds: Simulator) -> None:
    """The record of a running job has every documented field, and the documented quirk."""
    job_id = dds.add_job(seconds=100, visible_after=0, instance_name="mine")
    await asyncio.sleep(9)
    body = (await call(dds, "GET", jobs(dds, job_id))).body
    assert body["job"].keys() == sample("job-running.json")["job"].keys()
    assert body["job"] == {
        "id": job_id,
        "name": "Create_MongoDB",
        "status": "Running",
        "created": "2026-01-01T00:00:00+0000",
        "ended": "2026-01-01T00:00:09+0000",
        "progress": "9%",
        "instance": {"id": body["job"]["instance"]["id"], "name": "mine"},
        "fail_reason": None,
    }


@pytest.mark.parametrize(
    ("fails", "status", "file"),
    [(None, "Completed", "job-completed.json"), ("disk full", "Failed", "job-failed.json")],
)
async def test_a_job_ends(dds: Simulator, fails: str | None, status: str, file: str) -> None:
    """A job that has ended has an empty progress, its end, and its reason if it failed."""
    job_id = dds.add_job(seconds=60, visible_after=0, fails=fails)
    await asyncio.sleep(61)
    job = (await call(dds, "GET", jobs(dds, job_id))).body["job"]
    assert job.keys() == sample(file)["job"].keys()
    assert (job["status"], job["progress"], job["fail_reason"]) == (status, "", fails)
    assert job["ended"] == "2026-01-01T00:01:00+0000"


async def test_a_held_job_runs_without_progress(dds: Simulator) -> None:
    """A held job polls like any running job; released, it ended at that moment."""
    job_id = dds.add_job(held=True, visible_after=0)
    await asyncio.sleep(60)
    job = (await call(dds, "GET", jobs(dds, job_id))).body["job"]
    assert (job["status"], job["progress"], job["ended"][-13:]) == (
        "Running",
        "0%",
        "00:01:00+0000",
    )
    dds.release(job_id, fails="disk full")
    await asyncio.sleep(60)
    job = (await call(dds, "GET", jobs(dds, job_id))).body["job"]
    assert (job["status"], job["fail_reason"]) == ("Failed", "disk full")
    assert job["ended"] == "2026-01-01T00:01:00+0000"


async def test_progress_may_be_absent(dds: Simulator) -> None:
    """A job without progress shows the empty string."""
    job_id = dds.add_job(progress="absent", visible_after=0)
    assert (await call(dds, "GET", jobs(dds, job_id))).body["job"]["progress"] == ""


async def test_a_deleting_job_vanishes_when_it_ends(dds: Simulator) -> None:
    """The job of a deletion is unknown again once the instance is gone."""
    job_id = dds.add_job(seconds=10, visible_after=0, vanishes=True)
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 200
    await asyncio.sleep(10)
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 400


async def test_operations_reply_with_a_job_id(dds: Simulator) -> None:
    """Creating, changing, backing up and deleting reply 202 with the ID of a new job."""
    project = f"/v3/{dds.project_id}"
    status, body, _ = await call(dds, "POST", f"{project}/instances", body={"name": "new"})
    assert status == 202
    assert body.keys() >= {"id", "name", "status", "mode", "job_id"}
    for method, path, name in (
        ("POST", f"{project}/instances/{body['id']}/restart", "Restart_MongoDB"),
        ("POST", f"{project}/instances/{body['id']}/enlarge-volume", "EnlargeVolume_MongoDB"),
        ("POST", f"{project}/backups", "Create_Backup"),
        ("DELETE", f"{project}/instances/{body['id']}", "Delete_MongoDB"),
    ):
        status, reply, _ = await call(dds, method, path)
        assert (status, list(reply)) == (202, ["job_id"])
        plan = dds.plans[reply["job_id"]]
        assert (plan.name, plan.vanishes) == (name, method == "DELETE")


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"name": 7}'])
async def test_malformed_order_is_refused(dds: Simulator, data: bytes) -> None:
    """An order without a name starts no job."""
    reply = await call(dds, "POST", f"/v3/{dds.project_id}/instances", data=data)
    assert (reply.status, reply.body["error_code"]) == (400, "DBS.200001")
    assert not dds.plans


async def test_prepaid_orders_reply_with_an_order_id(dds: Simulator) -> None:
    """A yearly or monthly order has no job to wait for."""
    order = {"name": "new", "charge_info": {"charge_mode": "prePaid"}}
    body = (await call(dds, "POST", f"/v3/{dds.project_id}/instances", body=order)).body
    assert "job_id" not in body
    assert body["order_id"] == sample("create-instance-prepaid-202.json")["order_id"]


async def test_instance_is_shown_until_it_is_deleted(dds: Simulator) -> None:
    """An instance has its status and actions; one that is not there is an empty list."""
    path = f"/v3/{dds.project_id}/instances?id=i"
    empty = {"instances": [], "total_count": 0}
    assert (await call(dds, "GET", path)).body == empty
    dds.add_job(instance_id="i", instance_name="mine", seconds=10)
    shown = {"id": "i", "name": "mine", "status": "creating", "actions": ["CREATE"]}
    assert (await call(dds, "GET", path)).body == {"instances": [shown], "total_count": 1}
    dds.add_job(instance_id="i", seconds=20, vanishes=True)
    await asyncio.sleep(20)
    assert (await call(dds, "GET", path)).body == empty


async def test_list_has_the_fields_of_the_recorded_page(dds: Simulator) -> None:
    """ListTasks shows the same jobs under other names, newest first."""
    first = dds.add_job(visible_after=0, instance_id="i", instance_name="mine")
    second = dds.add_job(visible_after=0, seconds=5)
    dds.add_job(visible_after=60)
    await asyncio.sleep(6)
    body = (await tasks(dds)).body
    assert (body["total_count"], [task["id"] for task in body["jobs"]]) == (2, [second, first])
    assert all(task.keys() == sample("tasks-page.json")["jobs"][0].keys() for task in body["jobs"])
    assert body["jobs"][1] == {
        "id": first,
        "name": "CreateMongoDB",
        "status": "Running",
        "created_at": "2026-01-01T00:00:00+0000",
        "ended_at": "2026-01-01T00:00:06+0000",
        "progress": "1%",
        "instance_id": "i",
        "instance_name": "mine",
        "fail_reason": "",
    }


async def test_list_is_filtered_and_cut_into_pages(dds: Simulator) -> None:
    """Status, ID and name filter; offset and limit choose the page; the total stays."""
    ids = [dds.add_job(visible_after=0, seconds=1000) for _ in range(3)]
    ended = dds.add_job(visible_after=0, seconds=0, name="Restart")
    page = (await tasks(dds, status="Running", offset=1, limit=1)).body
    assert (page["total_count"], [task["id"] for task in page["jobs"]]) == (3, [ids[1]])
    for query in ({"id": ended}, {"name": "Restart"}, {"status": "Completed"}):
        assert [task["id"] for task in (await tasks(dds, **query)).body["jobs"]] == [ended]


async def test_list_shows_what_was_submitted_within_its_time(dds: Simulator) -> None:
    """Jobs before the start time or after the end time are left out."""
    await asyncio.sleep(3600)
    job_id = dds.add_job(visible_after=0)
    for start, end, found in (
        (BEGIN, END, [job_id]),
        ("2026-01-01T01:00:01+0000", END, []),
        (BEGIN, "2026-01-01T00:59:59+0000", []),
    ):
        body = (await tasks(dds, start_time=start, end_time=end)).body
        assert [task["id"] for task in body["jobs"]] == found


async def test_list_may_be_behind(dds: Simulator) -> None:
    """A list that lags shows its jobs as they were."""
    dds.list_lag = 30.0
    dds.add_job(visible_after=0, seconds=10)
    assert (await tasks(dds)).body["jobs"] == []
    await asyncio.sleep(30)
    assert (await tasks(dds)).body["jobs"][0]["status"] == "Running"
    await asyncio.sleep(10)
    assert (await tasks(dds)).body["jobs"][0]["status"] == "Completed"


@pytest.mark.parametrize(
    "query",
    [
        {"start_time": ""},
        {"end_time": "yesterday"},
        {"end_time": BEGIN},
        {"end_time": "2026-02-01T12:00:00+0000"},
        {"limit": "101"},
        {"limit": "-1"},
        {"offset": "-1"},
        {"offset": "x"},
    ],
)
async def test_list_refuses_bad_parameters(dds: Simulator, query: dict[str, str]) -> None:
    """Both times are needed, at most 30 days apart; pages have 1 to 100 tasks."""
    reply = await tasks(dds, **query)
    assert (reply.status, reply.body["error_code"]) == (400, "DBS.200001")


async def test_list_may_be_denied_or_missing(dds: Simulator) -> None:
    """The permission for lists is one of its own, and partner clouds publish no lists."""
    dds.may_list = False
    reply = await tasks(dds)
    assert (reply.status, reply.body) == (403, sample("error-403-permission.json"))
    dds.has_lists = False
    reply = await tasks(dds)
    assert (reply.status, reply.body["error_code"]) == (404, "APIGW.0101")


async def test_refusals(dds: Simulator) -> None:
    """A wrong token, project or permission is refused as the API words it."""
    job_id = dds.add_job(visible_after=0)
    reply = await call(dds, "GET", jobs(dds, job_id), headers={"X-Auth-Token": "wrong"})
    assert (reply.status, reply.body["error_code"]) == (401, "APIGW.0301")
    reply = await call(dds, "GET", f"/v3/other/jobs?id={job_id}")
    assert (reply.status, reply.body["error_code"]) == (400, "DBS.280408")
    dds.forbids = True
    reply = await call(dds, "GET", jobs(dds, job_id))
    assert (reply.status, reply.body) == (403, sample("error-403-permission.json"))
    dds.revoke()
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 401


async def test_every_operation_is_checked(dds: Simulator) -> None:
    """No path of DDS works without credentials, and none starts a job."""
    project = f"/v3/{dds.project_id}"
    for method, path in (
        ("GET", f"{project}/jobs"),
        ("GET", f"/v3.1/{dds.project_id}/jobs"),
        ("GET", f"{project}/instances"),
        ("POST", f"{project}/instances"),
        ("DELETE", f"{project}/instances/i"),
        ("POST", f"{project}/instances/i/restart"),
        ("POST", f"{project}/backups"),
    ):
        assert (await call(dds, method, path, headers={})).status == 401
    assert not dds.plans
