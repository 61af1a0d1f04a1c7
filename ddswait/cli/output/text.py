"""Words and lines for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ddswait import failure_kinds
from ddswait.cli.duration_text import duration, exact
from ddswait.cli.escaping import safe
from ddswait.cli.time_left import rounded
from ddswait.job import JobPhase
from ddswait.outcome import OutcomeKind, facts_of
from ddswait.service import DEFAULT, service_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.job import Job
    from ddswait.outcome import Outcome

_FEW, _SAMPLE = 5, 3  # names that are shown: all of a few, or else some
_CORRECT = (
    "Correct the region or the endpoint, or connect this machine: the same command would end the "
    "same way."
)

_CONNECT = (
    "Check the host and the port of the endpoint, and the network and the proxy of this machine: "
    "ddswait --check tries them."
)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 job`, `2 jobs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def things(entries: Iterable[Entry]) -> str:
    """Return how many jobs and instances there are: `1 job`, `2 jobs and 1 instance`."""
    tally = Counter("instance" if each.instance_id else "job" for each in entries)
    parts = [count(tally[noun], noun) for noun in ("job", "instance") if tally[noun]]
    return " and ".join(parts) or count(0, "job")


def jobs_of(table: JobTable) -> str:
    """Return what the jobs of a run are called in a title: `DDS jobs`; `jobs` of several."""
    titles = [service_named(each).title for each in table.services]
    return f"{titles[0]} jobs" if len(titles) == 1 else "jobs"


def names(of_jobs: Sequence[str]) -> str:
    """Return a few names, and how many more there are: `a, b, c and 7 more`."""
    shown = of_jobs if len(of_jobs) <= _FEW else of_jobs[:_SAMPLE]
    rest = len(of_jobs) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def job_text(job: Job, label: str = "") -> str:
    """Return what a job does and how far it is: `CreateMongoDB of orders: Running 40 %`.

    Args:
        job: the job.
        label: the name that stands before the text already, so that the instance need not.
    """
    name = job.instance.name if job.instance else ""
    instance = f" of {name}" if name and name != label else ""
    progress = f" {job.progress} %" if job.progress is not None else ""
    return safe(f"{job.task}{instance}: {job.status}{progress}")


def reason(outcome: Outcome) -> str:
    """Return why a job did not complete: the service's own words if it says that the job failed."""
    if outcome.kind is OutcomeKind.FAILED and outcome.job:
        return outcome.job.fail_reason or "the service gave no reason"
    return outcome.message


def next_step(entry: Entry, outcome: Outcome) -> str:
    """Return what the user can do now; "" for nothing."""
    if entry.unresolved:
        return _CORRECT
    if outcome.kind is OutcomeKind.REFUSED and entry.service != DEFAULT:
        return outcome.facts.next_step.replace("--check", f"--check --service {entry.service}")
    return _CONNECT if entry.never_reached else outcome.facts.next_step


def result_line(entry: Entry, outcome: Outcome) -> str:
    """Return the line of `--output text` for a wait that ended.

    Its fields, separated by tabs, are the job ID (after the service if there are several), the kind
    of outcome, the task, the instance, the time waited, what went wrong, and the label; `-` stands
    for an empty field.
    """
    job = outcome.job
    name = job.task if job else ""
    instance = job.instance.name if job and job.instance else ""
    problem = ""
    if not outcome.ok:
        problem = outcome.refusal.advice if outcome.refusal else reason(outcome)
    waited = duration(outcome.waited)
    fields = (entry.full_id, outcome.kind, name, instance, waited, problem, entry.label)
    return "\t".join(safe(field) or "-" for field in fields)


def left_text(seconds: float) -> str:
    """Return an estimate of the time left as people read it: `~40s`, or `soon`."""
    shown = rounded(seconds)
    return f"~{exact(shown)}" if shown else "soon"


def state_text(entry: Entry) -> str:
    """Return what is known of a job or an instance that has not ended: `Running`."""
    if not entry.was_polled and entry.job is None:
        return "not polled yet"
    if entry.instance_id or (entry.job and entry.job.phase is JobPhase.COMPLETED):
        return "not ready yet"
    return entry.job.status if entry.job else "not visible"


def problem_text(kind: str) -> str:
    """Return what a kind of failure of a poll means: `unreachable (DNS)`."""
    # Whoever throttles has replied.
    return kind if kind == failure_kinds.THROTTLED else f"unreachable ({kind})"


def stamp(seconds: float) -> str:
    """Return the elapsed time that begins a line of a log: `[02:10]`, `[1:02:10]`."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"[{hours}:{minutes:02}:{rest:02}]" if hours else f"[{minutes:02}:{rest:02}]"


def totals(tally: Mapping[OutcomeKind, int]) -> str:
    """Return how many waits ended in which way: `2 completed, 1 timed out`."""
    return ", ".join(
        f"{tally[kind]} {facts_of(kind).label}" for kind in OutcomeKind if tally.get(kind)
    )
