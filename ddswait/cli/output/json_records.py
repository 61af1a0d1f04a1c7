"""The machine output as plain data; `json_schema` describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_never

from ddswait.cli.escaping import safe_json
from ddswait.cli.output import json_schema
from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Polled,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.outcome import Outcome


def dumps(record: object, indent: int | None = None) -> str:
    """Return a record as JSON that can be printed anywhere."""
    return safe_json(json.dumps(record, indent=indent, default=str))


def event_record(event: Event, entry: Entry | None) -> dict[str, Any] | None:
    """Return the line of `--output jsonl` for an event; None if it has none.

    Args:
        event: what happened.
        entry: the job that it is about; None for an event about all jobs.
    """
    match event:
        case Tracked(job_id):
            return _line("tracked", job_id, entry)
        case Visible(job_id, job, _):
            return _line("visible", job_id, entry, job=job.to_dict())
        case Progressed(job_id, job, _):
            return _line("progressed", job_id, entry, job=job.to_dict())
        case PollFailed(job_id, cause, delay, instance_id):
            more = {"cause": cause, "retry_delay_seconds": round(delay, 3)}
            return _line("poll_failed", job_id, entry, instance_id=instance_id, **more)
        case UnknownStatus(job_id, status):
            return _line("unknown_status", job_id, entry, status=status)
        case Polled() | ListRefused() | RenewalFailed() | Ended():
            return None
        case _:
            assert_never(event)


def _line(event: str, job_id: str, entry: Entry | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    label, service = (entry.label, entry.service) if entry else ("", "")
    named = {"job_id": job_id, "label": label, "service": service}
    return {"event": event, "time": _now(), **named, **more}


def ended_record(entry: Entry, outcome: Outcome) -> dict[str, Any]:
    """Return the line of `--output jsonl` for a wait that ended."""
    return {"event": "ended", "time": _now(), **outcome_record(entry, outcome)}


def outcome_record(entry: Entry, outcome: Outcome) -> dict[str, Any]:
    """Return a job, or an instance, with its outcome as plain data for JSON."""
    # The user may have renamed the job, and shows it by that name.
    return {**outcome.to_dict(), "label": entry.label, "service": entry.service}


def summary_line(tally: Mapping[OutcomeKind, int], code: int) -> dict[str, Any]:
    """Return the last line of `--output jsonl`."""
    return {"event": "summary", "time": _now(), **_summary(tally, code)}


def document(table: JobTable, code: int) -> dict[str, Any]:
    """Return the document of `--output json`."""
    jobs = [outcome_record(entry, outcome) for entry, outcome in table.ended]
    return {**_summary(table.tally, code), "jobs": jobs}


def _summary(tally: Mapping[OutcomeKind, int], code: int) -> dict[str, Any]:
    return {
        "schema_version": json_schema.VERSION,
        "exit_code": code,
        "summary": {str(kind): tally[kind] for kind in OutcomeKind if tally.get(kind)},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
