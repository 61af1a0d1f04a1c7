"""Draws the plan of a history from its seed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tests.simulation.faults import KINDS, Stage, draw_fault
from tests.simulation.jobs import INSTANCE_LIVES
from tests.simulation.plan import JobPlan, Plan, WaitPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from tests.simulation.plan import FaultPlan

    T = TypeVar("T")

_NAMES = ("Create_MongoDB", "Resize_MongoDB", "Restart_MongoDB", "Delete_MongoDB", "Restore_New")
_SHORT = (0.0, 0.0, 0.0, 2.0, 5.0, 20.0, 80.0)


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed, the same in any process."""
    chance = Random(f"plan {seed}")
    pick = chance.choice
    interval = pick([1.0, 10.0, 10.0, 10.0, 30.0, 60.0, 120.0])
    length = interval * pick([4.0, 12.0, 12.0, 40.0])
    count = _count(chance)
    lists = chance.random() < 0.3
    token_life = pick([0.0, 0.0, 0.0, 120.0, 900.0, 86400.0])
    jobs = tuple(_job(chance, length) for _ in range(count))
    return Plan(
        seed=seed,
        jobs=jobs,
        waits=tuple(_waits(chance, jobs, length)),
        faults=tuple(_faults(chance, length, lists=lists, renews=token_life > 0)),
        start=pick([0.0, 98765.4321]),
        workers=pick([1, 2, 4, 16, 64, 64]),
        rate=pick([(10, 1.0), (10, 1.0), (10, 1.0), (100, 1.0), (1, 1.0), (200, 300.0)]),
        interval=interval,
        grace=pick([60.0, 60.0, 5.0, 0.5, 600.0]),
        unreachable_after=pick([600.0, 600.0, 60.0, 8.0]),
        request_timeout=pick([30.0, 30.0, 5.0, 60.0]),
        latency=pick([0.0, 0.05, 0.2, 1.0, 3.0]),
        page_size=pick([100, 20, 10, 3]),
        others=pick([0, 0, 5, 50, 300]) if lists else 0,
        lists=lists,
        token_life=token_life,
        verbose=chance.random() < 0.1,
        past=chance.random() < 0.2,
        nameless=chance.random() < 0.3,
    )


def _count(chance: Random) -> int:
    kind = chance.random()
    if kind < 0.45:
        return chance.randint(1, 4)
    if kind < 0.85:
        return chance.randint(5, 30)
    if kind < 0.995:
        return chance.randint(30, 150)
    return chance.randint(200, 800)


def _job(chance: Random, length: float) -> JobPlan:
    lasts = pick_length(chance, length)
    odd = chance.random()
    return JobPlan(
        name=chance.choice(_NAMES),
        created=0.0 if chance.random() < 0.6 else round(chance.uniform(0.0, length), 2),
        visible_after=chance.choice(_SHORT),
        flaps_for=chance.choice(_SHORT) if odd < 0.2 else 0.0,
        lasts=lasts,
        ends="Failed" if chance.random() < 0.15 else "Completed",
        vanishes_after=round(chance.uniform(0.0, 1.5 * lasts), 2) if odd > 0.9 else 1e9,
        unknown_status=chance.choice(["Pending", "Waiting", "*"]) if 0.2 < odd < 0.3 else "",
        ended_early=0.3 < odd < 0.4,
        progresses=chance.random() < 0.25,
        instance=chance.choice(list(INSTANCE_LIVES)),
    )


def pick_length(chance: Random, length: float) -> float:
    """Return how long a job lasts: mostly as long as the history, some no time or for ever."""
    kind = chance.random()
    if kind < 0.05:
        return 0.5
    if kind < 0.1:
        return 1e8
    return round(chance.uniform(0.1, 1.0) * length, 2)


def _waits(chance: Random, jobs: Sequence[JobPlan], length: float) -> list[WaitPlan]:
    """Return who waits: for each job one caller, sometimes several, who come and go at any time."""
    together = round(chance.uniform(1.0, 2 * length), 1) if chance.random() < 0.1 else None
    waits = []
    for index, job in enumerate(jobs):
        callers = 1 if chance.random() < 0.8 else chance.randint(2, 4)
        for _ in range(callers):
            late = 0.0 if chance.random() < 0.8 else round(chance.uniform(0.0, length), 2)
            waits.append(
                WaitPlan(
                    job=index,
                    at=job.created + late,
                    timeout=_timeout(chance, length) if together is None else together,
                    leaves_after=(
                        round(chance.uniform(0.0, length), 2) if chance.random() < 0.07 else 1e9
                    ),
                    ready=chance.random() < 0.15,
                )
            )
    return waits


def _timeout(chance: Random, length: float) -> float:
    kind = chance.random()
    if kind < 0.03:
        return 0.1
    if kind < 0.1:
        return round(chance.uniform(0.1, 15.0), 2)
    if kind < 0.35:
        return round(chance.uniform(0.2, 1.0) * length, 2)
    return round(chance.uniform(1.0, 4.0) * length, 2)


def _faults(chance: Random, length: float, *, lists: bool, renews: bool) -> list[FaultPlan]:
    """Return up to five faults, of kinds that can hit anything in this history."""
    useless = set()
    if not lists:
        useless.add(Stage.LIST)
    if not renews:
        useless.add(Stage.RENEWAL)
    kinds = [name for name, kind in KINDS.items() if kind.stage not in useless]
    number = chance.choice([0, 1, 1, 2, 3, 5])
    faults = [draw_fault(chance.choice(kinds), chance, 1.5 * length) for _ in range(number)]
    # What is refused ends every wait: few histories shall be so short.
    deadly = {"forbidden", "rejected", "bad_request"} | (set() if renews else {"revoked"})
    return [each for each in faults if each.kind not in deadly or chance.random() < 0.3]
