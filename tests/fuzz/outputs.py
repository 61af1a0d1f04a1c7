"""A target that shows what a reply said: no text of a server breaks or steers any output."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output import json_records
from ddswait.cli.output.failures import failures
from ddswait.cli.output.live_rows import grid, row
from ddswait.cli.output.text import result_line
from ddswait.cli.reports import github, html, junit
from ddswait.events import Visible
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import messages
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobSeen
from tests.fuzz.replies import JOB_ID, reply_of

if TYPE_CHECKING:
    from ddswait.job import Job

_NOW = 1_800_000_000.0


def show_reply(data: bytes) -> None:
    """Whatever a reply says, each output is in its own form, and commands nothing."""
    reply = SERVICE.read_job(JOB_ID, *reply_of(data))
    table = JobTable([Named(JOB_ID, "orders")], _NOW)
    job = reply.job if isinstance(reply, JobSeen) else None
    if job is not None:
        table.take(Visible(JOB_ID, job), _NOW)
    row(table[JOB_ID], _NOW, inf, is_plain=False)
    entry = table.settle(_outcome(reply, job), _NOW + 60)
    assert entry.outcome is not None
    grid([row(entry, _NOW + 60, _NOW + 90, is_plain=True)], 80, "ellipsis")
    ET.fromstring(junit.document(table, 1, _NOW + 60).encode())  # noqa: S314 - our own
    html.document(table, 1, _NOW + 60).encode()
    for line in [result_line(entry, entry.outcome), *failures(table, 1)]:
        _check_line(line.replace("\t", " "))
    assert all(line.isprintable() for line in failures(table, 1, 80))
    for command in github.commands(table, 1):
        assert command.isprintable()
        assert command.startswith("::")
    document = json_records.dumps(json_records.document(table, 1))
    _check_line(document)
    assert json.loads(document)["jobs"][0]["job_id"] == JOB_ID


def _outcome(reply: object, job: Job | None) -> Outcome:
    if job is not None:
        kind = OutcomeKind.COMPLETED if job.phase.name == "COMPLETED" else OutcomeKind.FAILED
        return Outcome(JOB_ID, kind, job, messages.failed(job), waited=60.0)
    if isinstance(reply, Refusal):
        message = messages.refused(JOB_ID, "here", reply)
        return Outcome(JOB_ID, OutcomeKind.REFUSED, None, message, refusal=reply)
    cause = getattr(reply, "cause", None) or str(reply)
    message = messages.unreachable(JOB_ID, 60.0, "here", cause)
    return Outcome(JOB_ID, OutcomeKind.UNREACHABLE, None, message, cause)


def _check_line(line: str) -> None:
    assert line.isprintable()
    assert not line.lstrip().startswith("::")
    assert "##[" not in line
