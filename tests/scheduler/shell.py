"""Drives a scheduler against a scripted cloud, without an event loop: time is a number."""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.events import Ended, Event
from ddswait.failure_kinds import NO_REPLY
from ddswait.outcome import Refusal
from ddswait.scheduler.actions import (
    ListJobs,
    PollInstance,
    PollJob,
    RenewCredentials,
    Renewed,
    Wait,
)
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.patience import Patience
from ddswait.scheduler.poll import PollContext
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.server_clock import ServerClock
from ddswait.service.dds import SERVICE
from ddswait.service.replies import (
    InstanceState,
    JobPage,
    JobReply,
    JobSeen,
    Problem,
    Throttled,
    TransientFailure,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddswait.job import Job
    from ddswait.outcome import Outcome
    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.job_poll import JobPoll

    AnyReply = JobReply | Problem | InstanceState | JobPage | Renewed
    Cloud = Callable[[str, float], tuple[JobReply | Problem, float]]
    """(job ID, time) -> the reply, and how many seconds it takes."""
    Elsewhere = Callable[[PollInstance | RenewCredentials, float], tuple[AnyReply, float]]
    """The same of instances, and of the provider of the credentials."""
    Request = PollJob | PollInstance | RenewCredentials

Reply = JobReply | Problem

LOCATION = "https://dds.test (project p)"


class Still(Random):
    """No jitter: every draw is the middle of its range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def record(job_id: str, status: str = "Running", progress: int | None = None) -> dict[str, Any]:
    percent = "" if progress is None else f"{progress}%"
    return {"id": job_id, "name": "Create_MongoDB", "status": status, "progress": percent}


def job(job_id: str, status: str) -> Job:
    return SERVICE.read_record(record(job_id, status))


def seen(what: Mapping[str, Any], date: str = "") -> JobSeen:
    """Return the reply that shows a record."""
    return JobSeen(SERVICE.read_record(what), date)


def completed(job_id: str) -> JobSeen:
    return JobSeen(job(job_id, "Completed"))


def failed(job_id: str) -> JobSeen:
    return JobSeen(job(job_id, "Failed"))


def page(records: Iterable[Mapping[str, Any]], total: int) -> JobPage:
    """Return the reply that lists some records."""
    return JobPage([SERVICE.read_record(each) for each in records], total)


def lasting(seconds: float, visible_after: float = 0.0, *, fails: bool = False) -> Cloud:
    """Return a cloud in which every job runs for `seconds` and each reply comes at once."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if now < visible_after:
            return UnknownJob("unknown"), 0.0
        if now < seconds:
            return seen(record(job_id)), 0.0
        return failed(job_id) if fails else completed(job_id), 0.0

    return cloud


class UnderWay(NamedTuple):
    """A request that was sent, and what it will bring."""

    action: Request
    reply: AnyReply
    arrives_at: float

    @property
    def ends_at(self) -> float:
        """When it is answered or cut; a deadline that is new may bring the cut forward."""
        return min(self.arrives_at, self.action.cut_at)


class Shell:
    """Does what the workers do: sends, cuts, expires.

    `log` is all that happened: (time, event or action).
    """

    def __init__(  # noqa: PLR0913 - what a test may script
        self,
        cloud: Cloud,
        settings: PollSettings | None = None,
        random: Random | None = None,
        size: int = 64,
        rate_limiter: RateLimiter | None = None,
        *,
        lists: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.scheduler = Scheduler(
            settings or PollSettings(location=LOCATION),
            random or Still(),
            renews=elsewhere is not None,
            rate_limiter=rate_limiter or RateLimiter(inf),
        )
        self.scheduler.lists = lists
        self.cloud = cloud
        self.elsewhere = elsewhere
        self.size = size
        self.now = 0.0
        self.log: list[tuple[float, Event | Request]] = []
        self._under_way: list[UnderWay] = []
        self.sent: dict[str, int] = {}

    def track(self, job_id: str, timeout: float = 3600.0, subscriber: object = None) -> object:
        subscriber = subscriber or object()
        deadline = self.now + timeout
        self._note(self.scheduler.subscribers.subscribe(job_id, deadline, subscriber, self.now))
        return subscriber

    def _note(self, events: Iterable[Event]) -> None:
        self.log.extend((self.now, event) for event in events)

    @property
    def ended(self) -> list[tuple[float, Ended]]:
        return [(at, event) for at, event in self.log if isinstance(event, Ended)]

    @property
    def polls(self) -> list[tuple[float, str]]:
        return [(at, event.poll.job_id) for at, event in self.log if isinstance(event, PollJob)]

    @property
    def in_flight(self) -> int:
        return len(self._under_way)

    def run(self, until: float = float("inf")) -> Shell:
        """Go on until nothing is left to do, or until a time."""
        while len(self.scheduler) or self._under_way:
            wake = self._send()
            if self.scheduler.due() <= self.now:
                self._note(self.scheduler.expire(self.now))
            at = min([wake, *(each.ends_at for each in self._under_way)])
            if at > until:
                break
            self.now = max(at, self.now)
            self._receive()
        self.now = max(self.now, until) if until < float("inf") else self.now
        return self

    def _send(self) -> float:
        """Send what may leave; return when to ask again."""
        while len(self._under_way) < self.size:
            action = self.scheduler.next(self.now)
            if isinstance(action, Wait):
                assert action.until > self.now
                return action.until
            if isinstance(action, ListJobs):
                return self.now + 1.0
            self.log.append((self.now, action))
            reply, latency = self._answer(action)
            self._under_way.append(UnderWay(action, reply, self.now + latency))
        return self.now + 1.0

    def _answer(self, action: Request) -> tuple[AnyReply, float]:
        if isinstance(action, PollJob):
            return self.cloud(action.poll.job_id, self.now)
        if self.elsewhere is None:
            raise AssertionError(f"the script does not say what {action} brings")
        return self.elsewhere(action, self.now)

    def _receive(self) -> None:
        for each in sorted(self._under_way, key=lambda each: each.ends_at):
            if each.ends_at > self.now:
                return
            self._under_way.remove(each)
            was_cut = each.arrives_at > each.action.cut_at
            reply = TransientFailure("no reply", kind=NO_REPLY) if was_cut else each.reply
            self._note(self.scheduler.take(each.action, reply, self.now))


def context_of(settings: PollSettings, random: Random | None = None) -> PollContext:
    """Return what polls share, with nothing known yet."""
    return PollContext(settings, random or Still(), Durations(), ServerClock(), Patience(settings))


def take_job_reply(
    poll: JobPoll, reply: Reply, now: float, settings: PollSettings
) -> Outcome | None:
    """Hand a reply to a job poll, as its poller does."""
    context = context_of(settings)
    match reply:
        case JobSeen(job):
            return poll.seen(job, now, context)
        case UnknownJob():
            return poll.unknown(now, context)
        case TransientFailure() | Throttled():
            return poll.failed(reply, now, context)
        case Refusal():
            return poll.refused(reply, now, settings)


def answer_until(scheduler: Scheduler, reply: Reply, begin: float, end: float) -> None:
    """Let every poll that leaves from one time to another have the same reply, at once."""
    now = begin
    while now < end:
        action = scheduler.next(now)
        if isinstance(action, Wait):
            now = action.until
        else:
            scheduler.take(action, reply, now)


def take_instance_reply(
    poll: InstancePoll, reply: InstanceState | Problem, now: float
) -> Outcome | None:
    """Hand a reply to an instance poll, as its poller does."""
    context = context_of(PollSettings())
    match reply:
        case InstanceState():
            return poll.seen(reply, now, context)
        case TransientFailure() | Throttled():
            return poll.failed(reply, now, context)
        case Refusal():
            return poll.denied(reply, now, context.settings)
