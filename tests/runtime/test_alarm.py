"""ddswait.runtime.alarm: timers, and replies that have arrived while the loop was blocked."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context, ContextVar

import pytest

import ddswait
from ddswait import Waiter
from ddswait.runtime.alarm import Alarm
from ddswait.virtual_time import VirtualTimeLoop

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="none")
FILLER = "x" * 700_000  # more than the loop reads from one connection in one turn


def virtual_loop() -> VirtualTimeLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


async def test_alarm_rings_at_the_earliest_time_that_was_set() -> None:
    """Later times that are set do not put it off; after it has rung, it must be set again."""
    loop = virtual_loop()
    rang: list[float] = []
    alarm = Alarm(loop, lambda: rang.append(loop.time() - began), Context())
    began = loop.time()
    for at in (5.0, 3.0, 4.0):
        alarm.set(began + at)
    await asyncio.sleep(10)
    assert rang == [3.0]
    alarm.set(began + 20)
    alarm.set(float("inf"))
    await asyncio.sleep(20)
    assert rang == [3.0]


@pytest.mark.parametrize("turns", [0, 10])
async def test_alarm_rings_in_its_own_context(turns: int) -> None:
    """Whoever sets an alarm, it rings in the context that it was made with."""
    loop = virtual_loop()
    seen: list[str] = []
    alarm = Alarm(loop, lambda: seen.append(VARIABLE.get()), Context(), turns)
    VARIABLE.set("of whoever sets it")
    alarm.set(loop.time())
    await asyncio.sleep(1)
    assert seen == ["none"]


async def test_alarm_that_waits_for_turns_can_be_taken_back() -> None:
    """While turns of the loop pass, the alarm may be set again, or taken back."""
    loop = virtual_loop()
    rang: list[float] = []
    alarm = Alarm(loop, lambda: rang.append(loop.time() - began), Context(), 10)
    began = loop.time()
    alarm.set(began + 1)
    await asyncio.sleep(1)
    alarm.set(began + 3)  # it is about to ring anyway
    await asyncio.sleep(1)
    assert rang == [1.0]
    alarm.set(began + 3)
    await asyncio.sleep(1)
    alarm.set(float("inf"))
    await asyncio.sleep(10)
    assert rang == [1.0]


@asynccontextmanager
async def blocking(body: str, delay: float, blocked: float) -> AsyncIterator[str]:
    """Serve one job: each reply leaves after a delay, and then the loop is blocked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            if b"/jobs?id=" not in head:  # a list
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                continue
            await asyncio.sleep(delay)
            header = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write((header + body).encode())
            virtual_loop().advance(blocked)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("filler", ["", FILLER], ids=["short", "long"])
@pytest.mark.parametrize("blocked", [2.5, 3600.0])
async def test_reply_that_has_arrived_is_read_before_a_wait_is_cut(
    filler: str, blocked: float
) -> None:
    """A blocked event loop costs no wait whose reply lies in the socket."""
    body = json.dumps({"job": {"id": "x", "status": "Completed", "other": filler}})
    async with (
        blocking(body, 0.5, blocked) as url,
        Waiter(endpoint=url, project_id="p", auth=ddswait.Token("t"), timeout=1.2) as waiter,
    ):
        assert (await waiter.wait("x")).status == "Completed"


async def test_last_poll_that_is_answered_late_still_counts() -> None:
    """The reply to the last poll is read, although its allowance passed while the loop blocked."""
    running = '{"job": {"id": "x", "status": "Running"}}'
    completed = '{"job": {"id": "x", "status": "Completed"}}'
    replies = [running, completed]
    sent_at: list[float] = []
    loop = virtual_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            if b"/jobs?id=" not in head:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                continue
            sent_at.append(loop.time())
            body = replies.pop(0)
            header = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write((header + body).encode())
            if not replies:
                loop.advance(100.0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        began = loop.time()
        async with Waiter(
            endpoint=url, project_id="p", auth=ddswait.Token("t"), timeout=5
        ) as waiter:
            job = await waiter.wait("x")
    assert job.status == "Completed"
    assert [at - began for at in sent_at] == [0.0, 5.0]
