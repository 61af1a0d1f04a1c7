"""What happens in one simulated history, as data that can be printed, kept and shortened.

All times are in seconds since the history began.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class JobPlan:
    """The life of one job in the service.

    Attributes:
        name: the task name.
        created: when the operation is submitted.
        visible_after: seconds from then until the service knows the ID.
        flaps_for: seconds from then in which half of all replies do not know it again.
        lasts: seconds from `created` until it ends.
        ends: the final status word.
        vanishes_after: seconds from `created` after which the ID is not known any more.
        unknown_status: a status word in the middle of its life that no document names.
        ended_early: whether the record has an end time from the beginning.
        progresses: whether the record states progress while it runs.
        instance: what the instance does after the job, a key of `instances.LIVES`.
    """

    name: str = "Create_MongoDB"
    created: float = 0.0
    visible_after: float = 0.0
    flaps_for: float = 0.0
    lasts: float = 600.0
    ends: str = "Completed"
    vanishes_after: float = 1e9
    unknown_status: str = ""
    ended_early: bool = False
    progresses: bool = False
    instance: str = "ready"


@dataclass(frozen=True, slots=True)
class WaitPlan:
    """One caller that waits for one job.

    Attributes:
        job: the index of the job.
        at: when the caller begins to wait.
        timeout: seconds from then until the wait times out.
        leaves_after: seconds from then until the caller gives up, if the wait still goes on.
        ready: whether the caller waits for the instance as well.
    """

    job: int
    at: float = 0.0
    timeout: float = 3600.0
    leaves_after: float = 1e9
    ready: bool = False


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Something that goes wrong for a time; faults.py lists the kinds.

    Attributes:
        kind: a key of `faults.KINDS`.
        begin: when it begins.
        end: when it is over.
        share: of the requests that it hits, from 0 to 1.
        number: its strength; each kind says of what.
        window: seconds, of a rate limit.
        variant: which form of the fault, a word that its kind explains.
    """

    kind: str
    begin: float = 0.0
    end: float = 1e9
    share: float = 1.0
    number: float = 0.0
    window: float = 0.0
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One history, but for the draws of chance, which `seed` fixes.

    Attributes:
        seed: of the draws.
        jobs: what runs in the service.
        waits: who waits for it.
        faults: what goes wrong.
        start: the reading of the caller's clock when the history begins.
        workers: how many requests may be under way at once.
        rate: requests, and in how many seconds, by the caller's own limit.
        interval: about how often the caller wants a job polled.
        grace: see `PollSettings`.
        unreachable_after: see `PollSettings`.
        request_timeout: see `PollSettings`.
        latency: seconds that a reply takes, on average.
        page_size: how many jobs one page of a list shows.
        others: how many tasks of other people are in the lists.
        lists: whether the caller may request lists at all.
        token_life: seconds for which credentials serve; 0 for a key that never expires and
            cannot be renewed.
        verbose: whether somebody listens to each poll.
        past: whether the durations of past jobs are known from the beginning.
        nameless: whether a `reset` is a host name that does not resolve.
    """

    seed: int
    jobs: tuple[JobPlan, ...] = ()
    waits: tuple[WaitPlan, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    start: float = 0.0
    workers: int = 64
    rate: tuple[int, float] = (10, 1.0)
    interval: float = 10.0
    grace: float = 60.0
    unreachable_after: float = 600.0
    request_timeout: float = 30.0
    latency: float = 0.0
    page_size: int = 100
    others: int = 0
    lists: bool = False
    token_life: float = 0.0
    verbose: bool = False
    past: bool = False
    nameless: bool = False

    def as_json(self) -> str:
        """Return the plan in one line, without what has its usual value."""
        usual = asdict(Plan(0))
        fields: dict[str, Any] = {
            name: value
            for name, value in asdict(self).items()
            if name == "seed" or value != usual[name]
        }
        for name, kind in _PARTS.items():
            if name in fields:
                fields[name] = [_unusual(each, kind) for each in fields[name]]
        return json.dumps(fields)

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Return the plan that as_json() wrote."""
        fields = json.loads(line)
        for name, kind in _PARTS.items():
            fields[name] = tuple(kind(**each) for each in fields.get(name, ()))
        if "rate" in fields:
            fields["rate"] = tuple(fields["rate"])
        return cls(**fields)

    def without_idle_jobs(self) -> Self:
        """Return the same without the jobs that nobody waits for."""
        needed = sorted({wait.job for wait in self.waits})
        renamed = {old: new for new, old in enumerate(needed)}
        return replace(
            self,
            jobs=tuple(self.jobs[index] for index in needed),
            waits=tuple(replace(wait, job=renamed[wait.job]) for wait in self.waits),
        )


_PARTS: dict[str, type[Any]] = {"jobs": JobPlan, "waits": WaitPlan, "faults": FaultPlan}
_NEEDED = {"job", "kind"}


def _unusual(fields: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    usual = {name: field.default for name, field in kind.__dataclass_fields__.items()}
    return {
        name: value for name, value in fields.items() if name in _NEEDED or value != usual[name]
    }
