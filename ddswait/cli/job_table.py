"""What is known of every job of a run, for all that show it: lines, live view, files, report.

Times are seconds since 1970: they must mean the same in the next run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ddswait.events import Ended, Event, Polled, PollFailed, Progressed, Visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddswait.cli.inputs import Named
    from ddswait.job import Job
    from ddswait.outcome import Outcome, OutcomeKind

_MOST_LOOKS = 4000  # of one job; a report needs no more, and a week of looks is not kept


class PollRecord(NamedTuple):
    """One look at a job: when, why, and the progress it showed."""

    at: float
    why: str
    progress: int | None


@dataclass(slots=True)
class Entry:
    """One job.

    Attributes:
        job_id: its ID.
        label: what the user calls it, or "".
        tracked_at: when it was first waited for, in this run or an earlier one.
        born_at: when the job was created, by the server's clock; None before it was seen.
        job: the last record.
        visible_at: when it was first seen in this run.
        ended_at: when its wait ended.
        outcome: how its wait ended; None while it goes on.
        told: how the job itself ended, or the wait for its instance (`instance_told`).
        ready: whether the wait was for its instance as well.
        next_look: when it will be looked at next.
        trouble: what went wrong with the last look, or "".
        looks: every look of this run.
    """

    job_id: str
    label: str
    tracked_at: float
    born_at: float | None = None
    job: Job | None = None
    visible_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    told: Outcome | None = None
    instance_told: bool = False
    ready: bool = False
    next_look: float | None = None
    trouble: str = ""
    looks: list[PollRecord] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the job is called: its label, or its ID."""
        return self.label or self.job_id

    @property
    def full_name(self) -> str:
        """The label with the ID, or the ID."""
        return f"{self.label} ({self.job_id})" if self.label else self.job_id

    def age(self, now: float) -> float:
        """Return how old the job is, or how long it is waited for when that is not known."""
        return max((self.ended_at or now) - self.submitted_at, 0.0)

    @property
    def submitted_at(self) -> float:
        """When the job was created, or when it was first waited for when that is not known."""
        return self.tracked_at if self.born_at is None else self.born_at


class JobTable:
    """All jobs of a run, in the order in which they were given.

    Attributes:
        entries: by job ID.
        began: when the run did.
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
        """The IDs of the jobs whose waits have not ended."""
        return [entry.job_id for entry in self if entry.outcome is None]

    @property
    def ended(self) -> Iterator[tuple[Entry, Outcome]]:
        """The jobs whose waits have ended, with their outcomes."""
        return ((entry, entry.outcome) for entry in self if entry.outcome is not None)

    def take(self, event: Event, now: float) -> None:
        """Note what happened."""
        entry = self.entries.get(event.job_id)
        if entry is None:
            return
        match event:
            case Visible(_, job, age):
                entry.job, entry.visible_at, entry.trouble = job, now, ""
                entry.born_at = now - age
            case Progressed(_, job, _):
                entry.job, entry.trouble = job, ""
            case PollFailed(_, cause, pause):
                entry.trouble, entry.next_look = cause, now + pause
            case Polled(_, why, pause):
                entry.next_look = now + pause
                if len(entry.looks) < _MOST_LOOKS:
                    progress = entry.job.progress if entry.job else None
                    entry.looks.append(PollRecord(now, why, progress))
            case Ended(_, outcome, _, instance):
                entry.job, entry.told = outcome.job or entry.job, outcome
                entry.instance_told = instance
            case _:
                pass

    def settle(self, outcome: Outcome, now: float) -> None:
        """Note how a wait ended."""
        entry = self.entries[outcome.job_id]
        self.tally[outcome.kind] += 1
        entry.outcome, entry.ended_at, entry.next_look = outcome, now, None
        entry.job = outcome.job or entry.job
