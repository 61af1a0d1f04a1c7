"""Memory per tracked job, against a sleeping task.

    python -m tests.benchmarks.memory [--quick]

Counted by tracemalloc over many jobs; the job IDs themselves are the caller's, and made before.
"""

import asyncio
import sys
import tracemalloc
from collections.abc import Callable
from math import inf
from random import Random

import ddswait
from ddswait.scheduler.actions import PollJob
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen


def bytes_each(make: Callable[[], object], count: int) -> float:
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    del kept
    return size


def show(what: str, size: float, goal: str) -> None:
    print(f"{what:<58} {size:7.0f} bytes  goal {goal}", flush=True)


async def measure(count: int) -> None:
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
    show("a tracked job with its future", tracked, "<= 500")
    show("a tracked job without", alone, "<= 350")
    show("the same after a first poll (with a record of 3 fields)", bytes_each(seen, count), "none")
    show("a sleeping task", task, "none (1610 expected)")
    print(f"ratio: tracked with its future / sleeping task {tracked / task:.3f}")


if __name__ == "__main__":
    asyncio.run(measure(2_000 if "--quick" in sys.argv else 100_000))
