"""ddswait.simulator.wrong_replies: what each fault does to a request."""

import asyncio
from typing import Any

import aiohttp
import pytest

from ddswait.simulator import Simulator
from tests.simulator.calls import call, jobs, sample


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
async def test_fault_replaces_as_many_replies_as_it_counts(
    dds: Simulator, kind: Any, status: int
) -> None:
    """A fault with a count of two replaces two replies; then all is well again."""
    job_id = dds.add_job(visible_after=0)
    order = {"kind": kind, "count": 2, "retry_after": "7"}
    assert (await call(dds, "POST", "/_simulator/faults", body=order)).status == 201
    for _ in range(2):
        reply = await call(dds, "GET", jobs(dds, job_id))
        assert (reply.status, reply.headers["Retry-After"]) == (status, "7")
        assert not (isinstance(reply.body, dict) and "job" in reply.body)
    assert "job" in (await call(dds, "GET", jobs(dds, job_id))).body


@pytest.mark.parametrize(
    ("kind", "begin"),
    [("reset", None), ("garbage", b"\x16\x03\x01 this"), ("truncated", b"HTTP/1.1 200 OK\r\n")],
)
async def test_bytes_of_a_broken_connection(dds: Simulator, kind: Any, begin: bytes | None) -> None:
    """A reset sends nothing; the others send what their name says, and then close."""
    dds.inject(kind)
    host, _, port = dds.endpoint.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /v3/p/jobs?id=a HTTP/1.1\r\nHost: dds.test\r\n\r\n")
    sent = await reader.read()
    writer.close()
    assert sent.startswith(begin) if begin else sent == b""


@pytest.mark.parametrize("kind", ["reset", "garbage", "truncated"])
async def test_connection_breaks(dds: Simulator, kind: Any) -> None:
    """A reset, garbage or a truncated body is an error for any HTTP client."""
    dds.inject(kind, count=None)  # aiohttp itself tries a second time after a disconnect
    with pytest.raises(aiohttp.ClientError):
        await call(dds, "GET", jobs(dds, "a"))


async def test_stall_delays_the_reply(dds: Simulator) -> None:
    """A stalled request gets its reply later; a fault for one job spares the others."""
    loop = asyncio.get_running_loop()
    job_id, other = dds.add_job(visible_after=0), dds.add_job(visible_after=0)
    dds.inject("stall", seconds=25, job_id=job_id)
    start = loop.time()
    await call(dds, "GET", jobs(dds, other))
    assert loop.time() == start
    assert (await call(dds, "GET", jobs(dds, job_id))).status == 200
    assert loop.time() == start + 25


async def test_throttle_bodies_are_the_documented_ones(dds: Simulator) -> None:
    """A throttle states its limit as the gateway does, or none as DDS itself does."""
    dds.inject("throttle")
    body = (await call(dds, "GET", jobs(dds, "a"))).body
    assert body["error_msg"] == sample("error-429-user.json")["error_msg"]
    dds.inject("throttle", limit="")
    body = (await call(dds, "GET", jobs(dds, "a"))).body
    assert body == sample("error-429-dds.json")


async def test_details_of_a_fault_are_used(dds: Simulator) -> None:
    """The status of an error and the address of a redirect are those of the fault."""
    dds.inject("error", status=502)
    assert (await call(dds, "GET", jobs(dds, "a"))).status == 502
    dds.inject("error", status=401, code="DBS.280064", message="denied by a policy")
    reply = await call(dds, "GET", jobs(dds, "a"))
    assert (reply.status, reply.body) == (
        401,
        {"error_code": "DBS.280064", "error_msg": "denied by a policy"},
    )
    dds.inject("redirect", location="http://127.0.0.1:9/elsewhere")
    reply = await call(dds, "GET", jobs(dds, "a"))
    assert reply.headers["Location"] == "http://127.0.0.1:9/elsewhere"
    assert "Retry-After" not in reply.headers
