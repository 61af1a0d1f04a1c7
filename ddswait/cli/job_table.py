"""All jobs of a run, and everything that the output, the reports and the state show of them.

Times are seconds since 1970, so that they mean the same in the next run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ddswait import failure_kinds
from ddswait.cli.time_left import ProgressSeen, time_left
from ddswait.events import Event, Polled, PollFailed, Progressed, RenewalFailed, Visible
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service.job_ids import INSTANCE, instance_of
from ddswait.service.registry import DEFAULT
from ddswait.wait_state import JobState, WaitState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddswait.cli.named import Named
    from ddswait.job import Job
    from ddswait.scheduler.durations import Durations

_MOST_POLLS = 4000  # of one job: enough for a report, and bounded in a run of a week


def key_of(outcome: Outcome) -> str:
    """Return the key of the job or the instance that an outcome is about."""
    return outcome.job_id if outcome.instance is None else f"{INSTANCE}{outcome.instance.id}"


def key_of_event(event: Event) -> str:
    """Return the key of the job or the instance that an event is about; "" for all of them."""
    if isinstance(event, PollFailed | Polled) and not event.job_id:
        return f"{INSTANCE}{event.instance_id}"
    return event.job_id


class PollRecord(NamedTuple):
    """One poll of a job: when, why, and the progress that it showed in percent."""

    at: float
    reason: str
    progress: int | None


@dataclass(slots=True)
class Entry:
    """One job, or one instance that is waited for without a job.

    Attributes:
        job_id: its ID, or the key of the instance; see `Named`.
        label: the user's name for it, or "".
        tracked_at: when this run or an earlier one began to wait for it.
        created_at: when the job was created, by the server's clock; None until it is visible.
        job: the last record.
        visible_at: when this run first saw it, or began, if an earlier run had seen it.
        ended_at: when its wait ended.
        outcome: how its wait ended; None until then.
        ready: whether the wait included the instance.
        next_poll_at: when it will be polled next.
        problem: the kind of failure of the last poll, such as `DNS`; "" if it did not fail.
        progress: how its progress has moved in this run.
        polls: every poll of this run.
        never_reached: whether the wait was given up before any poll of its service succeeded.
        unresolved: whether that was because the name of the host never resolved.
        service: the name of the service that has it.
        prefix: what stands before its ID where jobs of several services do, such as `rds:`.
    """

    job_id: str
    label: str
    tracked_at: float
    created_at: float | None = None
    job: Job | None = None
    visible_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    ready: bool = False
    next_poll_at: float | None = None
    problem: str = ""
    progress: ProgressSeen = field(default_factory=ProgressSeen)
    polls: list[PollRecord] = field(default_factory=list)
    never_reached: bool = False
    unresolved: bool = False
    service: str = DEFAULT
    prefix: str = ""

    @property
    def instance_id(self) -> str:
        """The instance that is waited for without a job; "" for a job."""
        return instance_of(self.job_id)

    @property
    def name(self) -> str:
        """The label, or the job ID without one; after the service if there are several."""
        return f"{self.prefix}{self.label or self.job_id}"

    @property
    def full_name(self) -> str:
        """The name, with the job ID behind a label; both begin alike, so both can be copied."""
        return f"{self.name} ({self.full_id})" if self.label else self.name

    @property
    def full_id(self) -> str:
        """The job ID, with its service where jobs of several services are waited for."""
        return f"{self.prefix}{self.job_id}"

    @property
    def state(self) -> JobState:
        """What a later run needs to go on with the wait."""
        instance_id = self.instance_id
        return JobState(
            "" if instance_id else self.job_id,
            instance_id,
            self.label,
            self.tracked_at,
            self.created_at,
            self.job,
            self.outcome,
            self.ended_at,
            self.ready,
            self.service,
        )

    @property
    def end(self) -> Outcome | None:
        """How its wait ended; None while it goes on, and if it was given up before that."""
        given_up = self.outcome is not None and self.outcome.kind is OutcomeKind.PENDING
        return None if given_up else self.outcome

    @property
    def was_polled(self) -> bool:
        """Whether a poll of this run has been answered, or has failed."""
        return self.next_poll_at is not None or bool(self.outcome and self.outcome.polls)

    @property
    def submitted_at(self) -> float:
        """When the job was created, or when the wait for it began if that is not known."""
        return self.tracked_at if self.created_at is None else self.created_at

    def time_left(self, now: float, durations: Durations) -> float | None:
        """Return for how long the job will still run, in seconds; None if nobody can know."""
        if self.job is None or self.job.is_final or self.end is not None:
            return None
        past = durations.of_service(self.service).of(self.job.name)
        return time_left(self.age(now), self.progress, past)

    def age(self, now: float) -> float:
        """Return the seconds since `submitted_at`, up to the end of the wait."""
        return max((self.ended_at or now) - self.submitted_at, 0.0)

    def take(self, event: Event, now: float) -> None:
        """Record what an event reports of this job or instance."""
        match event:
            case Visible(_, job, age):
                self.job, self.visible_at = job, now
                self.created_at = now - age
                self.progress.see(job.progress, age)
            case Progressed(_, job, _):
                self.job = job
                self.progress.see(job.progress, self.age(now))
            case PollFailed(_, _, retry_delay):
                self.problem, self.next_poll_at = event.kind, now + retry_delay
            case Polled(_, reason, next_in):
                self.next_poll_at = now + next_in
                self.problem = self.problem if event.failed else ""
                if not event.instance_id and len(self.polls) < _MOST_POLLS:
                    progress = self.job.progress if self.job else None
                    self.polls.append(PollRecord(now, reason, progress))
            case _:
                pass


class Renewal(NamedTuple):
    """Why the credentials could not be renewed, and when they are tried next; None for never."""

    problem: str
    at: float | None


class JobTable:
    """All jobs of a run, in the order in which they were given.

    Args:
        jobs: the jobs, each once.
        now: the time at which the wait for them begins.
        service: as the attribute.

    Attributes:
        service: that of the jobs which name none.
        services: the services that are asked, in the order of the jobs.
        entries: by job ID, or by the key of an instance.
        began: when the run began.
        renewal: why no poll can leave, and when the credentials are tried next: the last attempt
            failed, and no poll has left since. None if polls leave.
        tally: how many waits ended in which way.
    """

    def __init__(self, jobs: Iterable[Named], now: float, service: str = DEFAULT) -> None:
        self.tally: Counter[OutcomeKind] = Counter()
        self.entries = {
            each.job_id: Entry(each.job_id, each.label, now, service=each.service or service)
            for each in jobs
        }
        self.service = service
        self.services = tuple(dict.fromkeys(entry.service for entry in self))
        if len(self.services) > 1:
            for entry in self:
                entry.prefix = f"{entry.service}:"
        self.began = now
        self.renewal: Renewal | None = None
        self._reached: set[str] = set()  # services, by successful polls

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, job_id: str) -> Entry:
        return self.entries[job_id]

    @property
    def open(self) -> list[str]:
        """The IDs of the jobs, and the keys of the instances, whose waits have not ended."""
        return [entry.job_id for entry in self if entry.outcome is None]

    @property
    def ended(self) -> list[tuple[Entry, Outcome]]:
        """The jobs whose waits have ended, each with its outcome."""
        return [(entry, entry.outcome) for entry in self if entry.outcome is not None]

    def restore(self, state: WaitState) -> None:
        """Take over what an earlier run knew of its jobs, each of which is in the table.

        A job of another service than before begins anew.
        """
        for each in state.jobs:
            entry = self.entries[each.key]
            if entry.service != each.service:
                continue
            entry.tracked_at, entry.created_at = each.tracked_at, each.created_at
            entry.job, entry.ready = each.job, each.ready
            if each.outcome is not None:
                self.settle(each.outcome, each.ended_at or each.tracked_at)

    def state(self, deadline: float, timeout: float | None, *, ready: bool) -> WaitState:
        """Return what is needed to go on with the run; see `WaitState`."""
        return WaitState(tuple(entry.state for entry in self), deadline, timeout, ready)

    def take(self, event: Event, now: float) -> None:
        """Record the progress that an event reports; how a wait ended comes through `settle`."""
        if isinstance(event, RenewalFailed):
            at = None if event.retry_delay is None else now + event.retry_delay
            self.renewal = Renewal(event.kind, at)
        if isinstance(event, Polled):
            self.renewal = None
        if entry := self.entry_of(event):
            entry.take(event, now)
            if isinstance(event, Polled) and not event.failed:
                self._reached.add(entry.service)

    def entry_of(self, event: Event) -> Entry | None:
        """Return the job or the instance that an event is about; None for all of them."""
        return self.entries.get(key_of_event(event))

    def settle(self, outcome: Outcome, now: float) -> Entry:
        """Record how a wait ended, and return its entry."""
        entry = self.entries[key_of(outcome)]
        self.tally[outcome.kind] += 1
        entry.outcome, entry.ended_at, entry.next_poll_at = outcome, now, None
        entry.job = outcome.job or entry.job
        if outcome.kind is OutcomeKind.UNREACHABLE and entry.service not in self._reached:
            problem = self.renewal.problem if self.renewal else entry.problem
            entry.never_reached = True
            entry.unresolved = problem in failure_kinds.UNRESOLVED
        return entry
