"""What a run over many seeds counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.generator import plan_of
from tests.simulation.promises.deadlines import LastPoll
from tests.simulation.promises.promise import BrokenPromiseError
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulation.plan import Plan


@dataclass(slots=True)
class Tally:
    """Counts over many histories.

    Attributes:
        histories: how many were run.
        waits: how many waits were in them.
        polls: how many requests left.
        outcomes: how many waits ended in which way; `left` for those whose caller gave up.
        faults: how many requests each kind of fault has hit.
        last_polls: how many waits that timed out had a last poll, or why they could have none.
        broken: the seeds of the histories that broke a promise, by promise and reason.
    """

    histories: int = 0
    waits: int = 0
    polls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    last_polls: Counter[str] = field(default_factory=Counter)
    broken: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def run(self, plan: Plan) -> None:
        """Run one history, and count."""
        world = World(plan)
        try:
            world.run()
        except BrokenPromiseError as error:
            self.broken.setdefault((error.promise, error.reason), []).append(plan.seed)
        self.histories += 1
        self.waits += len(plan.waits)
        self.polls += world.polls
        self.outcomes.update(world.outcomes)
        self.outcomes["left"] += len(plan.waits) - sum(world.outcomes.values())
        self.faults.update(world.service.hits)
        for promise in world.promises:
            if isinstance(promise, LastPoll):
                self.last_polls.update(promise.counts)

    def add(self, other: Tally) -> None:
        """Add the counts of another run."""
        self.histories += other.histories
        self.waits += other.waits
        self.polls += other.polls
        self.outcomes.update(other.outcomes)
        self.faults.update(other.faults)
        self.last_polls.update(other.last_polls)
        for kind, seeds in other.broken.items():
            self.broken.setdefault(kind, []).extend(seeds)

    def text(self) -> str:
        """Return the counts as people read them."""
        return "\n".join(
            [
                f"{self.histories:,} histories, {self.waits:,} waits, {self.polls:,} requests",
                f"outcomes: {_listed(self.outcomes)}",
                f"requests hit by faults: {_listed(self.faults)}",
                f"last polls of waits that timed out: {_listed(self.last_polls)}",
                f"histories that broke a promise: {sum(map(len, self.broken.values()))}",
            ]
        )


def run_seeds(seeds: Iterable[int]) -> Tally:
    """Run the histories of some seeds."""
    tally = Tally()
    for seed in seeds:
        tally.run(plan_of(seed))
    return tally


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "nothing"
