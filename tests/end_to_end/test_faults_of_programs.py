"""docs/faults.md: real nginx and real tinyproxy between the command and the simulator.

All rows of a program run at the same time, since most of them only wait.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.faults import connections, programs, tls
from tests.end_to_end.faults.fault import Fault, When
from tests.end_to_end.faults.proxy import FaultProxy
from tests.end_to_end.faults.table import ending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.cloud_process import Cloud

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_time,  # these programs are processes of their own
]
_LONG = "15s"  # two dozen commands start at once
_SOUND = Fault(connections.forward, tls=tls.SOUND, endpoint="unused")


@asynccontextmanager
async def behind(cloud: Cloud) -> AsyncIterator[dict[str, str]]:
    """Yield the addresses of what stands behind a program, by how it behaves."""
    faults = {
        "sound": _SOUND,
        "silent": connections.FAULTS["silence in place of the reply"],
        "cut": connections.FAULTS["closed in the body"],
    }
    async with AsyncExitStack() as stack:
        places = {}
        for name, fault in faults.items():
            proxy = FaultProxy(cloud.endpoint, fault, When.LASTS, tls.contexts())
            await stack.enter_async_context(proxy)
            places[name] = f"127.0.0.1:{proxy.port}"
        [port] = programs.free_ports(1)
        yield {**places, "refused": f"127.0.0.1:{port}"}


async def run(cloud: Cloud, name: str, *options: str, **env: str) -> tuple[str, str]:
    """Run the command; return the name of its fault and how it ended."""
    command = cloud.command("--output", "json", "--unreachable-after", _LONG, *options, cloud.job())
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, env={**cloud.env, **env}
    )
    out, err = await process.communicate()
    assert b"Traceback" not in err
    assert b"s3cret" not in out + err
    [job] = json.loads(out)["jobs"]
    return name, f"{job['outcome']} ({process.returncode})"


@pytest.mark.skipif(programs.NGINX is None, reason="nginx is not installed")
async def test_nginx_ends_as_the_page_says(cloud: Cloud, tmp_path: Path) -> None:
    """Its limits, its errors and its habits, each on a port of its own."""
    async with behind(cloud) as places, programs.nginx(tmp_path, places) as ports:
        runs = [
            run(cloud, name, DDSWAIT_ENDPOINT=f"http://127.0.0.1:{port}")
            for name, port in ports.items()
        ]
        ended = dict(await asyncio.gather(*runs))
    assert ended == {name: ending(name, When.LASTS) for name in programs.NGINX_FAULTS}


@pytest.mark.skipif(programs.TINYPROXY is None, reason="tinyproxy is not installed")
async def test_tinyproxy_ends_as_the_page_says(cloud: Cloud, tmp_path: Path) -> None:
    """Its denials, its errors and its timeouts; for http, and for the tunnels of https."""
    ca_file = tmp_path / "ca.pem"
    tls.authority().cert_pem.write_to_path(str(ca_file))

    async def through(number: int, name: str, places: Mapping[str, str]) -> tuple[str, str]:
        fault = programs.TINYPROXY_FAULTS[name]
        scheme = "https" if fault.is_tunnel else "http"
        async with programs.tinyproxy(tmp_path / f"{number}", fault, places) as port:
            env = {f"{scheme}_proxy": f"http://{fault.user}127.0.0.1:{port}", "no_proxy": ""}
            endpoint = f"{scheme}://{tls.HOST}"
            env |= {"DDSWAIT_ENDPOINT": endpoint, "OS_CACERT": str(ca_file)}
            return await run(cloud, name, "--insecure-http", **env)

    async with behind(cloud) as places:
        runs = [through(*each, places) for each in enumerate(programs.TINYPROXY_FAULTS)]
        ended = dict(await asyncio.gather(*runs))
    assert ended == {name: ending(name, When.LASTS) for name in programs.TINYPROXY_FAULTS}
