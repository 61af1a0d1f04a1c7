"""`ddswait --demo`: a run against a simulated service on this machine, as a user would see it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from ddswait import Token, Waiter
from ddswait.cli.named import Named
from ddswait.cli.options import Options
from ddswait.cli.run import Run
from ddswait.cli.wrapping import continued, say, width_of
from ddswait.service import DEFAULT, service_named

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


def run(service: str = "") -> int:
    """Show a run of a few seconds; return its exit code, 1, because one job fails.

    Args:
        service: whose jobs are shown; "" for the default.
    """
    return asyncio.run(demonstrate(service or DEFAULT))


async def demonstrate(service: str = DEFAULT) -> int:
    """Show the run in the event loop that is running."""
    from ddswait.simulator import Simulator

    title = service_named(service).title
    option = "" if service == DEFAULT else f"--service {service} "
    async with Simulator(speed=_SPEED, service=service) as cloud:
        _say(f"A simulated {title} listens at {cloud.endpoint}; a minute passes there each second.")
        _say("")
        jobs = [_create(cloud, order) for order in _ORDERS]
        settings = f"{option}--endpoint {cloud.endpoint} --project-id {cloud.project_id}"
        named = " ".join(f"{each.label}={each.job_id}" for each in jobs)
        command = f"$ ddswait {settings} --interval 1s {named}".split()
        _say("", "$ export HW_AUTH_TOKEN=...", *continued(command, width_of(sys.stderr)))
        code = await _wait(cloud, service, jobs)
    end = f"The demo was stopped, and its simulated {title} with it."
    if code == 1:
        end = "One job failed on purpose, so the exit code is 1."
    _say("$ echo $?", str(code), "", end)
    return code


def _say(*lines: str) -> None:
    for line in lines:
        say(sys.stderr, line)


def _create(cloud: Simulator, order: _Order) -> Named:
    name, seconds, visible_after, fails = order
    job_id = cloud.add_job(
        instance_name=name, seconds=seconds, visible_after=visible_after, fails=fails
    )
    _say(f"creating instance {name}: job {job_id}")
    return Named(job_id, name)


async def _wait(cloud: Simulator, service: str, jobs: list[Named]) -> int:
    options = Options(interval=1.0, demo=True)
    this = Run(jobs, options, service)
    waiter = Waiter(
        endpoint=cloud.endpoint,
        project_id=cloud.project_id,
        auth=Token(cloud.token),
        interval=options.interval,
        durations=this.durations,
        service=service,
        on_event=this.gate.event,
    )
    this.begin({service: cloud.endpoint}, cloud.project_id)
    return this.finish(await this.gate.wait({service: waiter}))
