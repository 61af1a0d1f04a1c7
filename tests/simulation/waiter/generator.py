"""Draws the plan of a history of the waiter from its seed."""

from __future__ import annotations

from random import Random

from tests.simulation.waiter.callbacks import KINDS
from tests.simulation.waiter.plan import (
    BlockPlan,
    FaultPlan,
    JobPlan,
    Operation,
    Plan,
    UserPlan,
)

NEVER = 1e7  # seconds
_NAMES = ("Create_MongoDB", "Restart_MongoDB", "Delete_MongoDB", "Restore_New", "Create_MongoDB")
_OPERATIONS = (
    *("wait", "wait", "wait", "track", "track", "track", "track", "wait_all", "wait_all"),
    *("as_completed", "as_completed", "instance", "cancel_wait", "cancel_task", "close"),
    *("sleep", "sleep", "sleep", "give_up", "enter", "look", "resolve", "gather", "gather"),
)
_FAULTS: tuple[tuple[str, tuple[tuple[str, object], ...]], ...] = (
    ("error", (("status", 502),)),
    ("error", (("status", 504),)),
    ("throttle", ()),
    ("throttle", (("limit", ""), ("retry_after", "4"))),
    ("throttle", (("limit", ""),)),
    ("stall", (("seconds", 3.0),)),
    ("stall", (("seconds", 300.0),)),
    ("reset", ()),
    ("garbage", ()),
    ("truncated", ()),
    ("not_json", ()),
    ("unknown", ()),
    ("unauthorized", ()),
)


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed, the same in any process."""
    chance = Random(f"waiter {seed}")
    pick = chance.choice
    jobs = tuple(_job(chance) for _ in range(chance.randint(1, 5)))
    names = [f"user {number}" for number in range(1, chance.randint(2, 5))]
    users = [UserPlan(name, _operations(chance, len(jobs), names)) for name in names]
    cut = len(users) if chance.random() < 0.6 else chance.randint(0, len(users))
    blocks = [users[:cut], users[cut:]] if cut < len(users) else [users]
    return Plan(
        seed=seed,
        jobs=jobs,
        blocks=tuple(
            BlockPlan(tuple(each), pick([0.0, 0.0, 1.0, 6.0, 20.0]), chance.random() < 0.15)
            for each in blocks
        ),
        faults=tuple(_fault(chance) for _ in range(pick([0, 0, 1, 2, 4]))),
        victim=pick(["owner", *names, *names]),
        life=pick([0.0, 0.0, 0.0, 4.0, 15.0]),
        hook=pick(["", "", "listens", "raises"]),
        interval=pick([2.0, 5.0, 10.0]),
        grace=pick([5.0, 20.0, 60.0]),
        unreachable_after=pick([15.0, 60.0, 600.0]),
        request_timeout=pick([3.0, 10.0, 30.0]),
        connections=pick([1, 2, 64, 64]),
        rate=pick(["10/s", "10/s", "100/s", "1/s"]),
        settle=pick([0.0, 0.0, 3.0]),
        backup=pick([0.0, 0.0, 5.0]),
    )


def _job(chance: Random) -> JobPlan:
    name = chance.choice(_NAMES)
    return JobPlan(
        name,
        chance.choice([0.0, 2.0, 2.0, 5.0, 5.0, 9.0, 25.0, NEVER]),
        chance.choice([0.0, 0.0, 0.0, 0.0, 0.5, 4.0, 4.0, 30.0, NEVER]),
        fails=chance.random() < 0.2,
        vanishes=name.startswith("Delete") or chance.random() < 0.1,
    )


def _fault(chance: Random) -> FaultPlan:
    kind, details = chance.choice(_FAULTS)
    return FaultPlan(
        kind, chance.choice([0.0, 1.5, 4.0, 10.0, 30.0]), chance.choice([1, 2, 5]), details
    )


def _operations(chance: Random, jobs: int, names: list[str]) -> tuple[Operation, ...]:
    return tuple(_operation(chance, jobs, names) for _ in range(chance.randint(1, 5)))


def _operation(chance: Random, jobs: int, names: list[str]) -> Operation:
    kind = chance.choice(_OPERATIONS)
    many = chance.randint(1, jobs) if kind in {"wait_all", "as_completed"} else 1
    numbers = {
        "as_completed": [0.0, 1.0, 2.0, 99.0],
        "cancel_task": [float(place) for place in range(len(names))],
        "cancel_wait": [float(place) for place in range(6)],
        "resolve": [float(place) for place in range(6)],
        "sleep": [0.0, 0.5, 3.0, 8.0, 25.0],
        "give_up": [0.1, 1.0, 4.0],
        "close": [0.0, 0.0, 7.0],
    }
    return Operation(
        kind,
        tuple(chance.choices(range(jobs), k=many)),
        chance.choice([0.5, 3.0, 12.0, 40.0, 40.0]),
        ready=chance.random() < 0.3,
        callback=chance.choice(["", *KINDS]),
        number=chance.choice(numbers.get(kind, [0.0])),
        fast=chance.random() < 0.5,
    )
