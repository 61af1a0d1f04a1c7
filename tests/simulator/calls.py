"""Requests to a simulator, and the recorded replies that it must reproduce."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from ddswait.simulator import Simulator

_SAMPLES = Path(__file__).parents[1] / "samples"


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Any


def sample(name: str) -> Any:
    return json.loads((_SAMPLES / name).read_text())


def jobs(dds: Simulator, job_id: str) -> str:
    return f"/v3/{dds.project_id}/jobs?id={job_id}"


async def call(  # noqa: PLR0913 - the parts of a request
    dds: Simulator,
    method: str,
    path: str,
    *,
    body: Any = None,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    headers = {"X-Auth-Token": dds.token} if headers is None else headers
    # Without a time limit of its own, a request may take hours of virtual time.
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
        session.request(
            method,
            dds.endpoint + path,
            headers=headers,
            json=body,
            data=data,
            allow_redirects=False,
        ) as response,
    ):
        text = await response.text()
        try:
            return Reply(response.status, json.loads(text), response.headers)
        except ValueError:
            return Reply(response.status, text, response.headers)


async def head(dds: Simulator, path: str) -> list[str]:
    """Return the lines of the headers of a reply; an HTTP library would respell them."""
    host, _, port = dds.endpoint.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: dds.test\r\nConnection: close\r\n\r\n".encode())
    lines = (await reader.read()).decode().partition("\r\n\r\n")[0].splitlines()
    writer.close()
    return lines[1:]
