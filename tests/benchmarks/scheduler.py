"""CPU of the scheduler per poll as the jobs grow, and of tracking against create_task.

python -m tests.benchmarks.scheduler [--quick]
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from math import inf
from random import Random

import ddswait
from ddswait.scheduler.actions import PollJob, Wait
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.benchmarks.table import row

REPLY = JobSeen(SERVICE.read_record({"id": "x", "status": "Running", "progress": "9%"}))


class Wheel:
    """A scheduler of `jobs` running jobs, turned poll by poll in virtual time."""

    def __init__(self, jobs: int) -> None:
        self.scheduler = Scheduler(PollSettings(), Random(1), rate_limiter=RateLimiter(inf))
        for number in range(jobs):
            self.scheduler.subscribers.subscribe(f"job-{number}", 1e9, None, 0.0)
        self.now = 0.0
        self.turn(3 * jobs)

    def turn(self, polls: int) -> float:
        """Poll so often; return the CPU seconds per poll."""
        scheduler, now = self.scheduler, self.now
        gc.collect()
        began = time.process_time()
        while polls:
            action = scheduler.next(now)
            if isinstance(action, Wait):
                now = action.until
                continue
            scheduler.take(action, REPLY, now)
            polls -= 1
        self.now = now
        return time.process_time() - began


async def tracking(count: int) -> tuple[float, float, float]:
    ids = [f"a9767ede-fe0f-4888-9003-{number:012}" for number in range(count)]

    def cpu(work: Callable[[], list[asyncio.Future[ddswait.Job]]]) -> float:
        gc.collect()
        began = time.process_time()
        made.extend(work())
        return time.process_time() - began

    made: list[asyncio.Future[ddswait.Job]] = []
    async with ddswait.Waiter(
        endpoint="http://127.0.0.1:9", project_id="p", auth=ddswait.Token("t")
    ) as waiter:
        ours = cpu(lambda: [waiter.track(job_id) for job_id in ids])
        await waiter.close()

    async def sleeper() -> ddswait.Job:
        await asyncio.sleep(3600)
        raise AssertionError

    loop = asyncio.get_running_loop()
    gc.collect()
    began = time.process_time()
    tasks = [loop.create_task(sleeper()) for _ in ids]
    created = time.process_time() - began
    await asyncio.sleep(0)
    started = time.process_time() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return ours, created, started


def main(*, quick: bool) -> None:
    few, many = (100, 1000) if quick else (1_000, 100_000)
    rounds, slices = (3, 1000) if quick else (40, 20_000)
    small, large = Wheel(few), Wheel(many)
    ratios, micros = [], []
    for _ in range(rounds):
        one, other = small.turn(slices), large.turn(slices)
        ratios.append(other / one)
        micros.append(one / slices * 1e6)
    row(f"scheduler's CPU per poll: {many} jobs / {few} jobs", ratios, "<= 1.20")
    row("scheduler's CPU per poll, microseconds (orientation)", micros, "none")
    del small, large
    against_created, against_started = [], []
    for _ in range(rounds):
        ours, created, started = asyncio.run(tracking(1_000 if quick else 20_000))
        against_created.append(ours / created)
        against_started.append(ours / started)
    row("tracking a job / create_task and its first step", against_started, "<= 0.40")
    row("tracking a job / create_task alone", against_created, "<= 0.40")


if __name__ == "__main__":
    assert PollJob is not None
    main(quick="--quick" in sys.argv)
