"""What a schedule could do that knows the true distribution of every job's duration.

It polls at Keller's density, with the true hazard rates: by lists of one page for all jobs, each
end then confirmed by one job poll at once, or by job polls alone. No jitter, no rate limit, no
network, no progress. `many_jobs` has to learn its distributions from five past jobs of a name, so
a goal that lies far below both lines is out of its reach.

    python -m tests.benchmarks.oracle [--quick | --brief] [--json]
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import erfc, exp, log, pi, sqrt
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.table import Figure, Size, figure, main
from tests.benchmarks.workload import MEDIANS, Run, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Way = Callable[[Sequence[Run], float], "Cost"]

SPREAD = 0.35
STEP = 0.25  # seconds
GOALS = {10: (5.5, 4.0), 100: (2.5, 1.5)}


class Cost(NamedTuple):
    """Requests per job, and seconds of mean lateness."""

    polls: float
    lateness: float


@cache
def hazard(name: str, step: int) -> float:
    """Return the true hazard rate of a name in the middle of a step, per second."""
    time = (step + 0.5) * STEP
    z = (log(time) - log(MEDIANS[name])) / SPREAD
    survival = 0.5 * erfc(z / sqrt(2))
    if survival < 1e-12:
        return z / SPREAD / time
    return exp(-z * z / 2) / (time * SPREAD * sqrt(2 * pi)) / survival


def by_lists(jobs: Sequence[Run], worth: float) -> Cost:
    """Return what it costs when one request is worth so many seconds of lateness."""
    alive = Counter(job.name for job in jobs)
    ends = sorted(jobs, key=lambda job: job.seconds, reverse=True)
    step, density, requests, late = 0, 0.0, 1, 0.0
    while ends:
        total = sum(count * hazard(name, step) for name, count in alive.items())
        density += sqrt(total / 2 / worth) * STEP
        step += 1
        if density < 1:
            continue
        density = 0.0
        requests += 1
        while ends and ends[-1].seconds <= step * STEP:
            job = ends.pop()
            alive[job.name] -= 1
            requests += 1
            late += step * STEP - job.seconds
    return Cost(requests / len(jobs), late / len(jobs))


def by_job_polls(jobs: Sequence[Run], worth: float) -> Cost:
    """Return the same without lists."""
    costs = [_alone(job, worth) for job in jobs]
    return Cost(*(sum(each) / len(jobs) for each in zip(*costs, strict=True)))


def _alone(job: Run, worth: float) -> Cost:
    step, density, requests = 0, 0.0, 1
    while True:
        density += sqrt(hazard(job.name, step) / 2 / worth) * STEP
        step += 1
        if density >= 1:
            density = 0.0
            requests += 1
            if job.seconds <= step * STEP:
                return Cost(requests, step * STEP - job.seconds)


def mean(way: Way, count: int, worth: float, seeds: int) -> Cost:
    jobs = (runs(count, str(SPREAD), "absent", Random(seed)) for seed in range(seeds))
    costs = [way(each, worth) for each in jobs]
    return Cost(*(sum(each) / seeds for each in zip(*costs, strict=True)))


def at_lateness(way: Way, count: int, lateness: float, seeds: int) -> Cost:
    """Return what it costs to be that late in the mean."""
    low, high = 0.01, 10_000.0
    for _ in range(12):
        middle = sqrt(low * high)
        if mean(way, count, middle, seeds).lateness > lateness:
            high = middle
        else:
            low = middle
    return mean(way, count, low, seeds)


def measure(size: Size) -> Iterator[Figure]:
    print("true distributions known, no progress:")
    is_full = size is Size.FULL
    for count, (polls, lateness) in GOALS.items() if is_full else list(GOALS.items())[:1]:
        seeds = 400 // count if is_full else 1
        for what, way in (("lists", by_lists), ("job polls", by_job_polls)):
            told = at_lateness(way, count, lateness, seeds)
            verdict = "out of reach" if told.polls > polls else "within reach"
            print(
                f"  {count:4} jobs, by {what:<12}: {told.polls:6.2f} polls per job for a lateness "
                f"of {told.lateness:4.2f} s; goal {polls} polls and {lateness} s: {verdict}"
            )
            yield figure(f"{count} jobs by {what}, all known: polls / goal", [told.polls / polls])


if __name__ == "__main__":
    main(measure)
