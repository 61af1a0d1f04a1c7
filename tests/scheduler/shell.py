"""A shell without a loop: drives an agenda against a scripted cloud, in time that is a number."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from random import Random
from typing import TYPE_CHECKING

from ddswait.events import Ended, Event
from ddswait.job import Job
from ddswait.scheduler.actions import PollInstance, PollJob, RenewCredentials, Renewed, Wait
from ddswait.scheduler.job_poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import (
    Completed,
    Failed,
    InstanceState,
    Reply,
    Running,
    TransientFailure,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Answer = Reply | InstanceState | Renewed
    Cloud = Callable[[str, float], tuple[Reply, float]]
    """(job ID, time) -> the reply, and how many seconds it takes."""
    Elsewhere = Callable[[PollInstance | RenewCredentials, float], tuple[Answer, float]]
    """The same of instances, and of the source of the credentials."""
    Question = PollJob | PollInstance | RenewCredentials

PLACE = "https://dds.test (project p)"


class Still(Random):
    """No jitter: every draw is the middle of its range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def record(job_id: str, status: str = "Running", progress: int | None = None) -> dict[str, str]:
    told = "" if progress is None else f"{progress}%"
    return {"id": job_id, "name": "Create_MongoDB", "status": status, "progress": told}


def job(job_id: str, status: str) -> Job:
    return Job.from_record(record(job_id, status))


def lasting(seconds: float, visible_after: float = 0.0, *, fails: bool = False) -> Cloud:
    """Return a cloud in which every job runs for `seconds` and each reply comes at once."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if now < visible_after:
            return UnknownJob("unknown"), 0.0
        if now < seconds:
            return Running(record(job_id)), 0.0
        if fails:
            return Failed(job(job_id, "Failed")), 0.0
        return Completed(job(job_id, "Completed")), 0.0

    return cloud


class Shell:
    """Does what the asyncio shell does: carries, cuts, lapses.

    `log` is all that happened: (time, event or question).
    """

    def __init__(  # noqa: PLR0913 - what a test may script
        self,
        cloud: Cloud,
        rules: PollSettings | None = None,
        random: Random | None = None,
        size: int = 64,
        budget: RateLimiter | None = None,
        *,
        lists: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.scheduler = Scheduler(
            rules or PollSettings(place=PLACE),
            random or Still(),
            renews=elsewhere is not None,
            budget=budget or RateLimiter(inf),
        )
        self.scheduler.lists = lists
        self.cloud = cloud
        self.elsewhere = elsewhere
        self.size = size
        self.now = 0.0
        self.log: list[tuple[float, Event | Question]] = []
        self._replies: list[tuple[float, int, Question, Answer]] = []
        self._number = 0
        self.sent: dict[str, int] = {}

    def track(self, job_id: str, timeout: float = 3600.0, owner: object = None) -> object:
        owner = owner or object()
        self._note(self.scheduler.track(job_id, self.now + timeout, owner, self.now))
        return owner

    def _note(self, events: Iterable[Event]) -> None:
        self.log.extend((self.now, event) for event in events)

    @property
    def ended(self) -> list[tuple[float, Ended]]:
        return [(at, event) for at, event in self.log if isinstance(event, Ended)]

    @property
    def asks(self) -> list[tuple[float, str]]:
        return [(at, event.job_id) for at, event in self.log if isinstance(event, PollJob)]

    @property
    def in_flight(self) -> int:
        return len(self._replies)

    def run(self, until: float = float("inf")) -> Shell:
        """Go on until nothing is left to do, or until a time."""
        while len(self.scheduler) or self._replies:
            self._send()
            if self.scheduler.due_at() <= self.now:
                self._note(self.scheduler.lapse(self.now))
            at = self._next_moment()
            if at > until:
                break
            self.now = max(at, self.now)
            self._receive()
        self.now = max(self.now, until) if until < float("inf") else self.now
        return self

    def _send(self) -> None:
        while len(self._replies) < self.size:
            question = self.scheduler.next(self.now)
            if not isinstance(question, PollJob | PollInstance | RenewCredentials):
                return
            self.log.append((self.now, question))
            reply, latency = self._answer(question)
            at = self.now + latency
            if at > question.by:
                at, reply = question.by, TransientFailure("no answer")
            self._number += 1
            heappush(self._replies, (at, self._number, question, reply))

    def _answer(self, question: Question) -> tuple[Answer, float]:
        if isinstance(question, PollJob):
            return self.cloud(question.job_id, self.now)
        assert self.elsewhere is not None
        return self.elsewhere(question, self.now)

    def _next_moment(self) -> float:
        arrival = self._replies[0][0] if self._replies else float("inf")
        if self.scheduler.due_at() <= self.now:
            return min(arrival, self.now + 1.0)
        rest = self.scheduler.next(self.now)
        assert isinstance(rest, Wait)
        return min(arrival, rest.until)

    def _receive(self) -> None:
        while self._replies and self._replies[0][0] <= self.now:
            _, _, ask, reply = heappop(self._replies)
            self._note(self.scheduler.take(ask, reply, self.now))
