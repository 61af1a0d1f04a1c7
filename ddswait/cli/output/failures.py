"""What is told last: every job that did not complete, why, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.output.text import duration, human, safe, short
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.outcome import Outcome

OPEN = frozenset(
    {
        OutcomeKind.PENDING,
        OutcomeKind.TIMED_OUT,
        OutcomeKind.UNREACHABLE,
        OutcomeKind.NOT_READY,
    }
)
"""What may yet end well, if it is waited for again."""

_MOST = 50  # jobs that are explained one by one
_LONGEST = 2000  # characters of a reason that anybody reads in a log
_NEXT = {
    OutcomeKind.FAILED: "mend the cause and submit the operation again",
    OutcomeKind.NOT_FOUND: "check the ID, region and project; a longer --grace for a new job",
    OutcomeKind.VANISHED: "look at the task list of the console; a deletion vanishes when done",
    OutcomeKind.REFUSED: "ddswait --check tells which credentials are used",
    OutcomeKind.NOT_READY: "the job itself completed; wait for its instance again, see below",
    OutcomeKind.TIMED_OUT: "the job may go on; wait for it again, see below",
    OutcomeKind.UNREACHABLE: "the job may go on; wait for it again, see below",
    OutcomeKind.PENDING: "the job may go on; wait for it again, see below",
}


def failed_of(table: JobTable, code: int) -> list[Entry]:
    """Return the jobs that did not complete, but for those that a met policy let go."""
    let_go = OutcomeKind.PENDING if code == 0 else None
    return [
        entry
        for entry in table
        if entry.outcome and not entry.outcome.ok and entry.outcome.kind is not let_go
    ]


def failures(table: JobTable, code: int) -> list[str]:
    """Return the lines that explain every job that did not complete; none when all did."""
    failed = failed_of(table, code)
    if not failed:
        return []
    count = f"{len(failed)} of {len(table)} jobs" if len(table) > 1 else "the job"
    lines = ["", f"{count} did not complete:"]
    for entry in failed[:_MOST]:
        lines += ["", *_explained(entry)]
    if len(failed) > _MOST:
        lines += [
            "",
            f"... and {len(failed) - _MOST} more; --output json or --report has them all",
        ]
    return lines


def _explained(entry: Entry) -> Iterator[str]:
    outcome = entry.outcome
    assert outcome is not None  # noqa: S101 - the caller's filter
    yield f"  {safe(entry.full_name)}: {human(outcome.kind)} after {duration(outcome.waited)}"
    job = entry.job
    if job is not None:
        instance = f" of instance {job.instance.name} ({job.instance.id})" if job.instance else ""
        progress = f", {job.progress} %" if job.progress is not None else ""
        yield safe(f"    task      {job.name}{instance}, last seen {job.status}{progress}")
    yield f"    reason    {safe(short(reason(outcome), _LONGEST))}"
    if refusal := outcome.refusal:
        yield safe(
            f"    refusal   HTTP {refusal.http_status}, error code {refusal.error_code or 'none'}, "
            f"request ID {refusal.request_id or 'none'}"
        )
    yield f"    next      {_next(outcome)}"


def _next(outcome: Outcome) -> str:
    if outcome.refusal and outcome.refusal.hint:
        return f"{outcome.refusal.hint}; {_NEXT[outcome.kind]}"
    return _NEXT[outcome.kind]


def reason(outcome: Outcome) -> str:
    """Return why a job did not complete, in DDS's words where it failed."""
    if outcome.kind is OutcomeKind.FAILED and outcome.job:
        return outcome.job.fail_reason or "DDS gave no reason"
    return outcome.message
