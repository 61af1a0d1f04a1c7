"""GitHub Actions: annotations, the summary and the outputs of the step.

A server's text is escaped everywhere: it cannot add a workflow command or Markdown.

Source: "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe, safe_markdown
from ddswait.cli.output.reason_groups import failures_first, grouped, not_completed
from ddswait.cli.output.text import jobs_of, names, reason
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.reason_groups import ReasonGroup
    from ddswait.outcome import Outcome

_MOST = 10  # GitHub shows as many annotations of each level and step
_LONGEST = 1000  # characters of an annotation
_MOST_ROWS, _LONGEST_CELL = 500, 250
_LARGEST_SUMMARY = 900_000  # bytes; GitHub accepts 1 MiB
_LARGEST_OUTPUT = 500_000  # characters; all outputs of a job may have 1 MiB


def commands(table: JobTable, code: int) -> list[str]:
    """Return at most ten workflow commands, a line each: one for jobs that ended alike.

    A job that may still complete is a warning, and so is every job if the policy was met anyway.

    Args:
        table: all jobs; every wait has ended.
        code: the exit code.
    """
    groups = grouped(not_completed(table))
    shown = groups[: _MOST if len(groups) <= _MOST else _MOST - 1]
    jobs = jobs_of(table)
    lines = [_command(group, code, jobs) for group in shown]
    if rest := sum(len(group.members) for group in groups[len(shown) :]):
        level = "warning" if code == 0 else "error"
        lines.append(f"::{level} title={jobs}::{rest} more did not complete")
    return lines


def _command(group: ReasonGroup, code: int, jobs: str) -> str:
    entry, outcome = group.members[0]
    level = "warning" if code == 0 or outcome.facts.may_still_complete else "error"
    if len(group.members) == 1:
        title = f"{jobs.removesuffix('s')} {entry.name}: {outcome.facts.label}"
        text = reason(outcome)
    else:
        title = f"{len(group.members)} {jobs}: {outcome.facts.label}"
        members = names([each.name for each, _ in group.members])
        text = f"{members}: {group.sentence}" if group.sentence else members
    return f"::{level} title={_property(safe(title))}::{_data(safe(text, _LONGEST))}"


def write(table: JobTable, code: int, env: Mapping[str, str]) -> None:
    """Append to the files that the runner names.

    Args:
        table: all jobs; every wait has ended.
        code: the exit code.
        env: the environment.

    Raises:
        OSError: one of the files cannot be written.
    """
    if path := env.get("GITHUB_STEP_SUMMARY"):
        _append(path, "\n".join(_summary(table, code)) + "\n")
    if path := env.get("GITHUB_OUTPUT"):
        _append(path, _outputs(table, code))


def _summary(table: JobTable, code: int) -> Iterator[str]:
    """Yield the lines of the summary, as many rows as GitHub accepts."""
    completed = table.tally[OutcomeKind.COMPLETED]
    title = jobs_of(table)
    title = f"{title[0].upper()}{title[1:]}"
    yield f"### {title}: {completed} of {len(table)} completed (exit code {code})"
    yield ""
    yield "| job | task | instance | outcome | waited | reason |"
    yield "|---|---|---|---|---|---|"
    size = shown = 0
    for entry, outcome in failures_first(table, _MOST_ROWS):
        row = _row(entry, outcome)
        size += len(row.encode()) + 1
        if size > _LARGEST_SUMMARY:
            break
        shown += 1
        yield row
    if shown < len(table):
        yield ""
        yield f"{len(table) - shown} more are left out, completed jobs first."


def _row(entry: Entry, outcome: Outcome) -> str:
    job = entry.job
    cells = (
        entry.name,
        job.task if job else "",
        job.instance.name if job and job.instance else "",
        outcome.facts.label,
        duration(outcome.waited),
        "" if outcome.ok else reason(outcome),
    )
    return f"| {' | '.join(safe_markdown(cell, _LONGEST_CELL) for cell in cells)} |"


def _outputs(table: JobTable, code: int) -> str:
    """Return the outputs of the step.

    `exit-code`, the counts `completed`, `failed` (by the service) and `not-completed` (for any
    reason), and `outcomes`, a JSON object of outcomes by label or job ID, which is empty when it is
    too large for an output.
    """
    completed = table.tally[OutcomeKind.COMPLETED]
    outcomes = json.dumps(
        {entry.label or entry.job_id: str(outcome.kind) for entry, outcome in table.ended}
    )
    values = {
        "exit-code": str(code),
        "completed": str(completed),
        "failed": str(table.tally[OutcomeKind.FAILED]),
        "not-completed": str(len(table) - completed),
        "outcomes": outcomes if len(outcomes) <= _LARGEST_OUTPUT else "",
    }
    end = f"ddswait-{secrets.token_hex(16)}"  # no value can contain it
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in values.items())


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
