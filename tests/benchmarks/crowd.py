"""Several processes, each with a scheduler of its own, against one service with one limit.

In virtual time, without sockets. No process hears of another: what they have in common is what
the service refuses, and the list of running jobs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.events import Ended, Visible
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobPage, JobSeen, Throttled
from ddswait.simulator.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.scheduler.actions import Action
    from ddswait.scheduler.scheduler import Reply

EPOCH = datetime(2021, 1, 1, tzinfo=UTC)
DATE = "Fri, 01 Jan 2021 00:00:00 GMT"
COUNT, WINDOW = 60, 60.0  # of the limit
_LATENCY = (0.05, 0.15)  # seconds
_PAGE = 100  # jobs


class Job(NamedTuple):
    """One job: when it begins and ends, in seconds."""

    begin: float
    end: float

    def percent(self, now: float) -> int:
        return min(int(100 * (now - self.begin) / (self.end - self.begin)), 100)


class Setting(NamedTuple):
    """What the service does.

    Attributes:
        fixed: whether the windows of its limit follow one another, instead of sliding.
        figures: whether its 429s state the limit.
        lists: whether jobs may be listed.
    """

    fixed: bool = False
    figures: bool = True
    lists: bool = True

    def __str__(self) -> str:
        windows = "fixed windows" if self.fixed else "sliding window"
        return (
            f"{windows}{'' if self.figures else ', no figures'}{'' if self.lists else ', no lists'}"
        )


class Service:
    """Jobs, and one limit for all requests about them; refused requests count as well."""

    def __init__(self, setting: Setting) -> None:
        self.jobs: dict[str, Job] = {}
        self.refused_at: list[float] = []
        self.passed_at: list[tuple[float, int]] = []  # with the number of the process
        self._setting = setting
        self._limit = Limit(COUNT, WINDOW, fixed=setting.fixed)

    def answer(self, action: Action, process: int, now: float) -> Reply:
        if self._limit.refusal(now):
            self.refused_at.append(now)
            if self._setting.figures:
                return Throttled("429", 0.0, COUNT, WINDOW)
            return Throttled("429", 0.0)
        self.passed_at.append((now, process))
        if isinstance(action, PollJob):
            return JobSeen(SERVICE.read_record(self._record(action.poll.job_id, now)), DATE)
        assert isinstance(action, ListJobs)
        return self._page(action, now)

    def _record(self, job_id: str, now: float) -> dict[str, Any]:
        job = self.jobs[job_id]
        return {
            "id": job_id,
            "name": "Create_ReplicaSet",
            "status": "Completed" if now >= job.end else "Running",
            "created": (EPOCH + timedelta(seconds=job.begin)).isoformat(),
            "ended": (EPOCH + timedelta(seconds=min(now, job.end))).isoformat(),
            "progress": f"{job.percent(now)}%",
        }

    def _page(self, request: ListJobs, now: float) -> JobPage | Refusal:
        if not self._setting.lists:
            return Refusal(403, "DBS.280032", scope=Scope.OPERATION)
        if not request.running:
            return JobPage([], 0)
        alive = [job_id for job_id, job in self.jobs.items() if job.begin <= now < job.end]
        shown = alive[request.offset : request.offset + _PAGE]
        return JobPage(
            [SERVICE.read_record(self._record(job_id, now)) for job_id in shown], len(alive)
        )


class Plan(NamedTuple):
    """One process: how many jobs it waits for, from when until when, in seconds.

    Attributes:
        jobs: how many.
        begin: when it begins to wait.
        leave: when it is killed.
        shortest: the first job takes so long; the others follow evenly.
        longest: the last job takes so long.
        rate: as for `--rate`.
    """

    jobs: int
    begin: float = 0.0
    leave: float = inf
    shortest: float = 60.0
    longest: float = 300.0
    rate: str = "10/s"


class Process:
    """One process: its scheduler, and its jobs.

    Args:
        number: of the process.
        plan: what it does.
        begin: when it begins, by the service's clock.
        chance: the source of its jitter, and of when its jobs end.
    """

    def __init__(self, number: int, plan: Plan, begin: float, chance: Random) -> None:
        self.number = number
        self.begin = begin
        self.leave = begin - plan.begin + plan.leave
        limiter = RateLimiter(*parse_rate(plan.rate), Random(chance.random()))
        self.scheduler = Scheduler(PollSettings(), Random(chance.random()), rate_limiter=limiter)
        phase, span = chance.random(), plan.longest - plan.shortest
        self.jobs = {
            f"job-{number:02}-{index:03}": Job(
                begin, begin + plan.shortest + span * (index + phase) / plan.jobs
            )
            for index in range(plan.jobs)
        }
        self.wake_at = -inf


class Crowd:
    """Runs processes against one service.

    Args:
        plans: of the processes.
        setting: what the service does.
        seed: of everything that is left to chance.

    Attributes:
        service: what they have asked.
        began_at: by the service's clock; its fixed windows begin at multiples of their length.
        late: seconds between the end of a job and the reply that showed it, of each job.
        seen_at: when each job was first seen, by process and by the service's clock.
    """

    def __init__(self, plans: Sequence[Plan], setting: Setting, seed: int) -> None:
        self._chance = chance = Random(seed)
        self.began_at = chance.uniform(0.0, WINDOW)
        self.service = Service(setting)
        self.late: list[float] = []
        self.seen_at: list[list[float]] = [[] for _ in plans]
        self._moments: list[tuple[float, int, Process, Action | None, Reply | None]] = []
        self._count = 0
        for number, plan in enumerate(plans):
            process = Process(number, plan, self.began_at + plan.begin, chance)
            self.service.jobs.update(process.jobs)
            self._at(process.begin, process)

    def _at(
        self, at: float, process: Process, action: Action | None = None, reply: Reply | None = None
    ) -> None:
        self._count += 1
        heappush(self._moments, (at, self._count, process, action, reply))

    def run(self, seconds: float) -> None:
        """Run until every job was seen to end, for so many seconds at most."""
        while self._moments and self._moments[0][0] <= self.began_at + seconds:
            now, _, process, action, reply = heappop(self._moments)
            if now >= process.leave:
                continue
            if action is not None and reply is not None:
                self._take(process, action, reply, now)
            elif now < process.wake_at:
                continue
            elif process.wake_at == -inf:
                for job_id in process.jobs:
                    process.scheduler.subscribers.subscribe(job_id, 1e7, None, now)
            self._send(process, now)

    def _take(self, process: Process, action: Action, reply: Reply, now: float) -> None:
        for event in process.scheduler.take(action, reply, now):
            if isinstance(event, Ended):
                self.late.append(now - self.service.jobs[event.job_id].end)
            elif isinstance(event, Visible):
                self.seen_at[process.number].append(now)

    def _send(self, process: Process, now: float) -> None:
        while not isinstance(action := process.scheduler.next(now), Wait):
            reply = self.service.answer(action, process.number, now)
            self._at(now + self._chance.uniform(*_LATENCY), process, action, reply)
        process.wake_at = action.until
        if action.until < inf:
            self._at(action.until, process)

    # ---- figures

    def refused(self, begin: float, seconds: float) -> int:
        """Return how many requests were refused, from `begin` on for so many seconds."""
        begin += self.began_at
        return sum(begin <= at < begin + seconds for at in self.service.refused_at)

    def passed(self, begin: float, seconds: float, *numbers: int) -> int:
        """Return how many requests of some processes passed."""
        begin += self.began_at
        return sum(
            begin <= at < begin + seconds and number in numbers
            for at, number in self.service.passed_at
        )
