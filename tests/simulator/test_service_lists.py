"""ddswait.simulator: lists of jobs of the sibling services, and their rules for pages."""

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from ddswait.simulator import Simulator
from ddswait.simulator.services import SERVICES
from tests.simulator.calls import Reply, call
from tests.simulator.test_services import same_shape

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = {"start_time": "2025-12-31T12:00:00+0000", "end_time": "2026-01-01T12:00:00+0000"}
NUMBERS = {"start_time": "1767182400000", "end_time": "1767268800000"}
LONG_AGO = ("2025-11-01T12:00:00+0000", "1761998400000")


class Row(NamedTuple):
    """One service: its list, the times that it takes, and what it refuses."""

    name: str
    path: str
    times: dict[str, str]
    filters: dict[str, str]
    limits: str
    bad_limits: str
    usual_limit: int
    total: str = "total_count"


STATUS = {"status": "Completed"}
NAME = {"name": "Wanted", **STATUS}
ROWS = [
    Row("rds", "tasklist", NUMBERS, {"id": "ID", "instance_id": "i", **NAME}, "1 50", "0 51", 10),
    Row(
        *("taurusdb", "immediate-jobs", TEXTS, {"job_id": "ID", "job_name": "Wanted", **STATUS}),
        *("10 20 50", "1 30 100", 10),
    ),
    Row("gaussdb", "tasks", NUMBERS, NAME, "1 100", "0 101", 100),
    Row("geminidb", "jobs", TEXTS, {"id": "ID", **NAME}, "10 20 50", "1 30 100", 10),
    Row("ddm", "jobs", NUMBERS, {}, "1 128", "0 129", 10, "total"),
]
every_service = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


async def ask(cloud: Simulator, row: Row, **query: str) -> Reply:
    words = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    return await call(cloud, "GET", f"/v3/{cloud.project_id}/{row.path}?{words}")


def ids(row: Row, reply: Reply) -> list[Any]:
    records = next(value for value in reply.body.values() if isinstance(value, list))
    return [record.get("id") or record["job_id"] for record in records]


def test_every_sibling_has_a_row() -> None:
    """A further service needs a row in this table."""
    assert [row.name for row in ROWS] == list(SERVICES)[1:]


@every_service
async def test_list_has_the_shape_of_the_sample(row: Row) -> None:
    """It holds the service's own jobs only."""
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        job_id = cloud.add_job(visible_after=0, seconds=0)
        cloud.add_job(service="dds", visible_after=0, seconds=0)
        reply = await ask(cloud, row, **row.times)
    assert reply.status == 200
    assert same_shape(reply.body, row.name, "list")
    assert (ids(row, reply), reply.body[row.total]) == ([job_id], 1)


@every_service
async def test_times_are_needed_or_not(row: Row) -> None:
    """Without times, most lists show the last 30 days; some need both, or none."""
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        cloud.add_job(visible_after=0)
        none = await ask(cloud, row)
        one = await ask(cloud, row, start_time=row.times["start_time"])
    assert none.status == (400 if row.name == "ddm" else 200)
    assert one.status == (400 if row.name in {"rds", "ddm"} else 200)
    assert all(len(ids(row, reply)) == 1 for reply in (none, one) if reply.status == 200)


@every_service
async def test_times_of_other_formats_or_lengths_are_refused(row: Row) -> None:
    """Each service has one format; the times are in order, and at most 30 days apart."""
    start, end = row.times.values()
    other = TEXTS if row.times is NUMBERS else NUMBERS
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        for times in (
            other,
            {"start_time": end, "end_time": start},
            {"start_time": LONG_AGO[row.times is NUMBERS], "end_time": end},
        ):
            reply = await ask(cloud, row, **times)
            assert (reply.status, reply.body["error_code"]) == (400, "DBS.200001"), times


@every_service
async def test_list_shows_what_was_submitted_within_its_times(row: Row) -> None:
    """A job before or after them is left out."""
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        await asyncio.sleep(13 * 3600)
        cloud.add_job(visible_after=0)
        assert ids(row, await ask(cloud, row, **row.times)) == []


@every_service
async def test_page_has_as_many_jobs_as_the_service_allows(row: Row) -> None:
    """Other limits and offsets are refused, and the number of all jobs stays."""
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        jobs = [cloud.add_job(visible_after=0) for _ in range(105)][::-1]
        for limit in row.limits.split():
            reply = await ask(cloud, row, **row.times, limit=limit, offset="2")
            assert ids(row, reply) == jobs[2 : 2 + int(limit)]
            assert reply.body[row.total] == 105
        assert ids(row, await ask(cloud, row, **row.times)) == jobs[: row.usual_limit]
        bad = [{"limit": limit} for limit in row.bad_limits.split()]
        for query in (*bad, {"limit": "1_0"}, {"limit": "x"}, {"offset": "-1"}, {"offset": "x"}):
            reply = await ask(cloud, row, **row.times, **query)
            assert (reply.status, reply.body["error_code"]) == (400, "DBS.200001"), query


@every_service
async def test_list_is_filtered(row: Row) -> None:
    """By what the service can be asked for; other parameters change nothing."""
    async with Simulator(service=row.name, epoch=EPOCH) as cloud:
        other = cloud.add_job(visible_after=0, seconds=60)
        found = cloud.add_job(visible_after=0, seconds=0, name="Wanted", instance_id="i")
        for name, value in row.filters.items():
            query = {name: found if value == "ID" else value}
            assert ids(row, await ask(cloud, row, **row.times, **query)) == [found], name
        reply = await ask(cloud, row, **row.times, colour="red")
        assert ids(row, reply) == [found, other]


@every_service
async def test_list_may_be_denied_missing_or_behind(row: Row) -> None:
    """As in DDS."""
    async with Simulator(service=row.name, epoch=EPOCH, list_lag=30.0) as cloud:
        cloud.add_job(visible_after=0)
        assert ids(row, await ask(cloud, row, **row.times)) == []
        cloud.may_list = False
        assert (await ask(cloud, row, **row.times)).status == 403
        cloud.has_lists = False
        assert (await ask(cloud, row, **row.times)).status == 404


async def test_poll_of_geminidb_is_not_behind() -> None:
    """One job is a list of one, but as fresh as a job of other services."""
    row = next(row for row in ROWS if row.name == "geminidb")
    async with Simulator(service="geminidb", list_lag=30.0) as cloud:
        job_id = cloud.add_job(visible_after=0)
        assert ids(row, await ask(cloud, row, id=job_id)) == [job_id]
        assert cloud.polls[job_id] == 1
