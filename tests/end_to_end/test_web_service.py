"""examples/web_service.py: a web service that shows the progress of jobs, and ends at once."""

import asyncio
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

PROGRAM = Path(__file__).parents[2] / "examples" / "web_service.py"


class Service(NamedTuple):
    """The example, served in the event loop of the test."""

    runner: web.AppRunner
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        host, port = self.runner.addresses[0]
        return f"http://{host}:{port}/databases"

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/{path}") as response:
            return await response.json()


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Service]:
    runner = web.AppRunner(runpy.run_path(str(PROGRAM))["application"]())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Service(runner, session)
    await runner.cleanup()


async def test_progress_is_shown_and_streamed(service: Service) -> None:
    """Two clients follow one job to its end; the state is there before and after."""

    async def follow() -> list[dict[str, Any]]:
        async with service.session.get(f"{service.url}/orders/events") as response:
            return [json.loads(line) async for line in response.content]

    async with service.session.post(f"{service.url}/orders") as ordered:
        assert ordered.status == 202
    first, second = await asyncio.gather(follow(), follow())
    assert first == second
    assert {each["name"] for each in first} == {"orders"}
    assert [each["event"] for each in first[:1]] == ["Visible"]
    assert any(each["event"] == "Progressed" for each in first)
    assert first[-1]["kind"] == "completed"
    assert await service.get("orders") == {"kind": "completed", "progress": None}
    assert await follow() == []
    async with service.session.get(f"{service.url}/nobody") as missing:
        assert missing.status == 404


async def test_state_is_that_of_the_last_poll(service: Service) -> None:
    """While the job runs, its progress is shown."""
    async with service.session.post(f"{service.url}/orders"):
        pass
    await asyncio.sleep(5)
    state = await service.get("orders")
    assert state["kind"] == "pending"
    assert 30 <= state["progress"] <= 60


async def test_shut_down_ends_streams_and_waits_at_once(service: Service) -> None:
    """No handler is cut off: its stream ends as if the wait had."""
    async with service.session.post(f"{service.url}/orders"):
        pass
    loop = asyncio.get_running_loop()
    async with service.session.get(f"{service.url}/orders/events") as response:
        assert b"Visible" in await response.content.readline()
        begin = loop.time()
        cleaning = asyncio.ensure_future(service.runner.cleanup())
        rest = await response.content.read()  # which raises if the handler is cut off
        assert b"Ended" not in rest
    await cleaning
    assert loop.time() == begin


@pytest.mark.slow
def test_sigterm_ends_the_program() -> None:
    """With a job that goes on and a stream that is open, the exit code is 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert "Running on" in process.stdout.readline()
    url = f"http://127.0.0.1:{port}/databases/orders"
    urllib.request.urlopen(url, b"").close()
    with urllib.request.urlopen(f"{url}/events") as stream:  # noqa: S310
        assert stream.readline()
        process.send_signal(signal.SIGTERM)
        rest = stream.read()
    assert b"Ended" not in rest
    out, _ = process.communicate()
    assert process.returncode == 0, out
    assert "Traceback" not in out
