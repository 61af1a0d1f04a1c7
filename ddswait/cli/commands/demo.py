"""`ddswait --demo`: a run against a simulated service on this machine, as a user would see it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from ddswait import Token, Waiter
from ddswait.cli.named import Named
from ddswait.cli.options import Options
from ddswait.cli.run import Run
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

    write = sys.stderr.write
    title = service_named(service).title
    option = "" if service == DEFAULT else f"--service {service} "
    async with Simulator(speed=_SPEED, service=service) as cloud:
        write(f"A simulated {title} listens at {cloud.endpoint}; ")
        write("a minute passes there each second.\n\n")
        jobs = [_create(cloud, order) for order in _ORDERS]
        write("\n$ export HW_AUTH_TOKEN=...\n")
        write(f"$ ddswait {option}--endpoint {cloud.endpoint} --project-id {cloud.project_id} \\\n")
        write(f"    --interval 1s {' '.join(f'{each.label}={each.job_id}' for each in jobs)}\n")
        code = await _wait(cloud, service, jobs)
    write(f"$ echo $?\n{code}\n\nOne job failed on purpose, so the exit code is 1.\n")
    return code


def _create(cloud: Simulator, order: _Order) -> Named:
    name, seconds, visible_after, fails = order
    job_id = cloud.add_job(
        instance_name=name, seconds=seconds, visible_after=visible_after, fails=fails
    )
    sys.stderr.write(f"creating instance {name}: job {job_id}\n")
    return Named(job_id, name)


async def _wait(cloud: Simulator, service: str, jobs: list[Named]) -> int:
    options = Options(interval=1.0)
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
