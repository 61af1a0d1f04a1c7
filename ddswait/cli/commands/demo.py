"""`ddswait --demo`: a run against a simulated DDS on this machine, as a user would see it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from ddswait import Token, Waiter
from ddswait.cli.named import Named
from ddswait.cli.options import Options
from ddswait.cli.run import Run
from ddswait.cli.wrapping import continued, say, width_of

if TYPE_CHECKING:
    from ddswait.simulator import Simulator


class _Order(NamedTuple):
    """An instance to create; times in simulated seconds."""

    name: str
    seconds: float
    visible_after: float
    fails: str | None


_ORDERS = (
    _Order("orders-replica-set", 300, 10, None),
    _Order("visible-late", 360, 120, None),
    _Order("fails", 240, 10, "Insufficient quota of volumes in az2."),
)
_SPEED = 60.0  # a simulated minute for each second


def run() -> int:
    """Show a run of a few seconds; return its exit code, 1, because one job fails."""
    return asyncio.run(demonstrate())


async def demonstrate() -> int:
    """Show the run in the event loop that is running."""
    from ddswait.simulator import Simulator

    async with Simulator(speed=_SPEED) as dds:
        _say(f"A simulated DDS listens at {dds.endpoint}; a minute passes there each second.", "")
        jobs = [_create(dds, order) for order in _ORDERS]
        service = f"--endpoint {dds.endpoint} --project-id {dds.project_id}"
        named = " ".join(f"{each.label}={each.job_id}" for each in jobs)
        command = f"$ ddswait {service} --interval 1s {named}".split()
        _say("", "$ export HW_AUTH_TOKEN=...", *continued(command, width_of(sys.stderr)))
        code = await _wait(dds, jobs)
    end = "The demo was stopped, and its simulated DDS with it."
    if code == 1:
        end = "One job failed on purpose, so the exit code is 1."
    _say("$ echo $?", str(code), "", end)
    return code


def _say(*lines: str) -> None:
    for line in lines:
        say(sys.stderr, line)


def _create(dds: Simulator, order: _Order) -> Named:
    name, seconds, visible_after, fails = order
    job_id = dds.add_job(
        instance_name=name, seconds=seconds, visible_after=visible_after, fails=fails
    )
    _say(f"creating instance {name}: job {job_id}")
    return Named(job_id, name)


async def _wait(dds: Simulator, jobs: list[Named]) -> int:
    options = Options(interval=1.0, demo=True)
    this = Run(jobs, options)
    waiter = Waiter(
        endpoint=dds.endpoint,
        project_id=dds.project_id,
        auth=Token(dds.token),
        interval=options.interval,
        durations=this.durations,
        on_event=this.gate.event,
    )
    this.begin(dds.endpoint, dds.project_id)
    return this.finish(await this.gate.wait(waiter))
