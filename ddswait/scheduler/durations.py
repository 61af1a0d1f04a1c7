"""How long past jobs took, by task name. Pure."""

from __future__ import annotations

from copy import copy
from math import exp, inf, log, pi, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

from ddswait.job import JobPhase
from ddswait.scheduler.expected_end import Past
from ddswait.service import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ddswait.job import Job

_KEPT = 50  # of each name, the latest
_NAMES = 200  # a server that invents names must not fill the memory
_SPREAD = 0.4  # of the logarithm: assumed for a name until its own spread is known
_WEIGHT = 2.0  # of that assumption, in samples
_STEEPEST = 20.0
_SPREAD_OF_TYPICAL = 0.8  # of the logarithm: there is little evidence for what is typical
_TRUST_IN_TYPICAL = 0.5
_NO_TYPICAL: Mapping[str, float] = MappingProxyType({})


class Durations:
    """Durations in seconds of jobs that completed, by name and job ID.

    Jobs of several services may have the same name. So `of_service` returns those of one service;
    without it, the names are those of DDS.
    """

    def __init__(self) -> None:
        self._service = ""
        self._typical: Mapping[str, Past] = {}
        self._spelled: dict[str, Past | None] = {}  # what is typical, by the names of jobs
        self._seconds: dict[str, dict[str, float]] = {}
        self._past: dict[str, Past | None] = {}
        self._learned: dict[tuple[str, str], float] = {}
        self._views: dict[str, Durations] = {}

    def of_service(self, name: str, typical: Mapping[str, float] = _NO_TYPICAL) -> Durations:
        """Return the durations of one service; what is added to them is added here.

        Args:
            name: of the service.
            typical: seconds by task name, to be believed while no past job of the name is known.
        """
        if not typical and name in self._views:
            return self._views[name]  # a live view asks for each job of each picture
        same = copy(self)
        if not typical:
            self._views[name] = same
        same._serve("" if name == DEFAULT else f"{name}:", typical)  # noqa: SLF001 - another view
        return same

    def _serve(self, prefix: str, typical: Mapping[str, float]) -> None:
        self._service = prefix
        self._spelled = {}
        self._typical = {self._key(task): _typical(typical[task]) for task in typical}

    def __len__(self) -> int:
        return sum(map(len, self._seconds.values()))

    def items(self) -> Iterator[tuple[str, Mapping[str, float]]]:
        """Return the durations of each name, by job ID, the latest last; see `take`."""
        return iter(self._seconds.items())

    def learned(self) -> Iterator[tuple[str, str, float]]:
        """Return (name, job ID, seconds) of what was learned since `settle`, the latest last."""
        return ((name, job_id, seconds) for (name, job_id), seconds in self._learned.items())

    def settle(self) -> None:
        """Note that everything known so far has been saved elsewhere."""
        self._learned.clear()

    def learn(self, job: Job) -> None:
        """Take the duration of a job that completed, from its own record.

        A failed job says little about how long a good one takes.
        """
        if job.phase is not JobPhase.COMPLETED or job.created is None or job.ended is None:
            return
        self.add(job.name, job.id, (job.ended - job.created).total_seconds())

    def learn_all(self, jobs: Iterable[Job]) -> None:
        """Take the durations of completed jobs; the latest of each name are kept."""
        for job in sorted(jobs, key=_ended_at):
            self.learn(job)

    def take(self, key: str, job_id: str, seconds: float) -> None:
        """Take a duration as `items` and `learned` return it: the name may name its service."""
        service, colon, name = key.rpartition(":")
        (self.of_service(service) if colon else self).add(name, job_id, seconds)

    def add(self, name: str, job_id: str, seconds: float) -> None:
        """Take a duration in seconds; one that is not positive and finite is ignored."""
        key = self._key(name)
        if not 0 < seconds < 1e8 or (key not in self._seconds and len(self._seconds) >= _NAMES):  # noqa: PLR2004 - three years
            return
        known = self._seconds.setdefault(key, {})
        if known.pop(job_id, None) is None:
            self._learned[key, job_id] = seconds
        known[job_id] = seconds
        if len(known) > _KEPT:
            oldest = next(iter(known))
            del known[oldest]
            self._learned.pop((key, oldest), None)
        self._past.clear()

    def of(self, name: str) -> Past | None:
        """Return what past jobs of a name tell; None without any."""
        asked = self._service + name
        try:
            return self._past[asked]
        except KeyError:
            pass
        known = self._seconds.get(self._key(name))
        past = _fitted([log(seconds) for seconds in known.values()]) if known else None
        if len(self._past) < _NAMES:
            self._past[asked] = past
        return past

    def believed(self, name: str) -> Past | None:
        """Return what past jobs of a name tell, or else what is typical; None for neither.

        What is typical decides when to poll, and is never shown as an expected end.
        """
        past = self.of(name)
        if past is not None or not self._typical:
            return past
        try:
            return self._spelled[name]
        except KeyError:
            pass
        typical = self._typical.get(self._key(name))
        if len(self._spelled) < _NAMES:
            self._spelled[name] = typical
        return typical

    def count(self, name: str) -> int:
        """Return how many past jobs of a name are known."""
        return len(self._seconds.get(self._key(name), ()))

    def median_of(self, name: str) -> float | None:
        """Return the median duration of a name, in seconds; None without any."""
        past = self.of(name)
        return None if past is None else past.median

    def _key(self, name: str) -> str:
        # v3 says Create_MongoDB where v3.1 says CreateMongoDB.
        return self._service + "".join(char for char in name if char.isalnum()).lower()


def _ended_at(job: Job) -> float:
    return -inf if job.ended is None else job.ended.timestamp()


def _typical(seconds: float) -> Past:
    return Past(seconds, pi / sqrt(3) / _SPREAD_OF_TYPICAL, _TRUST_IN_TYPICAL)


def _fitted(logs: list[float]) -> Past:
    """Return the log-logistic of some logarithms, its spread shrunk towards what is usual.

    With few samples the median itself is uncertain, which widens the prediction.
    """
    from statistics import median  # late: a run without a history needs none

    middle = median(logs)
    squares = sum((each - middle) ** 2 for each in logs)
    spread = sqrt((_WEIGHT * _SPREAD**2 + squares) / (_WEIGHT + len(logs)) * (1 + 1 / len(logs)))
    # A logistic distribution of scale s has the standard deviation pi s / sqrt(3).
    return Past(exp(middle), min(pi / sqrt(3) / spread, _STEEPEST))
