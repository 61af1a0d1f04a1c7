"""The line for people about an event or an outcome; a log of many jobs gets few of them.

    jobs          an event                              how a wait ended
    up to 19      each status, each tenth of the        completed, or a failure
                  progress; each problem once until
                  a wait ends
    20 and more   each problem once                     a failure, once for each reason

The status line tells what these leave out (`status_line.py`). The end of the run tells which waits
timed out, could not reach the service or were given up: they end together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ddswait.cli.escaping import safe
from ddswait.cli.output.reason_groups import common_reason, plain_reason, without_ids
from ddswait.cli.output.text import job_text
from ddswait.duration_text import duration
from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Polled,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.outcome import Severity

if TYPE_CHECKING:
    from ddswait.cli.job_table import Entry
    from ddswait.job import Job
    from ddswait.outcome import Outcome

MANY = 20
"""Jobs from which on a log gets no line for each of them."""

_NONE_YET = "no credentials for the project yet"
_STEP = 10  # percent of progress between two lines about a job
_MOST_PROBLEMS = 25  # different ones that are told at once; of many jobs, each may have its own


class EventLines:
    """Turns events and outcomes into lines, which have no time and no escape sequences.

    Args:
        jobs: how many there are.
        full_names: whether a line begins with the job ID even if the job has a label.
    """

    def __init__(self, jobs: int, *, full_names: bool = False) -> None:
        self._are_many = jobs >= MANY
        self._full_names = full_names
        self._was_polled = False
        self._shown_steps: dict[str, int] = {}
        self._problems: set[str] = set()

    def event(self, event: Event, entry: Entry | None) -> str:
        """Return the line about an event, or "".

        Args:
            event: what happened.
            entry: the job that it is about; None for an event about all jobs.
        """
        name = f"{self._name(entry)}  " if entry else ""
        self._was_polled = self._was_polled or isinstance(event, Polled)
        match event:
            case Visible(_, job, _):
                self._is_new_step(job)
                is_shown = not job.is_final and not self._are_many  # its end is said by itself
                return f"{name}{_job_text(job, entry)}" if is_shown else ""
            case Progressed(_, job, previous):
                is_news = job.status != previous.status or self._is_new_step(job)
                is_shown = is_news and not job.is_final and not self._are_many
                return f"{name}{_job_text(job, entry)}" if is_shown else ""
            case PollFailed(_, cause, delay, _):
                line = f"{name}poll failed, next try in {duration(delay)}: {safe(cause)}"
                return line if self._is_new(cause) else ""
            case UnknownStatus(_, status):
                return f"{name}the service uses an undocumented status: {safe(status)}"
            case RenewalFailed(cause, delay, _):
                again = "" if delay is None else f", next try in {duration(delay)}"
                # A key that never changes may wait for the ID of its project.
                what = "credentials could not be renewed" if self._was_polled else _NONE_YET
                line = f"{what}{again}: {safe(cause)}"
                return line if self._is_new(f"{what}: {cause}") else ""
            case Tracked() | Polled() | ListRefused() | Ended():
                return ""
            case _:
                assert_never(event)

    def outcome(self, entry: Entry, outcome: Outcome) -> str:
        """Return the line about a wait that ended, or ""."""
        name = self._name(entry)
        severity = outcome.facts.severity
        if not self._are_many:
            # A wait that was given up does not end an outage.
            if not outcome.facts.may_still_complete:
                self._problems.clear()
        elif outcome.ok or not self._is_new(f"{outcome.kind} {common_reason(entry, outcome)}"):
            return ""
        match severity:
            case Severity.SUCCESS:
                return f"{name}  {outcome.facts.label}"
            case Severity.ERROR:
                return f"{name}  {outcome.facts.label}: {safe(plain_reason(outcome))}"
            case Severity.WARNING:
                return ""
            case _:
                assert_never(severity)

    def _name(self, entry: Entry) -> str:
        return safe(entry.full_name if self._full_names else entry.name)

    def _is_new_step(self, job: Job) -> bool:
        step = (job.progress or 0) // _STEP
        before = self._shown_steps.get(job.id, 0)
        self._shown_steps[job.id] = max(step, before)
        return step > before

    def _is_new(self, problem: str) -> bool:
        """Return whether a problem has not been told yet; IDs make no difference."""
        problem = without_ids(problem)
        if problem in self._problems or len(self._problems) >= _MOST_PROBLEMS:
            return False
        self._problems.add(problem)
        return True


def _job_text(job: Job, entry: Entry | None) -> str:
    return job_text(job, entry.label if entry else "")
