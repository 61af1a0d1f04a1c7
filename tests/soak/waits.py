"""The client of the soak: keeps a number of jobs alive, and lets waits come and go."""

from __future__ import annotations

import asyncio
from collections import Counter
from math import exp
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ddswait import Token, Waiter
from tests.soak.figures import Sample, faults, measure
from tests.soak.server import Fate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait import Outcome
    from ddswait.runtime.futures import JobFuture

_SAMPLES = 48
_LONGEST_DELAY = 2.0  # seconds until a new job is known to the server
_SPREAD = 0.5  # of the logarithm of a job's duration
_CONNECTIONS = 32
_AMPLE = 900.0  # seconds: longer than an outage, or a burst of faults
# What a job may end as, beside what its fate says.
_POSSIBLE = {
    "completed": {"not_ready"},  # the deadline came between the job and its instance
    "failed": set[str](),
    "vanished": {"not_found"},  # its first poll came after its end
}


class Plan(NamedTuple):
    """How much a soak does.

    Attributes:
        jobs: how many jobs are waited for at any time.
        mean: how long a job runs on average, in seconds.
        span: how long the soak lasts, in seconds.
        page_seconds: how long a page of a list takes at most.
        interval: of the waiter, in seconds.
        rate: of the waiter.
    """

    jobs: int
    mean: float
    span: float
    page_seconds: float
    interval: float
    rate: str


class Soak:
    """One soak.

    Args:
        plan: how much it does.
        clock: the server's clock.
        seed: the same seed makes the same jobs.
        show: is given each sample.
    """

    def __init__(
        self, plan: Plan, clock: Callable[[], float], seed: int, show: Callable[[Sample], object]
    ) -> None:
        self.plan = plan
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.calls = 0
        self._clock = clock
        self._random = Random(seed)
        self._show = show
        self._futures: set[JobFuture] = set()
        self._begun = 0
        self._over = False
        self._timeout = _AMPLE + 20 * plan.mean

    async def run(self, endpoint: str) -> list[str]:
        """Wait for jobs until the span has passed; return what went wrong."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        before, during = measure(0.0, 0, 0), []
        async with Waiter(
            endpoint=endpoint,
            project_id="soak",
            auth=Token("soak"),
            interval=self.plan.interval,
            rate=self.plan.rate,
            connections=_CONNECTIONS,
        ) as waiter:
            for _ in range(self.plan.jobs):
                self._begin(waiter)
            for number in range(1, _SAMPLES + 1):
                await asyncio.sleep(began + number * self.plan.span / _SAMPLES - loop.time())
                during.append(self._measure(began))
            self._over = True
            await waiter.close()
        self._futures.clear()
        await asyncio.sleep(0)  # connections close in the next turn of the loop
        after = self._measure(began)
        return faults(before, during, after, _CONNECTIONS) + self.wrong

    def _measure(self, began: float) -> Sample:
        at = asyncio.get_running_loop().time() - began
        sample = measure(at, len(self._futures), self._begun)
        self._show(sample)
        return sample

    def _begin(self, waiter: Waiter) -> None:
        """Wait for a new job: mostly to its end, sometimes too shortly, or cancelled, or twice."""
        draw, now = self._random.random, self._clock()
        seconds = self.plan.mean * exp(self._random.gauss(-(_SPREAD**2) / 2, _SPREAD))
        how = "failed" if draw() < 0.1 else "vanished" if draw() < 0.05 else "completed"
        begins = now + _LONGEST_DELAY * draw()
        fate = Fate(self._begun, begins, begins + seconds, how)
        self._begun += 1
        future = self._track(waiter, fate, seconds / 2 if draw() < 0.05 else self._timeout)
        future.add_done_callback(lambda _: None if self._over else self._begin(waiter))
        if draw() < 0.05:
            self._track(waiter, fate, self._timeout)
        if draw() < 0.05:
            asyncio.get_running_loop().call_later(seconds * draw(), future.cancel)

    def _track(self, waiter: Waiter, fate: Fate, timeout: float) -> JobFuture:
        ready = self._random.random() < 0.1
        future = waiter.track(fate.job_id, timeout=timeout, callback=self._called, ready=ready)
        self._futures.add(future)
        future.add_done_callback(lambda future: self._ended(future, fate))
        return future

    def _called(self, _: Outcome) -> None:
        self.calls += 1

    def _ended(self, future: JobFuture, fate: Fate) -> None:
        self._futures.discard(future)
        kind = str(future.outcome.kind) if future.outcome else "cancelled"
        self.outcomes[kind] += 1
        possible = {fate.how, *_POSSIBLE[fate.how], "timed_out", "cancelled"}
        if kind not in possible and not self._over:
            self.wrong.append(f"job {fate.job_id} ended as {kind}: {future.outcome}")
