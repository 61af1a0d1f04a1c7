"""ddswait.simulator: what it answers, against the recorded replies."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from ddswait import AccessKey, Request
from ddswait.simulator import Fault, Simulator

SAMPLES = Path(__file__).parents[1] / "samples"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(epoch=EPOCH) as simulator:
        yield simulator


async def call(
    dds: Simulator,
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: Any = None,
) -> tuple[int, Any, Any]:
    headers = {"X-Auth-Token": token or dds.token}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
        session.request(
            method, dds.endpoint + path, headers=headers, json=body, allow_redirects=False
        ) as response,
    ):
        text = await response.text()
        try:
            return response.status, json.loads(text), response.headers
        except ValueError:
            return response.status, text, response.headers


def jobs(dds: Simulator, job_id: str) -> str:
    return f"/v3/{dds.project_id}/jobs?id={job_id}"


async def test_a_new_id_is_unknown_for_some_seconds(dds: Simulator) -> None:
    """Right after submission a job ID is not known, as DDS documents it."""
    job_id = dds.add_job(visible_after=3)
    status, body, headers = await call(dds, "GET", jobs(dds, job_id))
    assert (status, body) == (400, sample("error-400-unknown-job.json"))
    assert headers["X-Request-Id"]
    await asyncio.sleep(3)
    assert (await call(dds, "GET", jobs(dds, job_id)))[0] == 200


async def test_a_running_job_has_an_ended_time_already(dds: Simulator) -> None:
    """The record of a running job has every documented field, and the documented quirk."""
    job_id = dds.add_job(seconds=100, visible_after=0, instance_name="mine")
    await asyncio.sleep(9)
    _, body, headers = await call(dds, "GET", jobs(dds, job_id))
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
    assert headers["Date"] == "Thu, 01 Jan 2026 00:00:09 GMT"


@pytest.mark.parametrize(
    ("fails", "status", "file"),
    [(None, "Completed", "job-completed.json"), ("disk full", "Failed", "job-failed.json")],
)
async def test_a_job_ends(dds: Simulator, fails: str | None, status: str, file: str) -> None:
    """A job that is over has an empty progress, its end, and its reason if it failed."""
    job_id = dds.add_job(seconds=60, visible_after=0, fails=fails)
    await asyncio.sleep(61)
    _, body, _ = await call(dds, "GET", jobs(dds, job_id))
    job = body["job"]
    assert job.keys() == sample(file)["job"].keys()
    assert (job["status"], job["progress"], job["fail_reason"]) == (status, "", fails)
    assert job["ended"] == "2026-01-01T00:01:00+0000"


@pytest.mark.parametrize(
    ("progress", "at_half"),
    [("truthful", "50%"), ("stuck", "99%"), ("staged", "40%"), ("absent", "")],
)
async def test_progress_goes_as_planned(dds: Simulator, progress: Any, at_half: str) -> None:
    """Progress is truthful, stuck, staged or absent."""
    job_id = dds.add_job(seconds=100, visible_after=0, progress=progress)
    await asyncio.sleep(50)
    _, body, _ = await call(dds, "GET", jobs(dds, job_id))
    assert body["job"]["progress"] == at_half


async def test_speed_scales_the_clock() -> None:
    """At speed 60 a job of ten minutes takes ten seconds."""
    async with Simulator(speed=60) as dds:
        job_id = dds.add_job(seconds=600, visible_after=0)
        await asyncio.sleep(10)
        _, body, _ = await call(dds, "GET", jobs(dds, job_id))
    assert body["job"]["status"] == "Completed"


async def test_operations_answer_with_a_job_id(dds: Simulator) -> None:
    """Creating, changing, backing up and deleting answer 202 with a job ID that can be asked."""
    project = f"/v3/{dds.project_id}"
    status, body, _ = await call(dds, "POST", f"{project}/instances", body={"name": "new"})
    assert status == 202
    assert {"id", "name", "status", "mode", "job_id"} <= body.keys()
    for method, path in (
        ("POST", f"{project}/instances/{body['id']}/restart"),
        ("POST", f"{project}/backups"),
        ("DELETE", f"{project}/instances/{body['id']}"),
    ):
        status, answer, _ = await call(dds, method, path)
        assert (status, list(answer)) == (202, ["job_id"])
        assert answer["job_id"] in dds.plans


@pytest.mark.parametrize(("altered", "status"), [(b"", 202), (b" ", 401)])
async def test_signature_holds_for_the_body(dds: Simulator, altered: bytes, status: int) -> None:
    """A signed operation is accepted as it was signed, and refused if its body was altered."""
    url, body = f"{dds.endpoint}/v3/{dds.project_id}/instances", b'{"name": "signed"}'
    key = AccessKey(dds.access_key, dds.secret_key, clock=dds.present)
    own = {"Content-Type": "application/json"}
    headers = {**own, **key.sign(Request("POST", url, body), own)}
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, headers=headers, data=body + altered) as response,
    ):
        assert response.status == status


def login(dds: Simulator, **changed: Any) -> dict[str, Any]:
    user = {"name": dds.user, "password": dds.password, "domain": {"name": dds.domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    auth = {"identity": identity, "scope": {"project": {"id": dds.project_id}}, **changed}
    return {"auth": auth}


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ({"id": "2" * 32}, "other"),
        ({"name": "other"}, "other"),
        ({"name": "simulated-region-1"}, "simulated-region-1"),
        ({"name": "twin"}, None),
        ({"name": "nobody"}, None),
        ({"id": "nobody"}, None),
    ],
)
async def test_token_is_scoped_to_any_project(
    dds: Simulator, scope: dict[str, str], name: str | None
) -> None:
    """By ID, or by a name that only one project has."""
    dds.projects |= {"2" * 32: "other", "3" * 32: "twin", "4" * 32: "twin"}
    body = login(dds, scope={"project": scope})
    status, reply, _ = await call(dds, "POST", "/v3/auth/tokens?nocatalog=true", body=body)
    assert status == (401 if name is None else 201)
    if name is not None:
        assert reply["token"]["project"]["name"] == name
        assert dds.projects[reply["token"]["project"]["id"]] == name


async def test_token_comes_with_a_catalogue_unless_it_is_not_wanted(dds: Simulator) -> None:
    """The catalogue of services is left out by `nocatalog`; the method must be `password`."""
    path = "/v3/auth/tokens"
    _, reply, _ = await call(dds, "POST", path, body=login(dds))
    [service] = reply["token"]["catalog"]
    assert service["endpoints"][0]["url"] == f"{dds.endpoint}/v3/{dds.project_id}"
    _, reply, _ = await call(dds, "POST", f"{path}?nocatalog=true", body=login(dds))
    assert "catalog" not in reply["token"]
    for methods in ([], ["token"], None):
        body = login(dds)
        body["auth"]["identity"]["methods"] = methods
        assert (await call(dds, "POST", path, body=body))[0] == 400


async def test_prepaid_orders_answer_with_an_order_id(dds: Simulator) -> None:
    """A yearly or monthly order has no job to wait for."""
    order = {"name": "new", "charge_info": {"charge_mode": "prePaid"}}
    _, body, _ = await call(dds, "POST", f"/v3/{dds.project_id}/instances", body=order)
    assert "job_id" not in body
    assert body["order_id"] == sample("create-instance-prepaid-202.json")["order_id"]


async def test_a_deleting_job_vanishes_when_it_ends(dds: Simulator) -> None:
    """The job of a deletion is unknown again once the instance is gone."""
    job_id = dds.add_job(seconds=10, visible_after=0, vanishes=True)
    assert (await call(dds, "GET", jobs(dds, job_id)))[0] == 200
    await asyncio.sleep(10)
    assert (await call(dds, "GET", jobs(dds, job_id)))[0] == 400


async def test_refusals(dds: Simulator) -> None:
    """A wrong token, project, permission or path is refused as the API words it."""
    job_id = dds.add_job(visible_after=0)
    status, body, _ = await call(dds, "GET", jobs(dds, job_id), token="wrong")
    assert (status, body["error_code"]) == (401, "APIGW.0301")
    status, body, _ = await call(dds, "GET", f"/v3/other/jobs?id={job_id}")
    assert (status, body["error_code"]) == (400, "DBS.280408")
    status, body, _ = await call(dds, "GET", "/v9/nothing")
    assert (status, body["error_code"]) == (404, "APIGW.0101")
    dds.forbids = True
    status, body, _ = await call(dds, "GET", jobs(dds, job_id))
    assert (status, body) == (403, sample("error-403-permission.json"))
    dds.revoke()
    assert (await call(dds, "GET", jobs(dds, job_id)))[0] == 401


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("throttle", 429),
        ("error", 503),
        ("not_json", 200),
        ("no_job", 200),
        ("redirect", 302),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("unknown", 400),
    ],
)
async def test_faults_strike_as_often_as_asked(dds: Simulator, kind: Any, status: int) -> None:
    """A fault of count 2 strikes twice, over the control API as well, and then all is well."""
    job_id = dds.add_job(visible_after=0)
    order = {"kind": kind, "count": 2, "retry_after": "7"}
    assert (await call(dds, "POST", "/_simulator/faults", body=order))[0] == 201
    for _ in range(2):
        found, body, headers = await call(dds, "GET", jobs(dds, job_id))
        assert (found, headers["Retry-After"]) == (status, "7")
        assert not (isinstance(body, dict) and "job" in body)
    assert "job" in (await call(dds, "GET", jobs(dds, job_id)))[1]


@pytest.mark.parametrize("kind", ["reset", "garbage", "truncated"])
async def test_connections_break_as_asked(dds: Simulator, kind: Any) -> None:
    """A reset, garbage or a truncated body is an error for any HTTP client."""
    dds.inject(kind, count=None)  # aiohttp itself tries a second time after a disconnect
    with pytest.raises(aiohttp.ClientError):
        await call(dds, "GET", jobs(dds, "a"))


async def test_a_stall_takes_its_time(dds: Simulator) -> None:
    """A stalled request is answered after its time; a fault for one job spares the others."""
    loop = asyncio.get_running_loop()
    job_id, other = dds.add_job(visible_after=0), dds.add_job(visible_after=0)
    dds.inject("stall", seconds=25, job_id=job_id)
    start = loop.time()
    await call(dds, "GET", jobs(dds, other))
    assert loop.time() == start
    await call(dds, "GET", jobs(dds, job_id))
    assert loop.time() == start + 25


async def test_throttle_bodies_are_the_documented_ones(dds: Simulator) -> None:
    """A throttle states its limit as the gateway does, or none as DDS itself does."""
    dds.inject("throttle")
    _, body, _ = await call(dds, "GET", jobs(dds, "a"))
    assert body["error_msg"] == sample("error-429-user.json")["error_msg"]
    dds.inject("throttle", limit="")
    _, body, _ = await call(dds, "GET", jobs(dds, "a"))
    assert body == sample("error-429-dds.json")


async def test_control_api_names_mistakes(dds: Simulator) -> None:
    """An unknown kind of fault or field is refused by name."""
    for body, named in (({"kind": "earthquake"}, "earthquake"), ({"kind": "error", "x": 1}, "x")):
        status, answer, _ = await call(dds, "POST", "/_simulator/faults", body=body)
        assert status == 400
        assert named in answer["error_msg"]
    status, answer, _ = await call(dds, "POST", "/_simulator/jobs", body={"speed": 1})
    assert (status, "speed" in answer["error_msg"]) == (400, True)


async def test_control_api_plants_jobs_and_counts(dds: Simulator) -> None:
    """A job with a given ID can be planted; stats count the replies; faults can be cleared."""
    await call(dds, "POST", "/_simulator/jobs", body={"job_id": "mine", "visible_after": 0})
    dds.inject("error", count=None)
    await call(dds, "GET", jobs(dds, "mine"))
    await call(dds, "DELETE", "/_simulator/faults")
    assert (await call(dds, "GET", jobs(dds, "mine")))[0] == 200
    _, stats, _ = await call(dds, "GET", "/_simulator/stats")
    assert stats["statuses"] == {"503": 1, "200": 1}
    assert [(seen.job_id, seen.status) for seen in dds.requests] == [("mine", 503), ("mine", 200)]


def test_fault_kinds_are_checked() -> None:
    """A fault that is read from JSON must have a known kind."""
    assert Fault.from_json({"kind": "stall", "seconds": 3}).seconds == 3
    with pytest.raises(ValueError, match="unknown kind of fault None: use one of"):
        Fault.from_json({})


async def test_fixture_is_a_running_simulator(dds_simulator: Simulator) -> None:
    """The pytest plugin's fixture gives a simulator that answers."""
    job_id = dds_simulator.add_job(visible_after=0)
    assert (await call(dds_simulator, "GET", jobs(dds_simulator, job_id)))[0] == 200


@pytest.mark.real_time  # another process keeps its own time
async def test_program_serves_until_a_signal() -> None:
    """`python -m ddswait.simulator` prints its settings, answers, and ends cleanly on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ddswait.simulator", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().split() for _ in range(3)]
    settings = dict(line[1].split("=", 1) for line in lines)
    assert settings.keys() == {"DDSWAIT_ENDPOINT", "HW_PROJECT_ID", "HW_AUTH_TOKEN"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{settings['DDSWAIT_ENDPOINT']}/_simulator/stats") as response,
    ):
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
