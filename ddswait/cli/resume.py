"""The command that resumes a run whose jobs have not all ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ddswait.cli import defaults
from ddswait.cli.duration_text import exact
from ddswait.cli.options import DEFAULTS, Options
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.cli.job_table import Entry, JobTable

_MOST_IN_A_COMMAND = 20  # job IDs; more are piped


def resume(table: JobTable, options: Options) -> list[str]:
    """Return the lines that say how to resume the run; none if no job can still complete."""
    unfinished = [
        entry for entry in table if entry.outcome is None or entry.outcome.facts.may_still_complete
    ]
    if not unfinished:
        return []
    if options.state:
        return _in_one_command(_words(_with_time(options, unfinished)))
    words = _words(options._replace(wait_for=_still_needed(table, options, len(unfinished))))
    jobs = [f"{each.label}={each.job_id}" if each.label else each.job_id for each in unfinished]
    if len(jobs) <= _MOST_IN_A_COMMAND:
        return _in_one_command([*words, *jobs])
    command = shlex.join(["ddswait", *words, "-"])
    return ["", f"to resume, pipe these lines to: {command}", *jobs]


def _in_one_command(words: Sequence[str]) -> list[str]:
    return ["", "to resume:", f"  {shlex.join(['ddswait', *words])}"]


def _with_time(options: Options, unfinished: Sequence[Entry]) -> Options:
    """Return the options with a timeout if the deadline of the state file has passed."""
    kinds = {entry.outcome.kind for entry in unfinished if entry.outcome}
    has_passed = kinds & {OutcomeKind.TIMED_OUT, OutcomeKind.NOT_READY}
    return options._replace(timeout=options.timeout or defaults.TIMEOUT) if has_passed else options


def _still_needed(table: JobTable, options: Options, unfinished: int) -> int | None:
    needed = (options.wait_for or 0) - table.tally[OutcomeKind.COMPLETED]
    return needed if 0 < needed < unfinished else None


def _words(options: Options) -> list[str]:
    """Return the words of the command line that was given, without the job IDs."""
    words: list[str] = []
    for name, value, default in zip(Options._fields, options, DEFAULTS, strict=True):
        if name in {"job_ids", "instance"} or value == default:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(exact(value) if isinstance(value, float) else str(value))
    return words
