"""Lets everything go wrong that may, after every import has become impossible.

    python -m tests.runtime.imports

Run in a process of its own. It prints the modules that something tried to import after the first
block was entered, and how each wait ended.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator

tried: list[str] = []


class Upgrade:
    """Finds no module any more, as in the middle of an upgrade."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        tried.append(name)
        raise ImportError(f"{name} is being upgraded")


class Provider:
    """Fails first, and is refused later."""

    def __init__(self, dds: Simulator) -> None:
        self._dds = dds
        self._calls = 0

    async def obtain(self, send: Any) -> ddswait.Lease:
        self._calls += 1
        if self._calls % 2:
            raise LookupError("try again")
        return ddswait.Lease(ddswait.AccessKey("AK", "SK", "token", "p"), renew_in=30)


def raising(*_: Any) -> Any:
    raise LookupError


async def slow(_: ddswait.Outcome) -> None:
    await asyncio.sleep(30)
    raise LookupError


FAULTS: list[Any] = [
    "throttle",
    "error",
    "stall",
    "reset",
    "garbage",
    "not_json",
    "no_job",
    "truncated",
    "redirect",
    "unknown",
]


async def main() -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    logging.getLogger("aiohttp.access").disabled = True
    async with Simulator(visible_after=0.0) as dds, Simulator() as other:
        with_token = ddswait.Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=ddswait.Token(dds.token),
            on_event=raising,
            request_timeout=5,
        )
        renewing = ddswait.Waiter(
            endpoint=other.endpoint, project_id=other.project_id, auth=Provider(other), timeout=90
        )
        async with with_token as w, renewing as r:
            # The simulator is a server, and shares this process: its own imports come first.
            await warm_up(dds, other)
            sys.meta_path.insert(0, Upgrade())
            r.track("x", callback=raising)
            for kind in FAULTS:
                future = w.track(dds.add_job(seconds=20, fails="x"), callback=slow, ready=True)
                dds.inject(kind, count=4, seconds=100)
                await asyncio.wait([future])
                print(kind, type(future.exception()).__name__)
            ready = w.track(dds.add_job(seconds=3), ready=True)
            print("ready", (await ready).status)
            w.track("never", timeout=5, callback=raising)
            await asyncio.sleep(10)
            dds.inject("error", count=None, status=401)
            last = w.track(dds.add_job())
            await asyncio.wait([last])
            print("401", type(last.exception()).__name__)
    sys.meta_path.pop(0)
    print("imported", sorted(set(tried)))


async def warm_up(*simulators: Simulator) -> None:
    """Send one raw request to each simulator, and load what only simulators need."""
    datetime.strptime("2024", "%Y")  # noqa: DTZ007
    for simulator in simulators:
        host, port = simulator.endpoint.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()


if __name__ == "__main__":
    virtual_time.run(main())
