"""CPU per poll when all jobs are due and few may leave, as the jobs grow.

    python -m tests.benchmarks.ranking [--quick | --brief] [--json]

The pure scheduler in virtual time: every job is due again as soon as it has been polled, so each
poll is chosen among all of them. Every size takes its turn in slices of equal CPU time. The
garbage collector is off meanwhile: the jobs of one size must not slow down another.

After a change of the rate all polls are ranked anew, one with each poll that leaves. What that
costs is a figure of its own; the others are measured when it is over.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from math import inf
from random import Random
from typing import TYPE_CHECKING

from ddswait.scheduler import poll_interval
from ddswait.scheduler.actions import PollJob, Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.benchmarks.goals import RATES, SIZES
from tests.benchmarks.poll_times import history
from tests.benchmarks.table import Figure, Size, figure, main
from tests.benchmarks.workload import MEDIANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPLIES = [
    JobSeen(SERVICE.read_record({"id": "x", "name": name, "status": "Running", **progress}))
    for name in MEDIANS
    for progress in ({}, {"progress": "5%"}, {"progress": "50%"}, {"progress": "90%"})
]
BEGIN = 600.0  # seconds of virtual time
POLLS = 4  # between two readings of the clock, which cost as well
NEAR = 1  # doublings of the urgency: a load may lie between two, and farther polls are moved


# Not unittest.mock: its import costs more instructions than a thousand polls.
@contextmanager
def intervals(interval: Callable[..., float]) -> Iterator[None]:
    """Let jobs be polled again after `interval()` seconds."""
    usual = poll_interval.next_interval
    poll_interval.next_interval = interval
    try:
        yield
    finally:
        poll_interval.next_interval = usual


class HeldBack:
    """A scheduler of `jobs` running jobs, all of them due.

    Args:
        jobs: how many.
        known: whether past durations and progress are known, as in a waiter that has run before.
    """

    def __init__(self, jobs: int, *, known: bool = True) -> None:
        self.replies = REPLIES if known else REPLIES[:1]
        self.scheduler = Scheduler(
            PollSettings(),
            Random(1),
            rate_limiter=RateLimiter(inf),
            durations=history(5, 1.0, "0.35", Random(6)) if known else None,
        )
        self.scheduler.lists = False
        # Of many ages: the first polls are spread over ten minutes. Then all are due at once.
        chance = Random(2)
        for number in range(jobs):
            since = chance.uniform(0.0, BEGIN - 1.0)
            self.scheduler.subscribers.subscribe(f"job-{number}", 1e9, None, since)
        self.now = self.expired_at = 0.0
        with intervals(lambda *_: BEGIN - self.now):
            for _ in range(jobs):
                self.poll()
        self.now = BEGIN

    def limit(self, rate: int) -> None:
        """Let so many polls per second leave from now on."""
        RateLimiter.__init__(self.scheduler.rate_limiter, rate)

    def poll(self) -> None:
        """Poll once, as the workers do: expire() once a second while something is held back."""
        scheduler = self.scheduler
        while isinstance(action := scheduler.next(self.now), Wait):
            self.now = action.until
            if action.overdue and self.now - self.expired_at >= 1.0:
                self.expired_at = self.now
                scheduler.expire(self.now)
        assert isinstance(action, PollJob)
        reply = self.replies[int(action.poll.job_id[4:]) % len(self.replies)]
        scheduler.take(action, reply, self.now)

    def settle(self) -> None:
        """Poll until no poll waits that was ranked for another rate, or for five turns of all."""
        ready = self.scheduler.queue.ready
        for _ in range(5 * ready.size):
            usual = ready._exponent(self.now)
            if all(abs(doubling - usual) <= NEAR for doubling in ready._queues):
                return
            self.poll()

    def turn(self, seconds: float) -> float:
        """Poll for so much CPU time; return the microseconds per poll."""
        polls, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            for _ in range(POLLS):
                self.poll()
            polls += POLLS
        return spent / polls * 1e6


def at_rate(rate: int, held: dict[int, HeldBack], rounds: int, seconds: float) -> Iterator[Figure]:
    for each in held.values():
        each.limit(rate)
    most, changed = max(held), [held[max(held)].turn(seconds) for _ in range(rounds)]
    yield figure(f"ranking at {rate}/s, {most} jobs, a new rate: CPU per poll", changed)
    for each in held.values():
        each.settle()
    costs = [[each.turn(seconds) for each in held.values()] for _ in range(rounds)]
    for size, told in zip(held, zip(*costs, strict=True), strict=True):
        yield figure(f"ranking at {rate}/s, {size} jobs: CPU per poll", told)
    yield figure(
        f"ranking at {rate}/s: most jobs / fewest jobs", [each[-1] / each[0] for each in costs]
    )


def measure(size: Size) -> Iterator[Figure]:
    is_quick = size is Size.QUICK
    rounds, seconds = (1, 0.01) if is_quick else (3, 0.25) if size is Size.BRIEF else (5, 0.4)
    held = {jobs: HeldBack(jobs) for jobs in (SIZES[:2] if is_quick else SIZES)}
    gc.collect()
    gc.disable()
    with intervals(lambda *_: 0.0):
        for jobs, each in held.items():  # all that are due are ranked by then
            each.limit(RATES[0])
            for _ in range(jobs // 50):
                each.poll()
        for rate in RATES:
            yield from at_rate(rate, held, rounds, seconds)


if __name__ == "__main__":
    main(measure)
