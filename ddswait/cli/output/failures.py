"""What is told last: every job that did not complete, why, and what to do next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ddswait.cli.output.text import duration, human, safe, short
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

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
_MOST_IN_A_COMMAND = 20  # IDs; more are piped
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


def resume(
    table: JobTable, arguments: argparse.Namespace, parser: argparse.ArgumentParser
) -> list[str]:
    """Return the lines that tell how to go on waiting; none when nothing is open."""
    open_ends = [entry for entry in table if entry.outcome is None or entry.outcome.kind in OPEN]
    if not open_ends:
        return []
    if arguments.state:
        words = list(_options(arguments, parser, set()))
        kinds = {entry.outcome.kind for entry in open_ends if entry.outcome}
        if kinds & {OutcomeKind.TIMED_OUT, OutcomeKind.NOT_READY} and arguments.timeout is None:
            words += ["--timeout", "1h"]  # the first deadline has passed
        return ["", "to go on:", f"  {shlex.join(['ddswait', *words])}"]
    words = [
        f"{entry.label}={entry.job_id}" if entry.label else entry.job_id for entry in open_ends
    ]
    needed = (arguments.wait_for or 0) - table.tally[OutcomeKind.COMPLETED]
    policy = ["--wait-for", str(needed)] if 0 < needed < len(words) else []
    options = [*_options(arguments, parser, {"wait_for"}), *policy]
    if len(words) <= _MOST_IN_A_COMMAND:
        return ["", "to go on:", f"  {shlex.join(['ddswait', *options, *words])}"]
    command = shlex.join(["ddswait", *options, "-"])
    return ["", f"to go on, pipe these lines to: {command}", *words]


def _options(
    arguments: argparse.Namespace, parser: argparse.ArgumentParser, left_out: set[str]
) -> Sequence[str]:
    """Return the options that were given, as words."""
    words: list[str] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        value = getattr(arguments, action.dest, None)
        given = action.option_strings and value is not None and value != action.default
        if not given or action.dest in left_out:
            continue
        words.append(action.option_strings[-1])
        if value is not True:
            words.append(f"{value:g}" if isinstance(value, float) else str(value))
    return words
