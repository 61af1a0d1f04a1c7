"""`ddswait --demo`: a small DDS on loopback, some instances, and what a user would see."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli import options

if TYPE_CHECKING:
    import argparse

    import aiohttp

    from ddswait.simulator import Simulator


class _Order(NamedTuple):
    name: str
    seconds: float
    visible_after: float
    fails: str | None


_ORDERS = (
    _Order("orders-replica-set", 300, 10, None),
    _Order("late-to-be-seen", 360, 120, None),
    _Order("one-that-fails", 240, 10, "Insufficient quota of volumes in az2."),
)
_SPEED = 60.0  # a simulated minute a second


def run() -> int:
    """Show a whole run in some seconds; return its exit code, 1, since one job fails."""
    return asyncio.run(_demo())


async def _demo() -> int:
    import aiohttp

    from ddswait.simulator import Simulator

    tell = sys.stderr.write
    async with Simulator(speed=_SPEED) as dds:
        tell(f"A simulated DDS listens at {dds.endpoint}, a minute passing each second.\n\n")
        async with aiohttp.ClientSession(headers={"X-Auth-Token": dds.token}) as session:
            job_ids = [await _create(session, dds, order) for order in _ORDERS]
        words = " ".join(
            f"{order.name}={each}" for order, each in zip(_ORDERS, job_ids, strict=True)
        )
        tell("\n$ export HW_AUTH_TOKEN=...\n")
        tell(f"$ ddswait --endpoint {dds.endpoint} --project-id {dds.project_id} \\\n")
        tell(f"    --interval 1s {words}\n")
        code = await _wait(dds, job_ids)
    tell(f"$ echo $?\n{code}\n\nOne job failed on purpose: that is what exit code 1 says.\n")
    return code


async def _create(session: aiohttp.ClientSession, dds: Simulator, order: _Order) -> str:
    dds.job_seconds, dds.visible_after, dds.fails = order[1:]
    path = f"/v3/{dds.project_id}/instances"
    async with session.post(dds.endpoint + path, json={"name": order.name}) as response:
        answer = await response.json()
    job_id = str(answer["job_id"])
    sys.stderr.write(f"POST {path} -> {response.status}  {order.name}: job {job_id}\n")
    return job_id


async def _wait(dds: Simulator, job_ids: list[str]) -> int:
    from ddswait import Token, Waiter
    from ddswait.cli.commands.wait import Run
    from ddswait.cli.inputs import Named

    arguments: argparse.Namespace = options.parser().parse_args(["--interval", "1s"])
    named = [Named(job_id, order.name) for job_id, order in zip(job_ids, _ORDERS, strict=True)]
    this = Run(named, arguments)
    waiter = Waiter(
        endpoint=dds.endpoint,
        project_id=dds.project_id,
        auth=Token(dds.token),
        interval=arguments.interval,
        durations=this.durations,
        on_event=this.gate.event,
    )
    this.begin(dds.endpoint, dds.project_id)
    return this.finish(await this.gate.wait(waiter))
