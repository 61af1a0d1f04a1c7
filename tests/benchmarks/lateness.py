"""How late polls leave: 100,000 jobs due over 60 real seconds, answered at once in-process.

python -m tests.benchmarks.lateness [--quick | --brief] [--json]
"""

import asyncio
from collections.abc import Iterator
from contextvars import Context
from math import inf
from random import Random

from ddswait.runtime.tasks import Tasks
from ddswait.runtime.workers import Workers
from ddswait.scheduler.actions import Action, PollJob
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.benchmarks.table import Figure, Size, figure, main

REPLY = JobSeen(SERVICE.read_record({"id": "x", "status": "Running", "progress": "9%"}))


async def latenesses(jobs: int, seconds: float) -> list[float]:
    """Return how late each poll left, in seconds, sorted."""
    loop = asyncio.get_running_loop()
    chance = Random(1)
    scheduler = Scheduler(PollSettings(interval=1e6), Random(2), rate_limiter=RateLimiter(inf))
    late: list[float] = []

    async def send(action: Action) -> JobSeen:
        assert isinstance(action, PollJob)
        late.append(loop.time() - action.poll.due)
        return REPLY

    start = loop.time() + 1.0
    for number in range(jobs):
        scheduler.subscribers.subscribe(
            f"job-{number}", start + 1e6, None, start + chance.uniform(0, seconds)
        )
    tasks = Tasks(loop)
    workers = Workers(
        scheduler,
        send,
        happened=lambda _: None,
        surprised=lambda _: None,
        broken=lambda _: None,
        size=64,
        tasks=tasks,
        context=Context(),
    )
    workers.wake(loop.time())
    await asyncio.sleep(1.0 + seconds + 0.5)
    workers.stop()
    await tasks.close()
    return sorted(late)


SIZES = {Size.QUICK: (500, 0.3), Size.BRIEF: (25_000, 15.0), Size.FULL: (100_000, 60.0)}


def measure(size: Size) -> Iterator[Figure]:
    late = asyncio.run(latenesses(*SIZES[size]))
    p50, p99, worst = (late[int(share * (len(late) - 1))] * 1e3 for share in (0.5, 0.99, 1.0))
    print(f"{len(late)} polls: lateness p50 {p50:.2f} ms, worst {worst:.1f} ms")
    yield figure("lateness of polls, p99", [p99])


if __name__ == "__main__":
    main(measure)
