"""CPU of the scheduler per poll as the jobs grow, and of tracking against create_task.

python -m tests.benchmarks.scheduler [--quick | --brief] [--json]
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from math import inf
from random import Random

import ddswait
from ddswait.scheduler.actions import Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.benchmarks.table import Figure, Size, figure, main

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


def polls(few: int, many: int, rounds: int, slices: int) -> Iterator[Figure]:
    small, large = Wheel(few), Wheel(many)
    ratios, micros = [], []
    for _ in range(rounds):
        one, other = small.turn(slices), large.turn(slices)
        ratios.append(other / one)
        micros.append(one / slices * 1e6)
    yield figure("scheduler's CPU per poll: many jobs / few jobs", ratios)
    yield figure("scheduler's CPU per poll", micros)


def trackings(count: int, rounds: int) -> Iterator[Figure]:
    against_created, against_started = [], []
    for _ in range(rounds):
        ours, created, started = asyncio.run(tracking(count))
        against_created.append(ours / created)
        against_started.append(ours / started)
    yield figure("tracking a job / create_task and its first step", against_started)
    yield figure("tracking a job / create_task alone", against_created)


def measure(size: Size) -> Iterator[Figure]:
    if size is Size.QUICK:
        yield from polls(100, 1_000, 3, 1_000)
        yield from trackings(1_000, 3)
        return
    rounds = 12 if size is Size.BRIEF else 40
    yield from polls(1_000, 100_000, rounds, 20_000)
    yield from trackings(20_000, rounds)


if __name__ == "__main__":
    main(measure)
