"""Pictures of the live view, as text, of jobs in some state."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from ddswait.cli.job_table import Entry, JobTable
from ddswait.cli.output.live import LiveView
from ddswait.cli.output.terminal import Size
from ddswait.job import JobPhase
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.scheduler.durations import Durations
from ddswait.service.dds import SERVICE

if TYPE_CHECKING:
    from ddswait.cli.named import Named

ID = "c010abd0-48cf-4fa8-8cbc-090f093eaa2f"
NOW = 1100.0
BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
HALF = "\N{BOX DRAWINGS HEAVY LEFT}"
LINE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
X = "\N{MULTIPLICATION X}"


def picture(table: JobTable, width: int, lines: int = 50, encoding: str = "utf-8") -> list[str]:
    """Return the lines of the live view in a terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, color_system=None, markup=False)
    view = LiveView(console, table, Durations(), 2000.0)
    return [line.plain for line in view.picture(NOW, Size(width, lines))]


def seen(entry: Entry, status: str = "Running", progress: int = 40) -> None:
    """Make a job visible."""
    entry.job = SERVICE.read_record(
        {
            "id": entry.job_id,
            "name": "Create_MongoDB",
            "status": status,
            "progress": str(progress),
            "instance": {"id": "i", "name": "orders-db"},
        }
    )
    entry.created_at, entry.next_poll_at = NOW - 75, NOW + 8


def running(*jobs: Named) -> JobTable:
    table = JobTable(jobs, 1000.0)
    for entry in table:
        seen(entry)
    return table


REASON = "The flavor is sold out in az1, az2 and az3."


def failed(table: JobTable, key: str, reason: str | None = REASON) -> None:
    """End a job as failed."""
    before = table[key].job
    assert before is not None
    job = replace(before, status="Failed", phase=JobPhase.FAILED, fail_reason=reason)
    table.settle(Outcome(key, OutcomeKind.FAILED, job, waited=75.0), NOW)
