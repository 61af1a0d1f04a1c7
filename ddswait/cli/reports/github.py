"""GitHub Actions: annotations, the step's summary, the step's outputs.

A server's text is escaped everywhere: it can inject no workflow command and no Markdown.

Source: "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.cli.output.failures import OPEN, failed_of, reason
from ddswait.cli.output.text import duration, human, safe, short
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddswait.cli.job_table import JobTable

_MOST = 10  # annotations of each kind and step that GitHub shows
_LONGEST = 1000  # characters of an annotation
_MOST_ROWS, _LONGEST_CELL = 500, 250
_LARGEST_SUMMARY = 900_000  # bytes; GitHub takes 1 MiB
_LARGEST_OUTPUT = 500_000  # all outputs of a job may have 1 MiB
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~&@:-])")


def commands(table: JobTable, code: int) -> list[str]:
    """Return at most ten workflow commands, a line each.

    What may yet end well is a warning, and so is everything when the policy was met all the same.
    """
    told = failed_of(table, code)
    lines = []
    for entry in told[: _MOST if len(told) <= _MOST else _MOST - 1]:
        assert entry.outcome is not None  # noqa: S101 - the filter above
        level = "warning" if code == 0 or entry.outcome.kind in OPEN else "error"
        title = _property(safe(f"DDS job {entry.name}: {human(entry.outcome.kind)}"))
        why = short(safe(reason(entry.outcome)), _LONGEST)
        lines.append(f"::{level} title={title}::{_data(why)}")
    if len(told) > len(lines):
        level = "warning" if code == 0 else "error"
        lines.append(f"::{level} title=DDS jobs::{len(told) - len(lines)} more did not complete")
    return lines


def write(table: JobTable, code: int, env: Mapping[str, str]) -> None:
    """Append to the files that the runner names.

    Raises:
        OSError: one of them cannot be written.
    """
    if path := env.get("GITHUB_STEP_SUMMARY"):
        _append(path, "\n".join(_summary(table, code)) + "\n")
    if path := env.get("GITHUB_OUTPUT"):
        _append(path, _outputs(table, code))


def _summary(table: JobTable, code: int) -> Iterator[str]:
    completed = table.tally[OutcomeKind.COMPLETED]
    yield f"### DDS jobs: {completed} of {len(table)} completed (exit code {code})"
    yield ""
    yield "| job | task | instance | outcome | waited | reason |"
    yield "|---|---|---|---|---|---|"
    entries = list(table)
    if len(entries) > _MOST_ROWS:
        entries.sort(key=lambda entry: entry.outcome is not None and entry.outcome.ok)
    size = shown = 0
    for entry in entries[:_MOST_ROWS]:
        outcome, job = entry.outcome, entry.job
        cells = (
            entry.name,
            job.name if job else "",
            job.instance.name if job and job.instance else "",
            human(outcome.kind) if outcome else "pending",
            duration(outcome.waited) if outcome else "",
            "" if outcome is None or outcome.ok else reason(outcome),
        )
        row = f"| {' | '.join(_markdown(short(safe(cell), _LONGEST_CELL)) for cell in cells)} |"
        size += len(row.encode()) + 1
        if size > _LARGEST_SUMMARY:
            break
        shown += 1
        yield row
    if shown < len(entries):
        yield ""
        yield f"{len(entries) - shown} more are left out, completed ones first."


def _outputs(table: JobTable, code: int) -> str:
    """Return the outputs.

    `exit-code`, the counts `completed`, `failed` (by DDS) and `not-completed` (for any reason),
    and `outcomes`, a JSON object of outcomes by label or job ID, empty when it is too large for
    an output.
    """
    completed = table.tally[OutcomeKind.COMPLETED]
    outcomes = json.dumps({each.name: str(each.outcome.kind) for each in table if each.outcome})
    values = {
        "exit-code": str(code),
        "completed": str(completed),
        "failed": str(table.tally[OutcomeKind.FAILED]),
        "not-completed": str(len(table) - completed),
        "outcomes": outcomes if len(outcomes) <= _LARGEST_OUTPUT else "",
    }
    end = f"ddswait-{secrets.token_hex(16)}"  # nothing in a value can end it early
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in values.items())


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", safe(text)).replace("\\<", "&lt;").replace("\\>", "&gt;")
