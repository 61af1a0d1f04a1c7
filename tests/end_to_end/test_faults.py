"""docs/faults.md: each fault ends as the page says, on real sockets.

The command runs in virtual time, in one event loop with the proxy that goes wrong and with the
simulator behind it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.faults import (
    connections,
    contents,
    forward_proxies,
    iam,
    instances,
    names,
    statuses,
    syntax,
    tls,
)
from tests.end_to_end.faults.fault import Fault, When
from tests.end_to_end.faults.proxy import FaultProxy
from tests.end_to_end.faults.table import ending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ddswait.simulator import Simulator
    from tests.cli.in_process import Command

    Run = Callable[[FaultProxy, Fault], Awaitable[tuple[str, str]]]

FAULTS: dict[str, Fault] = {
    **connections.FAULTS,
    **tls.FAULTS,
    **forward_proxies.FAULTS,
    **iam.FAULTS,
    **instances.FAULTS,
    **syntax.FAULTS,
    **statuses.FAULTS,
    **contents.FAULTS,
}
_BY_NAME = Fault(
    connections.reset,
    endpoint=f"http://{tls.HOST}:{{port}}",
    options=("--insecure-http",),
    env={"no_proxy": "*"},
)
_OPTIONS = ("--output", "json", "--timeout", "10m", "--unreachable-after", "2m")
_JOB_SECONDS = 100.0
_LONGEST = 700.0  # virtual seconds that a run may take
_MOST_BYTES = 16 * 2**20  # of one reply, before the command closes the connection


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    tls.authority().cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def run(dds: Simulator, ddswait: Command, ca_file: str, caplog: pytest.LogCaptureFixture) -> Run:
    """Run the command against a fault; no secret is shown, and nothing is left behind."""

    async def run(proxy: FaultProxy, fault: Fault) -> tuple[str, str]:
        before = asyncio.all_tasks()
        async with proxy:
            plan: dict[str, Any] = {"seconds": _JOB_SECONDS, **fault.job}
            endpoint = fault.endpoint or f"http{'s' if fault.tls else ''}://127.0.0.1:{{port}}"
            env = {"DDSWAIT_ENDPOINT": endpoint, "OS_CACERT": ca_file, **fault.env}
            done = await ddswait(
                *_OPTIONS,
                *fault.options,
                dds.add_job(**plan),
                **{name: value.format(port=proxy.port) for name, value in env.items()},
            )
        assert dds.now() < _LONGEST
        assert asyncio.all_tasks() == before
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
        shown = done.stdout + done.stderr + caplog.text
        secrets = [*dds.accepted_tokens, dds.password, "s3cret"]
        assert [secret for secret in secrets if secret in shown] == []
        [job] = json.loads(done.stdout)["jobs"]
        return f"{job['outcome']} ({done.code})", job["message"]

    return run


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("name", FAULTS)
async def test_fault_ends_as_the_page_says(name: str, when: When, run: Run, dds: Simulator) -> None:
    """Outcome and exit code are those of the table; a reply is read up to a few MiB."""
    proxy = FaultProxy(dds.endpoint, FAULTS[name], when, tls.contexts())
    ended, message = await run(proxy, FAULTS[name])
    assert proxy.acted, "the fault did not happen"
    assert ended == ending(name, when), message
    assert proxy.sent < _MOST_BYTES * proxy.acted


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("name", names.FAULTS)
async def test_fault_of_names_ends_as_the_page_says(
    name: str, when: When, run: Run, dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that does not resolve is a failure to reach the service, as any other."""
    resolver = names.Resolver(names.FAULTS[name], when)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    ended, message = await run(FaultProxy(dds.endpoint), _BY_NAME)
    assert resolver.acted, "the fault did not happen"
    assert ended == ending(name, when), message
