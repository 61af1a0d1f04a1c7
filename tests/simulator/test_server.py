"""ddswait.simulator.server: what every request goes through."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from ddswait import AccessKey, Request
from ddswait.simulator import Simulator
from tests.simulator.calls import call, head, jobs, sample


async def test_speed_scales_the_clock() -> None:
    """At speed 60 a job of ten minutes takes ten seconds."""
    async with Simulator(speed=60) as dds:
        job_id = dds.add_job(seconds=600, visible_after=0)
        await asyncio.sleep(10)
        body = (await call(dds, "GET", jobs(dds, job_id))).body
    assert body["job"]["status"] == "Completed"


async def test_times_at_any_speed_are_right_on_the_clock_of_the_client() -> None:
    """A job that ten seconds took says so, and `Date` agrees; a list of that time shows it."""
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    async with Simulator(speed=60, epoch=epoch) as dds:
        await asyncio.sleep(1)
        job_id = dds.add_job(seconds=600, visible_after=0)
        await asyncio.sleep(19)
        reply = await call(dds, "GET", jobs(dds, job_id))
        first = "start_time=2026-01-01T00:00:01%2B0000&end_time=2026-01-01T00:00:02%2B0000"
        page = (await call(dds, "GET", f"/v3.1/{dds.project_id}/jobs?{first}")).body
    job = reply.body["job"]
    assert [job["created"], job["ended"]] == [
        "2026-01-01T00:00:01+0000",
        "2026-01-01T00:00:11+0000",
    ]
    assert reply.headers["Date"] == "Thu, 01 Jan 2026 00:00:20 GMT"
    assert [task["id"] for task in page["jobs"]] == [job_id]


async def test_every_reply_has_a_request_id_and_the_simulated_date(dds: Simulator) -> None:
    """Errors have them as well, and no two requests have the same ID."""
    await asyncio.sleep(9.5)
    paths = (jobs(dds, "nobody"), "/v9/nothing", "/v3/projects")
    replies = [await call(dds, "GET", path) for path in paths]
    assert {reply.headers["Date"] for reply in replies} == {"Thu, 01 Jan 2026 00:00:09 GMT"}
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 3


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v9/nothing"), ("PUT", "/v3/projects"), ("POST", "/v3/p/jobs")]
)
async def test_unknown_path_is_the_gateways_404(dds: Simulator, method: str, path: str) -> None:
    """Neither a path nor a method that is not there reaches a service."""
    reply = await call(dds, method, path)
    assert reply.status == 404
    assert reply.body == {
        **sample("error-404-api.json"),
        "request_id": reply.headers["X-Request-Id"],
    }


async def test_gateway_may_leave_headers_out(dds: Simulator) -> None:
    """Those of the HTTP library as well; the body stays what it is."""
    job_id = dds.add_job(visible_after=0)
    usual = (await call(dds, "GET", jobs(dds, job_id))).headers
    assert {"Date", "Content-Type", "X-Request-Id"} <= usual.keys()
    dds.dialect.without_headers = ("date", "CONTENT-TYPE")
    reply = await call(dds, "GET", jobs(dds, job_id))
    assert usual.keys() - reply.headers.keys() == {"Date", "Content-Type"}
    assert reply.body["job"]["id"] == job_id


@pytest.mark.parametrize(("case", "spell"), [("lower", str.lower), ("upper", str.upper)])
async def test_gateway_may_write_headers_in_another_case(
    dds: Simulator, case: Any, spell: Callable[[str], str]
) -> None:
    """Names only; values stay."""
    dds.dialect.header_case = case
    headers = dict(line.split(": ") for line in await head(dds, "/v9/nothing"))
    assert headers.keys() >= {spell(name) for name in ("Date", "Content-Type", "Content-Length")}
    assert [*headers] == [spell(name) for name in headers]
    assert headers[spell("Date")] == "Thu, 01 Jan 2026 00:00:00 GMT"


async def test_retry_after_may_be_a_time(dds: Simulator) -> None:
    """By the simulated clock; what is no number of seconds stays."""
    dds.dialect.retry_after_is_date = True
    await asyncio.sleep(10)
    dds.inject("error", retry_after="50")
    reply = await call(dds, "GET", jobs(dds, "a"))
    assert reply.headers["Retry-After"] == "Thu, 01 Jan 2026 00:01:00 GMT"
    dds.inject("error", retry_after="soon")
    assert (await call(dds, "GET", jobs(dds, "a"))).headers["Retry-After"] == "soon"


async def test_requests_are_logged(dds: Simulator) -> None:
    """Each request is kept with its time, its ID and the status of its reply."""
    dds.add_job("mine", visible_after=0)
    dds.inject("error")
    for path in (jobs(dds, "mine"), jobs(dds, "mine"), "/v3/projects"):
        await asyncio.sleep(1)
        await call(dds, "GET", path)
    polled = f"/v3/{dds.project_id}/jobs"
    assert list(dds.requests) == [
        (1.0, "GET", polled, "mine", 503),
        (2.0, "GET", polled, "mine", 200),
        (3.0, "GET", "/v3/projects", None, 200),
    ]
    assert dds.statuses == {503: 1, 200: 2}


async def test_limit_refuses_before_anything_else_replies(dds: Simulator) -> None:
    """A request over the limit is refused whatever it asks for, and uses up its fault."""
    job_id = dds.add_job(visible_after=0)
    dds.limit(1, 60)
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 200
    dds.inject("error")
    for path in (jobs(dds, job_id), "/v9/nothing"):
        reply = await call(dds, "GET", path)
        assert (reply.status, reply.body["error_code"]) == (429, "APIGW.0308")
    await asyncio.sleep(60)
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 200


@pytest.mark.parametrize(("altered", "status"), [(b"", 202), (b" ", 401)])
async def test_signature_holds_for_the_body(dds: Simulator, altered: bytes, status: int) -> None:
    """A signed operation is accepted as it was signed, and refused if its body was altered."""
    path, body = f"/v3/{dds.project_id}/instances", b'{"name": "signed"}'
    key = AccessKey(dds.access_key, dds.secret_key, clock=dds.present)
    own = {"Content-Type": "application/json"}
    headers = {**own, **key.sign(Request("POST", dds.endpoint + path, body), own)}
    reply = await call(dds, "POST", path, headers=headers, data=body + altered)
    assert reply.status == status


async def test_simulator_can_serve_https() -> None:
    """With a TLS context the endpoint is an https one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with Simulator(tls=context) as dds:
        assert dds.endpoint.startswith("https://127.0.0.1:")
