"""ddswait.runtime.shared_time: one number for waits that begin together."""

import asyncio

from ddswait.runtime.shared_time import SharedTime
from ddswait.simulator import Simulator
from tests.runtime.waiters import waiter


class Clock:
    """A loop's time, set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def time(self) -> float:
        return self.at + 0.0  # a new object


def test_times_within_a_millisecond_are_one_object() -> None:
    """It is the first of them, and never in the future."""
    clock = Clock()
    shared = SharedTime(clock)  # type: ignore[arg-type]
    first = shared.now()
    for later in (100.0, 100.0004, 100.0009):
        clock.at = later
        assert shared.now() is first
    for later in (100.0011, 100.01, 5000.0):
        clock.at = later
        assert shared.now() == later


async def test_jobs_that_are_tracked_together_share_their_times(dds: Simulator) -> None:
    """Each keeps two numbers; a job that is tracked later has its own."""
    async with waiter(dds) as waits:
        for job_id in ("a", "b"):
            waits.track(job_id)
        await asyncio.sleep(0.5)
        waits.track("c")
        polls = waits._engine.running()._scheduler.subscribers.jobs.values()
        a, b, c = ((poll.since, poll.deadline) for poll in polls)
        await waits.close()
    assert a[0] is b[0]
    assert a[1] is b[1]
    assert (c[0] - a[0], c[1] - a[1]) == (0.5, 0.5)
