"""All jobs of a run, and everything that the output, the reports and the state show of them.

Times are seconds since 1970, so that they mean the same in the next run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli.named import INSTANCE, instance_of
from ddswait.events import Event, Polled, PollFailed, Progressed, Visible
from ddswait.job import EarlierWait, Instance
from ddswait.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddswait.cli.named import Named
    from ddswait.job import Job
    from ddswait.outcome import OutcomeKind

_MOST_POLLS = 4000  # of one job: enough for a report, and bounded in a run of a week


def outcome_of(key: str, kind: OutcomeKind, job: Job | None, message: str) -> Outcome:
    """Return an outcome of a job or an instance."""
    if instance_id := instance_of(key):
        return Outcome("", kind, None, message, instance=Instance(instance_id, ""))
    return Outcome(key, kind, job, message)


def key_of(outcome: Outcome) -> str:
    """Return the key of the job or the instance that an outcome is about."""
    return outcome.job_id if outcome.instance is None else f"{INSTANCE}{outcome.instance.id}"


def key_of_event(event: Event) -> str:
    """Return the key of the job or the instance that an event is about; "" for all of them."""
    if isinstance(event, PollFailed) and not event.job_id:
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
        problem: why the last poll failed, or "".
        polls: every poll of this run.
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
    polls: list[PollRecord] = field(default_factory=list)

    @property
    def instance_id(self) -> str:
        """The instance that is waited for without a job; "" for a job."""
        return instance_of(self.job_id)

    @property
    def name(self) -> str:
        """The label, or the job ID if there is no label."""
        return self.label or self.job_id

    @property
    def full_name(self) -> str:
        """The label with the job ID, or the job ID alone."""
        return f"{self.label} ({self.job_id})" if self.label else self.job_id

    def earlier(self, now: float) -> EarlierWait:
        """Return what is known from an earlier run, or from the beginning of this one."""
        age = None if self.created_at is None else max(now - self.created_at, 0.0)
        return EarlierWait(max(now - self.tracked_at, 0.0), self.job, age)

    @property
    def submitted_at(self) -> float:
        """When the job was created, or when the wait for it began if that is not known."""
        return self.tracked_at if self.created_at is None else self.created_at

    def age(self, now: float) -> float:
        """Return the seconds since `submitted_at`, up to the end of the wait."""
        return max((self.ended_at or now) - self.submitted_at, 0.0)


class JobTable:
    """All jobs of a run, in the order in which they were given.

    Args:
        jobs: the jobs, each once.
        now: the time at which the wait for them begins.

    Attributes:
        entries: by job ID, or by the key of an instance.
        began: when the run began.
        tally: how many waits ended in which way.
    """

    def __init__(self, jobs: Iterable[Named], now: float) -> None:
        self.tally: Counter[OutcomeKind] = Counter()
        self.entries = {each.job_id: Entry(each.job_id, each.label, now) for each in jobs}
        self.began = now

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

    def take(self, event: Event, now: float) -> None:
        """Record the progress that an event reports; how a wait ended comes through `settle`."""
        entry = self.entries.get(event.job_id)
        if entry is None:
            return
        match event:
            case Visible(_, job, age):
                entry.job, entry.visible_at, entry.problem = job, now, ""
                entry.created_at = now - age
            case Progressed(_, job, _):
                entry.job, entry.problem = job, ""
            case PollFailed(_, cause, retry_delay, ""):
                entry.problem, entry.next_poll_at = cause, now + retry_delay
            case Polled(_, reason, next_in):
                entry.next_poll_at = now + next_in
                if len(entry.polls) < _MOST_POLLS:
                    progress = entry.job.progress if entry.job else None
                    entry.polls.append(PollRecord(now, reason, progress))
            case _:
                pass

    def settle(self, outcome: Outcome, now: float) -> Entry:
        """Record how a wait ended, and return its entry."""
        entry = self.entries[key_of(outcome)]
        self.tally[outcome.kind] += 1
        entry.outcome, entry.ended_at, entry.next_poll_at = outcome, now, None
        entry.job = outcome.job or entry.job
        return entry
