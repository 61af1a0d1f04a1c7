"""The server of all competitors: one process, in which each has a simulated cloud of its own.

So all are served by the same event loop, and each has its own rate limit and its own counters.
It talks over its standard streams, a line at a time: it prints the clouds, reads {"limit": N},
starts the jobs and prints when they end, reads an empty line, and prints the counters.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random

from ddswait.simulator import Simulator

JOBS = 200
SHORTEST, LONGEST = 20.0, 40.0  # seconds; 30 in the mean, so that no fixed interval is lucky
KINDS = ("truthful", "stuck", "staged", "absent")
WINDOW = 300.0  # seconds


async def line() -> str:
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def tell(what: object) -> None:
    print(json.dumps(what), flush=True)


def start_jobs(dds: Simulator, limit: int | None) -> dict[str, float]:
    """Start all jobs now; return when each ends, on the clock of the machine."""
    dds.epoch = datetime.now(UTC)
    dds.start()
    if limit is not None:
        dds.limit(limit, WINDOW, fixed=True)
    chance = Random(1)
    ends = {}
    for number in range(JOBS):
        job_id = dds.add_job(
            seconds=chance.uniform(SHORTEST, LONGEST),
            visible_after=0.0,
            progress=KINDS[number % len(KINDS)],  # type: ignore[arg-type]
        )
        ends[job_id] = dds.time() - dds.now() + dds.plans[job_id].ends
    return ends


async def main(count: int) -> None:
    async with AsyncExitStack() as stack:
        clouds = [await stack.enter_async_context(Simulator()) for _ in range(count)]
        tell(
            [
                {
                    "endpoint": dds.endpoint,
                    "project": dds.project_id,
                    "token": dds.token,
                    "ak": dds.access_key,
                    "sk": dds.secret_key,
                }
                for dds in clouds
            ]
        )
        limit = json.loads(await line())["limit"]
        tell([start_jobs(dds, limit) for dds in clouds])
        await line()
        tell([[dds.statuses.total(), dds.statuses[429]] for dds in clouds])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
