"""Runs plans with interference at many moments, and counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.waiter.generator import plan_of
from tests.simulation.waiter.ledger import BrokenPromiseError
from tests.simulation.waiter.stage import WAYS, Interference, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulation.waiter.plan import Plan


@dataclass(slots=True)
class Tally:
    """Counts over many runs.

    Attributes:
        plans: how many were drawn.
        runs: how often one was run.
        turns: how many turns of the loop that took.
        outcomes: how many waits ended in which way.
        broken: the seeds and moments at which a promise was broken, by the reason.
    """

    plans: int = 0
    runs: int = 0
    turns: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[tuple[int, Interference]]] = field(default_factory=dict)

    def run(self, plan: Plan, moment: Interference) -> int:
        """Run a plan once; return the number of its turns."""
        stage = Stage(plan, moment)
        try:
            stage.run()
        except BrokenPromiseError as error:
            self.broken.setdefault(error.reason, []).append((plan.seed, moment))
        self.runs += 1
        self.turns += stage.loop.turns
        self.outcomes.update(stage.ledger.outcomes)
        return stage.loop.turns

    def run_all(self, plan: Plan, every: int) -> None:
        """Run a plan without interference, then with one at every so manieth moment."""
        self.plans += 1
        turns = self.run(plan, Interference())
        for moment in moments(turns, every, plan.seed):
            self.run(plan, moment)

    def add(self, other: Tally) -> None:
        """Add the counts of another process."""
        self.plans += other.plans
        self.runs += other.runs
        self.turns += other.turns
        self.outcomes.update(other.outcomes)
        for reason, found in other.broken.items():
            self.broken.setdefault(reason, []).extend(found)

    def text(self) -> str:
        """Return the counts as people read them."""
        outcomes = ", ".join(f"{kind} {count:,}" for kind, count in self.outcomes.most_common())
        return (
            f"{self.plans:,} plans, {self.runs:,} runs, {self.turns:,} turns of the loop, "
            f"{self.outcomes.total():,} waits\noutcomes: {outcomes}\n"
            f"runs that broke a promise: {sum(map(len, self.broken.values()))}"
        )


def moments(turns: int, every: int, first: int) -> list[Interference]:
    """Return every so manieth moment; a moment is a turn of the loop and a way to interfere.

    Args:
        turns: how many there are.
        every: an odd number takes all ways in turn.
        first: where to begin; any number.
    """
    count = turns * len(WAYS)
    return [
        Interference(place // len(WAYS), WAYS[place % len(WAYS)])
        for place in range(first % every, count, every)
    ]


def run_seeds(seeds: Iterable[int], every: int) -> Tally:
    """Run the plans of some seeds."""
    tally = Tally()
    for seed in seeds:
        tally.run_all(plan_of(seed), every)
    return tally
