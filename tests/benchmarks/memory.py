"""Memory per tracked job, against a sleeping task.

    python -m tests.benchmarks.memory [--quick | --brief] [--json]

Counted by tracemalloc over many jobs; the job IDs themselves are the caller's, and made before.
"""

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator
from math import inf
from random import Random

import ddswait
from ddswait.scheduler.actions import PollJob
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.benchmarks.table import Figure, Size, figure, main


def bytes_each(make: Callable[[], object], count: int) -> float:
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    del kept
    return size


async def sizes(count: int) -> dict[str, float]:
    """Return bytes by the names of figures."""
    ids = [f"a9767ede-fe0f-4888-9003-{number:012}" for number in range(count)]
    rules = PollSettings()

    def without() -> object:
        scheduler = Scheduler(rules, Random(1), rate_limiter=RateLimiter(inf))
        for job_id in ids:
            scheduler.subscribers.subscribe(job_id, 3600.0 + len(job_id), None, 1.0)
        return scheduler

    def seen() -> object:
        scheduler = Scheduler(rules, Random(1), rate_limiter=RateLimiter(inf))
        for number, job_id in enumerate(ids):
            scheduler.subscribers.subscribe(job_id, 1e9, None, float(number))
            action = scheduler.next(float(number))
            if isinstance(action, PollJob):
                record = {"id": action.poll.job_id, "name": "Create_MongoDB", "status": "Running"}
                scheduler.take(action, JobSeen(SERVICE.read_record(record)), float(number))
        return scheduler

    waiter = ddswait.Waiter(endpoint="http://127.0.0.1:9", project_id="p", auth=ddswait.Token("t"))
    async with waiter:
        tracked = bytes_each(lambda: [waiter.track(job_id) for job_id in ids], count)
        await waiter.close()

    def tasks() -> object:
        return [asyncio.ensure_future(asyncio.sleep(3600)) for _ in ids]

    tracemalloc.start()
    sleeping = tasks()
    await asyncio.sleep(0)  # a task that has not begun to sleep holds no timer yet
    task = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    assert isinstance(sleeping, list)
    for each in sleeping:
        each.cancel()
    await asyncio.gather(*sleeping, return_exceptions=True)
    alone = bytes_each(without, count)
    return {
        "a tracked job with its future": tracked,
        "a tracked job without": alone,
        "a tracked job after its first poll": bytes_each(seen, count),
        "a sleeping task": task,
        "a tracked job with its future / a sleeping task": tracked / task,
    }


JOBS = {Size.QUICK: 2_000, Size.BRIEF: 100_000, Size.FULL: 100_000}


def measure(size: Size) -> Iterator[Figure]:
    for name, value in asyncio.run(sizes(JOBS[size])).items():
        yield figure(name, [value])


if __name__ == "__main__":
    main(measure)
