"""The promise that each wait ends once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.promises.promise import Promise

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from tests.simulation.facts import Facts
    from tests.simulation.observed import Flight, Wait


class EndsOnce(Promise):
    """Counts the ends of each wait."""

    words = "Each wait ends exactly once, with exactly one outcome."

    def __init__(self, facts: Facts, scheduler: object) -> None:
        super().__init__(facts, scheduler)  # type: ignore[arg-type]
        self._open: set[Wait] = set()

    def joined(self, wait: Wait, now: float) -> None:
        self._open.add(wait)

    def left(self, wait: Wait, now: float) -> None:
        self._open.discard(wait)

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        if wait not in self._open:
            raise self.broken("a wait ended that was over", f"{wait}, {outcome.kind}")
        if outcome.job_id != wait.job_id:
            raise self.broken("a wait got the outcome of another job", f"{wait}: {outcome.job_id}")
        if wait.target is None or wait.target.is_instance != instance:
            raise self.broken("a wait ended for what it did not wait for", f"{wait}")
        if instance or not (wait.ready and outcome.ok):
            self._open.remove(wait)

    def finished(self, now: float) -> None:
        if self._open:
            names = ", ".join(sorted(map(str, self._open)))
            raise self.broken("a wait never ended", f"{names}, at {now:.1f} s")


class OnePoll(Promise):
    """Looks for a second poll of a job while one is under way."""

    words = "At most one poll of a job is under way, and it is of a job that is waited for."

    def sent(self, flight: Flight, now: float) -> None:
        target = flight.target
        if target is None:
            return
        if not target.waits:
            raise self.broken("a poll left that nobody waits for", f"{target}")
        if flight.overlaps:
            raise self.broken("two polls of one job are under way", f"{target}")
