"""The goals of all benchmarks, and the gates behind them: the one place for both.

A gate is 15 % above its goal, or above what is reached if that is stated. Times in seconds or bits
of them depend on the machine, so they have no gate: what is held are ratios of two sides in one
run, counts, and bytes.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

TOLERANCE = 1.15


class Goal(NamedTuple):
    """What a figure should be at most.

    Attributes:
        most: the goal; inf for none.
        unit: what the figure counts; "" for a ratio.
        gated: whether a worse figure is a failure.
        reached: what the code reaches, where that is not the goal: the gate counts from here.
    """

    most: float = inf
    unit: str = ""
    gated: bool = True
    reached: float | None = None

    @property
    def gate(self) -> float:
        """The worst figure that passes; inf for a figure that is shown for orientation."""
        if not self.gated:
            return inf
        return (self.most if self.reached is None else self.reached) * TOLERANCE

    def verdict(self, value: float) -> str:
        """Return what is thought of a figure."""
        if value > self.gate:
            return "WORSE THAN ITS GATE"
        if self.most == inf:
            return "for orientation"
        if value <= self.most:
            return "reached"
        return "within its gate" if self.gated else "not reached (for orientation)"


def orientation(most: float, unit: str) -> Goal:
    """Return the goal of an absolute time, which depends on the machine."""
    return Goal(most, unit, gated=False)


RATES = (10, 200, 5_000)
SIZES = (100, 1_000, 10_000, 100_000)
PERCENTS = (15, 30, 50)
# What a poll costs in the scheduler, in steps of plain Python. Lower these with the code.
PLAIN_STEPS = {
    "nothing known": 12.2,
    "past and progress known": 20.9,
    "all due, held back": 30.4,
}

GOALS = {
    # poll_cpu, official_sdk
    "CPU per poll / leanest bare aiohttp loop": Goal(1.15),
    "CPU per poll / aiohttp's default settings": Goal(1.00),
    "CPU per poll": orientation(inf, "µs"),
    "CPU per poll / official SDK's synchronous client": Goal(0.20),
    # scheduler
    "scheduler's CPU per poll: many jobs / few jobs": Goal(1.10),
    "scheduler's CPU per poll": orientation(4, "µs"),
    # From 0.33 to 0.48, by the machine: half of what a task costs is the garbage collector's.
    "tracking a job / create_task and its first step": Goal(0.35, reached=0.48),
    "tracking a job / create_task alone": orientation(inf, ""),
    # ranking
    **{f"ranking at {rate}/s: most jobs / fewest jobs": Goal(1.3) for rate in RATES},
    **{
        f"ranking at {rate}/s, {size} jobs: CPU per poll": orientation(15, "µs")
        for rate in RATES
        for size in SIZES
    },
    **{
        f"ranking at {rate}/s, {size} jobs, a new rate: CPU per poll": orientation(inf, "µs")
        for rate in RATES
        for size in SIZES
    },
    # instructions
    **{f"instructions of a poll, {name}": orientation(inf, "instr.") for name in PLAIN_STEPS},
    **{
        f"instructions of a poll / plain step, {name}": Goal(steps)
        for name, steps in PLAIN_STEPS.items()
    },
    # memory
    "a tracked job with its future": Goal(450, "bytes", reached=400),
    "a tracked job without": Goal(280, "bytes", reached=220),
    "a tracked job after its first poll": orientation(inf, "bytes"),
    "a sleeping task": orientation(inf, "bytes"),
    "a tracked job with its future / a sleeping task": orientation(inf, ""),
    # startup
    "CPU of ddswait, --help / import aiohttp": Goal(0.12),
    "CPU of ddswait, --version / import aiohttp": Goal(0.12),
    "CPU of ddswait, a usage error / import aiohttp": Goal(0.15),
    # It imports aiohttp, which is 1.00 alone, and itself.
    "CPU of ddswait, a whole run, Completed at once / import aiohttp": Goal(1.00, reached=1.12),
    # lateness
    "lateness of polls, p99": orientation(2, "ms"),
    # crossings
    "calls from file to file of ddswait, for one completed poll": Goal(70, "calls", reached=150),
    "the same, with calls into other packages": orientation(inf, "calls"),
    # many_jobs, against goals that lie below what `oracle` does with full knowledge
    "10 jobs together, progress mix: cost / goal": Goal(1.0, reached=1.61),
    "10 jobs together, progress truthful: cost / goal": Goal(1.0, reached=1.42),
    "10 jobs together, progress absent: cost / goal": Goal(1.0, reached=2.45),
    "100 jobs together, progress mix: cost / goal": Goal(1.0, reached=2.14),
    "100 jobs together, progress truthful: cost / goal": Goal(1.0, reached=1.71),
    "100 jobs together, progress absent: cost / goal": Goal(1.0, reached=2.26),
    # With few polls per job the two orders come near each other.
    "ratio rule / due order, 15 polls a minute per 100 jobs": Goal(0.85, reached=0.96),
    "ratio rule / due order, 30 polls a minute per 100 jobs": Goal(0.85),
    "ratio rule / due order, 50 polls a minute per 100 jobs": Goal(0.85),
    # shares
    "ten processes x 10 jobs: 429s in five minutes": Goal(15, "429s"),
    "ten processes x 10 jobs: mean lateness": Goal(15, "s"),
    "three processes x 50 jobs: 429s in five minutes": Goal(6, "429s"),
    "three processes x 50 jobs: mean lateness": Goal(8, "s"),
    "one process joins: until it is served": Goal(120, "s"),
    "one process leaves: until the others use half of its part": Goal(120, "s"),
    # oracle
    **{
        f"{count} jobs by {what}, all known: polls / goal": orientation(inf, "")
        for count in (10, 100)
        for what in ("lists", "job polls")
    },
    # poll_times: what the README says, 1.6 and 6 times sooner
    "lateness / that of as many fixed polls, progress absent": Goal(1 / 1.6),
    "lateness / that of as many fixed polls, progress truthful": Goal(1 / 6),
    "worst of wrong expectations / uninformed rule": Goal(1.3),
}
