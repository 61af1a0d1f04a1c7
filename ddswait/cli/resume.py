"""The command of a run, and the one that resumes it if its jobs have not all ended.

The latter is to be copied. The IDs of many jobs do not fit into it: they are saved to a file.
"""

from __future__ import annotations

import shlex
import tempfile
from typing import TYPE_CHECKING

from ddswait.cli import defaults
from ddswait.cli.options import DEFAULTS, Options
from ddswait.cli.wrapping import cells
from ddswait.duration_text import exact
from ddswait.outcome import OutcomeKind
from ddswait.service.registry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.cli.job_table import Entry, JobTable

_MOST_IN_A_LOG = 20  # job IDs in a command


def resume_command(table: JobTable, options: Options, width: int | None = None) -> list[str]:
    """Return the words of the command that resumes the run; none if no job can still complete.

    Args:
        table: all jobs; every wait has ended.
        options: those of the run.
        width: the cells in which the command should fit; None for those of a log.
    """
    unfinished = [
        entry for entry in table if entry.outcome is None or entry.outcome.facts.may_still_complete
    ]
    # The same command would end the same way, and the cloud of the demo ends with it.
    if options.demo or all(entry.unresolved for entry in unfinished):
        return []
    if options.state:
        return _command(words(_with_time(options, unfinished)))
    given = words(options._replace(wait_for=_still_needed(table, options, len(unfinished))))
    ids = [_id(entry, table.service, options) for entry in unfinished]
    jobs = [
        f"{entry.label}={job_id}" if entry.label else job_id
        for entry, job_id in zip(unfinished, ids, strict=True)
    ]
    command = _command([*given, *jobs])
    fits = len(jobs) <= _MOST_IN_A_LOG if width is None else cells(" ".join(command)) <= width
    if len(jobs) > 1 and not fits and (path := _saved(jobs)):
        return [*_command([*given, "-"]), "<", shlex.quote(path)]
    return command


def _id(entry: Entry, main: str, options: Options) -> str:
    """Return the ID of a job, with its service if the command does not name it otherwise."""
    is_said = entry.service == main == (options.service or DEFAULT)
    return entry.job_id if is_said else f"{entry.service}:{entry.job_id}"


def given_command(options: Options) -> list[str]:
    """Return the words of the command that was given; of many jobs, only the first ones."""
    instances = [word for each in options.instance for word in ("--instance", each)]
    jobs = options.job_ids[:_MOST_IN_A_LOG]
    rest = len(options.job_ids) - len(jobs)
    more = [f"... and {rest} more"] if rest else []
    return [*_command([*words(options), *instances, *jobs]), *more]


def _saved(jobs: Sequence[str]) -> str:
    """Write jobs to a new file of the user's, and return its path; "" if that is not possible."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="ddswait-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.writelines(f"{each}\n" for each in jobs)
    except OSError:
        return ""
    return file.name


def _command(arguments: Sequence[str]) -> list[str]:
    return ["ddswait", *map(shlex.quote, arguments)]


def _with_time(options: Options, unfinished: Sequence[Entry]) -> Options:
    """Return the options with a timeout if the deadline of the state file has passed."""
    kinds = {entry.outcome.kind for entry in unfinished if entry.outcome}
    has_passed = kinds & {OutcomeKind.TIMED_OUT, OutcomeKind.NOT_READY}
    return options._replace(timeout=options.timeout or defaults.TIMEOUT) if has_passed else options


def _still_needed(table: JobTable, options: Options, unfinished: int) -> int | None:
    needed = (options.wait_for or 0) - table.tally[OutcomeKind.COMPLETED]
    return needed if 0 < needed < unfinished else None


def words(options: Options) -> list[str]:
    """Return the words of the command line that was given, without the job IDs."""
    words: list[str] = []
    for name, value, default in zip(Options._fields, options, DEFAULTS, strict=True):
        if name in {"job_ids", "instance"} or value == default:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(exact(value) if isinstance(value, float) else str(value))
    return words
