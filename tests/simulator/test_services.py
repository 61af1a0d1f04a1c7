"""ddswait.simulator: jobs and instances of the sibling services, against the samples of each."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from ddswait.simulator import Simulator
from ddswait.simulator.services import SERVICES
from tests.simulator.calls import Reply, call, sample


class Row(NamedTuple):
    """One service: its name, the request for a job, and the words of its instances."""

    name: str
    job: str
    suffix: str
    creating: dict[str, Any]
    restarting: dict[str, Any]
    ready: dict[str, Any]
    failed: dict[str, Any]


BUSY = {"status": "normal", "actions": ["RESTARTING"]}
ROWS = [
    Row(
        *("rds", "jobs?id=", "in01"),
        *({"status": "BUILD"}, {"status": "REBOOTING"}, {"status": "ACTIVE"}),
        {"status": "FAILED"},
    ),
    Row(
        *("taurusdb", "jobs?id=", "in07", {"status": "creating", "actions": ["CREATE"]}),
        *(BUSY, {"status": "normal", "actions": []}, {"status": "createfail", "actions": []}),
    ),
    Row(
        *("gaussdb", "jobs?id=", "in14"),
        *({"status": "BUILD"}, {"status": "REBOOTING"}, {"status": "ACTIVE"}),
        {"status": "FAILED"},
    ),
    Row(
        *("geminidb", "jobs?id=", "in06", {"status": "creating", "actions": ["CREATE"]}),
        *(BUSY, {"status": "normal", "actions": []}, {"status": "createfail", "actions": []}),
    ),
    Row(
        *("ddm", "jobs/", "in09"),
        *({"status": "CREATE"}, {"status": "RESTARTING"}, {"status": "RUNNING"}),
        {"status": "CREATEFAILED"},
    ),
]
every_service = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


@pytest_asyncio.fixture
async def cloud(row: Row) -> AsyncIterator[Simulator]:
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    async with Simulator(service=row.name, epoch=epoch) as simulator:
        yield simulator


async def get(cloud: Simulator, path: str) -> Reply:
    return await call(cloud, "GET", f"/v3/{cloud.project_id}/{path}")


async def instance(cloud: Simulator, instance_id: str) -> dict[str, Any]:
    reply = (await get(cloud, f"instances?id={instance_id}")).body
    assert reply.keys() == sample("instances-busy.json").keys()
    (found,) = reply["instances"]
    assert found.pop("id") == instance_id
    found.pop("name")
    return dict(found)


def shape(value: Any) -> Any:
    """Return what a sample and a reply have in common: keys, and the forms of texts."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    if not isinstance(value, str) or not value:
        return value
    for form in (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", r"\d+%$", r".*in\d\d$"):
        if found := re.match(form, value):
            return f"{form}{value[found.end() :]}"
    return "text"


def same_shape(reply: dict[str, Any], name: str, part: str) -> bool:
    return bool(shape(reply) == shape(sample(f"siblings/{name}.json")[part]))


def test_every_sibling_has_a_row() -> None:
    """A further service needs a row in this table."""
    assert [row.name for row in ROWS] == list(SERVICES)[1:]


@every_service
async def test_running_job_has_the_shape_of_the_sample(row: Row, cloud: Simulator) -> None:
    """Path, wrapper, names of fields and formats of times are those of the service."""
    job_id = cloud.add_job(seconds=100, visible_after=0)
    await asyncio.sleep(9)
    reply = await get(cloud, f"{row.job}{job_id}")
    assert reply.status == 200
    assert same_shape(reply.body, row.name, "running")
    text = str(reply.body)
    assert job_id in text
    assert "'9%'" in text
    assert ("T00:00:00+0000" in text, "T08:00:00+0800" in text) == (
        row.name in {"rds", "geminidb", "ddm"},
        row.name == "gaussdb",
    )


@every_service
@pytest.mark.parametrize("fails", [None, "disk full"])
async def test_job_ends_as_the_sample_says(row: Row, cloud: Simulator, fails: str | None) -> None:
    """The status word and the end are there; a reason is there if the service has one."""
    job_id = cloud.add_job(seconds=60, visible_after=0, fails=fails)
    await asyncio.sleep(61)
    body = (await get(cloud, f"{row.job}{job_id}")).body
    job = body["jobs"][0] if row.name == "geminidb" else body["job"]
    assert job["status"] == ("Completed" if fails is None else "Failed")
    assert "T00:01:00+0000" in str(job) or "T08:01:00+0800" in str(job)
    if fails is None:
        assert same_shape(body, row.name, "completed")
    else:
        assert job.get("fail_reason") == (None if row.name == "ddm" else "disk full")


@every_service
async def test_unknown_job_is_what_the_service_says(row: Row, cloud: Simulator) -> None:
    """The job of another service is unknown as well; it is known there."""
    unknown = sample(f"siblings/{row.name}.json")["unknown"]
    dds_job = cloud.add_job(service="dds", visible_after=0)
    for job_id in (cloud.add_job(visible_after=5), dds_job, "none"):
        reply = await get(cloud, f"{row.job}{job_id}")
        assert (reply.status, reply.body) == (400 if "error_code" in unknown else 200, unknown)
    cloud.service = "dds"
    for prefix in ("", "/dds"):
        reply = await call(cloud, "GET", f"{prefix}/v3/{cloud.project_id}/jobs?id={dds_job}")
        assert reply.body["job"]["id"] == dds_job


@every_service
async def test_dialect_words_an_unknown_job(row: Row, cloud: Simulator) -> None:
    """A region that answers differently from the others can be played for each service."""
    cloud.dialect.unknown_job = 404
    assert (await get(cloud, f"{row.job}none")).status == 404


@every_service
async def test_fault_unknown_is_worded_by_the_service(row: Row, cloud: Simulator) -> None:
    """The next request about a job is replied to as if its ID were unknown."""
    job_id = cloud.add_job(visible_after=0)
    cloud.inject("unknown", job_id=job_id)
    body = (await get(cloud, f"{row.job}{job_id}")).body
    assert body == sample(f"siblings/{row.name}.json")["unknown"]
    assert job_id in str((await get(cloud, f"{row.job}{job_id}")).body)
    assert cloud.polls[job_id] == 2


@every_service
async def test_instance_has_the_words_of_the_service(row: Row, cloud: Simulator) -> None:
    """It is created, ready, restarted; a creation may fail."""
    cloud.backup_seconds = 0.0
    good, bad = f"{'a' * 32}{row.suffix}", f"{'b' * 32}{row.suffix}"
    cloud.add_job(instance_id=good, seconds=10)
    cloud.add_job(instance_id=bad, seconds=10, fails="no quota")
    assert await instance(cloud, good) == row.creating
    await asyncio.sleep(11)
    assert (await instance(cloud, good), await instance(cloud, bad)) == (row.ready, row.failed)
    cloud.add_job(name="RestartInstance", instance_id=good, seconds=10)
    assert await instance(cloud, good) == row.restarting
    cloud.instance_status[good] = "ODD"
    assert (await instance(cloud, good))["status"] == "ODD"


@every_service
async def test_instance_of_another_service_is_not_there(row: Row, cloud: Simulator) -> None:
    """Even under the same ID."""
    cloud.add_job(service="dds", instance_id=f"i{row.suffix}")
    assert (await get(cloud, f"instances?id=i{row.suffix}")).body["instances"] == []
    assert cloud.instance(f"i{row.suffix}", "dds") is not None


@pytest.mark.parametrize("row", ROWS[:1])
async def test_new_instance_of_rds_is_ready_twice(cloud: Simulator) -> None:
    """RDS backs it up a moment after the job has ended, and it is not ready meanwhile."""
    cloud.add_job(instance_id="i", seconds=10)
    seen = []
    for _ in range(10):
        await asyncio.sleep(10)
        seen.append((await instance(cloud, "i"))["status"])
    assert seen == ["ACTIVE", *["BACKING UP"] * 6, *["ACTIVE"] * 3]


@every_service
async def test_ids_look_like_those_of_the_service(row: Row, cloud: Simulator) -> None:
    """Instance IDs end in the service's suffix; job IDs of RDS have no dashes."""
    plan = cloud.plans[cloud.add_job()]
    assert plan.instance_id.endswith(row.suffix)
    form = r"[0-9a-f]{32}" if row.name == "rds" else r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(form, plan.job_id)


@pytest.mark.parametrize("row", [row for row in ROWS if row.name == "taurusdb"])
async def test_taurusdb_has_more_statuses(row: Row, cloud: Simulator) -> None:
    """A job is Pending first, may wait for an approval, and may be canceled."""

    async def status(job_id: str) -> str:
        return str((await get(cloud, f"{row.job}{job_id}")).body["job"]["status"])

    usual, canceled = (
        cloud.add_job(visible_after=0, seconds=60, canceled=x) for x in (False, True)
    )
    waiting = cloud.add_job(visible_after=0, seconds=60, status="Unauthorized")
    seen = []
    for seconds in (0, 5, 55):
        await asyncio.sleep(seconds)
        seen.append([await status(job_id) for job_id in (usual, canceled, waiting)])
    assert seen == [
        ["Pending", "Pending", "Unauthorized"],
        ["Running", "Running", "Unauthorized"],
        ["Completed", "Canceled", "Completed"],
    ]
    with pytest.raises(ValueError, match="jobs of rds cannot be canceled: use fails"):
        cloud.add_job(service="rds", canceled=True)


def test_unknown_service_is_refused() -> None:
    """The message quotes the name and lists those that exist."""
    expected = "unknown service 'css': use one of dds, rds, taurusdb, gaussdb, geminidb, ddm"
    with pytest.raises(ValueError, match=expected):
        Simulator(service="css")
    with pytest.raises(ValueError, match=expected):
        Simulator().add_job(service="css")
