"""The end of a run: every job that did not complete, why, and what the user can do next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ddswait.cli.duration_text import duration
from ddswait.cli.escaping import safe
from ddswait.cli.output.text import reason, things
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.job import Job
    from ddswait.outcome import Outcome

_MOST = 50  # jobs that are explained one by one
_LONGEST = 2000  # characters of a reason; nobody reads more in a log

_INDENT = " " * len("    reason    ")


def not_completed(table: JobTable, code: int) -> list[tuple[Entry, Outcome]]:
    """Return the jobs that did not complete.

    Args:
        table: all jobs; every wait has ended.
        code: the exit code. With 0 the policy was met, so that a job whose wait was given up for
            that reason counts as no problem.
    """
    given_up = OutcomeKind.PENDING if code == 0 else None
    return [
        (entry, outcome)
        for entry, outcome in table.ended
        if not outcome.ok and outcome.kind is not given_up
    ]


def most_important(table: JobTable, most: int) -> list[tuple[Entry, Outcome]]:
    """Return at most so many jobs whose waits have ended.

    They keep their order if all are returned; otherwise completed jobs are left out first.
    """
    ended = list(table.ended)
    if len(ended) > most:
        ended.sort(key=lambda each: each[1].ok)
    return ended[:most]


def failures(table: JobTable, code: int, width: int | None = None) -> list[str]:
    """Return the lines that explain every job that did not complete; none if all completed.

    Args:
        table: all jobs; every wait has ended.
        code: the exit code.
        width: the cells of a line, if it is for a terminal. A log gets one line for each fact.
    """
    failed = not_completed(table, code)
    if not failed:
        return []
    only = "the instance" if all(entry.instance_id for entry in table) else "the job"
    total = only if len(table) == 1 else f"{len(failed)} of {things(table)}"
    lines = ["", f"{total} did not complete:"]
    for entry, outcome in failed[:_MOST]:
        lines.append("")
        for line in _explanation(entry, outcome):
            lines += _wrapped(line, width) if width else [line]
    if len(failed) > _MOST:
        lines += ["", f"... and {len(failed) - _MOST} more: --output json and --report show all"]
    return lines


def _explanation(entry: Entry, outcome: Outcome) -> Iterator[str]:
    yield f"  {safe(entry.full_name)}: {outcome.facts.label} after {duration(outcome.waited)}"
    if entry.job is not None:
        yield safe(f"    task      {_task(entry.job)}")
    refusal = outcome.refusal
    why = reason(outcome)
    if refusal and refusal.hint:
        why = why.removesuffix(f"; {refusal.hint}")  # it has a line of its own
    yield f"    reason    {safe(why, _LONGEST)}"
    if refusal:
        yield safe(
            f"    refusal   HTTP {refusal.http_status}, error code {refusal.error_code or 'none'}, "
            f"request ID {refusal.request_id or 'none'}"
        )
        if refusal.hint:
            yield safe(f"    hint      {refusal.hint}")
    yield f"    next      {outcome.facts.next_step}"


def _wrapped(line: str, width: int) -> list[str]:
    # A word is never broken: somebody may copy it, or open it as an address.
    lines = textwrap.wrap(
        line,
        width,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [safe(each) for each in lines]  # what begins a line is another word than before


def _task(job: Job) -> str:
    instance = f" of instance {job.instance.name} ({job.instance.id})" if job.instance else ""
    progress = f", {job.progress} %" if job.progress is not None else ""
    return f"{job.name}{instance}, last status {job.status}{progress}"
