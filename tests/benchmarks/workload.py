"""Jobs as DDS runs them: seven task names, log-normal durations, progress of four kinds."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

MEDIANS = {
    "Restart_MongoDB": 90.0,
    "Modify_Port": 120.0,
    "Enlarge_Storage": 200.0,
    "Create_Backup": 300.0,
    "Add_Nodes": 580.0,
    "Create_ReplicaSet": 480.0,
    "Create_Cluster": 2889.0,
}
# How many of a hundred jobs are of each name: the mean duration is about 516 s.
WEIGHTS = {
    "Restart_MongoDB": 20,
    "Modify_Port": 14,
    "Enlarge_Storage": 16,
    "Create_Backup": 16,
    "Add_Nodes": 12,
    "Create_ReplicaSet": 14,
    "Create_Cluster": 8,
}
KINDS = ("truthful", "stuck", "staged", "absent")
_STAGES = (0, 10, 40, 90)


class Run(NamedTuple):
    """One job to come."""

    name: str
    seconds: float
    kind: str

    def percent(self, age: float) -> int | None:
        """Return the progress at an age, as DDS would show it."""
        share = 100 * age / self.seconds
        match self.kind:
            case "truthful":
                return int(share)
            case "stuck":
                return min(int(3 * share), 99)
            case "staged":
                return max(stage for stage in _STAGES if stage <= share)
            case "frozen":
                return min(int(10 * share), 99)
            case _:
                return None


def names(count: int, random: Random) -> list[str]:
    return random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)


def duration(name: str, shape: str, random: Random) -> float:
    if shape == "uniform":
        return random.uniform(60, 3600)
    if shape == "pareto":
        return 90 * random.paretovariate(1.2) if random.random() > 1e-9 else 90.0
    return MEDIANS[name] * exp(random.gauss(0, float(shape)))


def runs(count: int, shape: str, kind: str, random: Random) -> list[Run]:
    made = []
    for name in names(count, random):
        told = random.choice(KINDS) if kind == "mix" else kind
        made.append(Run(name, min(duration(name, shape, random), 6 * 3600.0), told))
    return made


def mean_log(values: list[float]) -> float:
    return exp(sum(map(log, values)) / len(values))
