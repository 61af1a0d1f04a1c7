"""Several processes under one limit: how soon each finds its part, without talking to others.

    python -m tests.benchmarks.shares [--quick | --brief] [--json]

In virtual time: 60 requests a minute for all, jobs that end evenly between 60 and 300 s, progress
and lists. Beside each crowd stands what it could reach: equal parts by `--rate`, and one process
with all the jobs.
"""

from __future__ import annotations

from random import Random
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.crowd import COUNT, WINDOW, Crowd, Plan, Setting
from tests.benchmarks.table import Figure, Size, figure, main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CROWDS = {"ten processes x 10 jobs": (10, 10), "three processes x 50 jobs": (3, 50)}
SETTINGS = [Setting(fixed, figures) for figures in (True, False) for fixed in (False, True)]
FIVE_MINUTES = 300.0
_LONG = 3600.0  # seconds: every job has been seen to end long before
_BEFORE = 300.0  # seconds until a process joins or leaves
_AFTER = 4 * WINDOW
_ENDLESS = Plan(50, shortest=5e3, longest=2e4)


class Told(NamedTuple):
    """Of one run: refusals in five minutes, and the mean lateness in seconds."""

    refused: float
    lateness: float


def told(plans: Sequence[Plan], setting: Setting, seed: int) -> Told:
    crowd = Crowd(plans, setting, seed)
    crowd.run(_LONG)
    assert len(crowd.late) == sum(plan.jobs for plan in plans)
    return Told(crowd.refused(0.0, FIVE_MINUTES), mean(crowd.late))


def in_step(count: int, jobs: int, seed: int, rate: str = "10/s") -> list[Plan]:
    return [Plan(jobs, rate=rate) for _ in range(count)]


def apart(count: int, jobs: int, seed: int, rate: str = "10/s") -> list[Plan]:
    """Return processes that begin at any times of one window."""
    chance = Random(seed)
    return [Plan(jobs, begin=chance.uniform(0.0, WINDOW), rate=rate) for _ in range(count)]


def row(name: str, runs: Sequence[Told]) -> None:
    refused, late = zip(*runs, strict=True)
    print(
        f"    {name:<44} {mean(refused):5.1f} ({max(refused):3.0f}) x 429, lateness "
        f"{mean(late):5.1f} s ({max(late):5.1f})"
    )


def crowd(name: str, seeds: range) -> Iterator[Figure]:
    count, jobs = CROWDS[name]
    print(f"{name}: mean and (worst) of {len(seeds)} seeds")
    found = []
    for setting in SETTINGS:
        for start in (in_step, apart):
            runs = [told(start(count, jobs, seed), setting, seed) for seed in seeds]
            row(f"{setting}, {start.__name__.replace('_', ' ')}", runs)
            if setting.figures:
                found += runs
    equal = f"{COUNT // count}/m"
    row(
        f"equal parts by --rate {equal}",
        [told(in_step(count, jobs, seed, equal), Setting(), seed) for seed in seeds],
    )
    row("one process", [told([Plan(count * jobs)], Setting(), seed) for seed in seeds])
    yield figure(f"{name}: 429s in five minutes", [mean(each.refused for each in found)])
    yield figure(f"{name}: mean lateness", [mean(each.lateness for each in found)])


def seconds_until(crowd: Crowd, numbers: Sequence[int], requests: float) -> float:
    """Return the seconds after the change until a window holds so many requests of some."""
    for second in range(1, int(_AFTER) + 1):
        if crowd.passed(_BEFORE + second - WINDOW, WINDOW, *numbers) >= requests:
            return second
    return _AFTER


def joined(count: int, setting: Setting, seed: int) -> float:
    """Return the seconds until one that joins `count` others is served.

    It is when all its jobs were seen, or half of its equal part passes in a window.
    """
    plans = [_ENDLESS] * count
    crowd = Crowd([*plans, _ENDLESS._replace(begin=_BEFORE)], setting, seed)
    crowd.run(_BEFORE + _AFTER)
    seconds = seconds_until(crowd, [count], COUNT / (count + 1) / 2)
    seen_at = crowd.seen_at[count]
    all_seen = len(seen_at) == _ENDLESS.jobs
    return min(seconds, seen_at[-1] - crowd.began_at - _BEFORE) if all_seen else seconds


def left(count: int, setting: Setting, seed: int) -> float:
    """Return the seconds until the others use half of what one of `count` has left to them."""
    plans = [_ENDLESS] * (count - 1)
    crowd = Crowd([*plans, _ENDLESS._replace(leave=_BEFORE)], setting, seed)
    crowd.run(_BEFORE + _AFTER)
    others = range(count - 1)
    before = crowd.passed(_BEFORE - WINDOW, WINDOW, *others)
    given_back = crowd.passed(_BEFORE - WINDOW, WINDOW, count - 1)
    return seconds_until(crowd, others, before + given_back / 2)


def changes(seeds: range) -> Iterator[Figure]:
    print("one that joins: seconds until it is served; one that leaves: until half is used")
    found: dict[str, list[float]] = {"joins": [], "leaves": []}
    for lists in (True, False):
        for fixed in (False, True):
            setting = Setting(fixed, lists=lists)
            for verb, change, counts in (("joins", joined, (1, 3, 9)), ("leaves", left, (2, 3))):
                for count in counts:
                    times = [change(count, setting, seed) for seed in seeds]
                    found[verb] += times
                    print(
                        f"    one {verb} {'' if verb == 'joins' else 'of '}{count}, {setting}: "
                        f"{mean(times):.0f} s, at most {max(times):.0f} s"
                    )
    yield figure("one process joins: until it is served", [mean(found["joins"])])
    yield figure(
        "one process leaves: until the others use half of its part", [mean(found["leaves"])]
    )


def measure(size: Size) -> Iterator[Figure]:
    seeds = range({Size.QUICK: 1, Size.BRIEF: 3, Size.FULL: 20}[size])
    for name in CROWDS:
        yield from crowd(name, seeds)
    yield from changes(seeds)


if __name__ == "__main__":
    main(measure)
