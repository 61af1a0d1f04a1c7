"""Machine output as plain data, and the JSON Schema that describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddswait.events import Event, PollFailed, Progressed, Tracked, UnknownStatus, Visible
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.job import Job
    from ddswait.outcome import Outcome

SCHEMA_VERSION = 1
"""Grows when a field is dropped or changes its meaning; new fields may come at any time."""

_NAMES: dict[type[Event], str] = {
    Tracked: "tracked",
    Visible: "visible",
    Progressed: "progressed",
    PollFailed: "poll_failed",
    UnknownStatus: "unknown_status",
}


def dumps(record: object, indent: int | None = None) -> str:
    """Return JSON that no GitHub runner obeys: it looks for `##[` anywhere in a line."""
    return json.dumps(record, indent=indent, default=str).replace("##[", "##\\u005b")


def event_record(event: Event, label: str) -> dict[str, Any] | None:
    """Return a line of `--output jsonl`; None for what is none."""
    name = _NAMES.get(type(event))
    if name is None:
        return None
    record: dict[str, Any] = {"event": name, **_now(), "job_id": event.job_id, "label": label}
    match event:
        case Visible(_, job, _) | Progressed(_, job, _):
            record["job"] = job_record(job)
        case PollFailed(_, cause, pause):
            record |= {"cause": cause, "retry_delay_seconds": round(pause, 3)}
        case UnknownStatus(_, status):
            record["status"] = status
        case _:
            pass
    return record


def ended_record(entry: Entry) -> dict[str, Any]:
    """Return the line of `--output jsonl` for a wait that ended."""
    return {"event": "ended", **_now(), **entry_record(entry)}


def entry_record(entry: Entry) -> dict[str, Any]:
    """Return a job with its outcome."""
    assert entry.outcome is not None  # noqa: S101 - only ended waits are recorded
    return {"job_id": entry.job_id, "label": entry.label, **outcome_record(entry.outcome)}


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data for JSON."""
    refusal = outcome.refusal
    return {
        "job_id": outcome.job_id,
        "outcome": str(outcome.kind),
        "message": outcome.message,
        "waited_seconds": round(outcome.waited, 3),
        "polls": outcome.polls,
        "cause": outcome.cause,
        "refusal": refusal
        and {
            "http_status": refusal.http_status,
            "error_code": refusal.error_code,
            "error_msg": refusal.error_msg,
            "request_id": refusal.request_id,
        },
        "job": job_record(outcome.job) if outcome.job else None,
    }


def job_record(job: Job) -> dict[str, Any]:
    """Return a job as plain data for JSON: times in ISO 8601, progress in percent."""
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "created": job.created.isoformat() if job.created else None,
        "ended": job.ended.isoformat() if job.ended else None,
        "progress": job.progress,
        "instance": {"id": job.instance.id, "name": job.instance.name} if job.instance else None,
        "fail_reason": job.fail_reason,
    }


def summary_record(tally: Mapping[OutcomeKind, int], code: int) -> dict[str, Any]:
    """Return the counts of all outcomes and the exit code."""
    return {
        "schema_version": SCHEMA_VERSION,
        "exit_code": code,
        "summary": {str(kind): tally[kind] for kind in OutcomeKind if tally.get(kind)},
    }


def summary_line(tally: Mapping[OutcomeKind, int], code: int) -> dict[str, Any]:
    """Return the last line of `--output jsonl`."""
    return {"event": "summary", **_now(), **summary_record(tally, code)}


def document(table: JobTable, code: int) -> dict[str, Any]:
    """Return the document of `--output json`."""
    jobs = [entry_record(entry) for entry in table if entry.outcome is not None]
    return {**summary_record(table.tally, code), "jobs": jobs}


def _now() -> dict[str, str]:
    return {"time": datetime.now(UTC).isoformat(timespec="milliseconds")}


def _object(required: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"type": "object", "required": list(required), "properties": required, **more}


_TEXT = {"type": "string"}
_TEXT_OR_NONE = {"type": ["string", "null"]}
_TIME_OR_NONE = {"type": ["string", "null"], "format": "date-time"}
_KINDS = {
    "enum": [str(kind) for kind in OutcomeKind],
    "description": "how the wait ended; only completed is a success",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `--output json`, and under `$defs/line` that of a jsonl line."""
    job = _object(
        {
            "id": _TEXT,
            "name": {**_TEXT, "description": "the task name, no closed set"},
            "status": {**_TEXT, "description": "Running, Completed, Failed, or what DDS says"},
            "created": _TIME_OR_NONE,
            "ended": {**_TIME_OR_NONE, "description": "may be set while the job is Running"},
            "progress": {"type": ["integer", "null"], "description": "percent, while it runs"},
            "instance": {"anyOf": [_object({"id": _TEXT, "name": _TEXT}), {"type": "null"}]},
            "fail_reason": {**_TEXT_OR_NONE, "description": "DDS's own words"},
        }
    )
    refusal = _object(
        {
            "http_status": {"type": "integer"},
            "error_code": _TEXT,
            "error_msg": _TEXT,
            "request_id": _TEXT,
        }
    )
    outcome = {
        "job_id": _TEXT,
        "label": {**_TEXT, "description": "what the user calls the job, or empty"},
        "outcome": _KINDS,
        "message": {**_TEXT, "description": "one sentence for people"},
        "waited_seconds": {"type": "number", "minimum": 0, "description": "seconds"},
        "polls": {"type": "integer", "minimum": 0, "description": "questions answered"},
        "cause": {**_TEXT_OR_NONE, "description": "what went wrong with the last look"},
        "refusal": {"anyOf": [{"$ref": "#/$defs/refusal"}, {"type": "null"}]},
        "job": {"anyOf": [{"$ref": "#/$defs/job"}, {"type": "null"}]},
    }
    summary = {
        "schema_version": {
            "const": SCHEMA_VERSION,
            "description": "grows when a field is dropped or changes its meaning",
        },
        "exit_code": {"type": "integer", "description": "see ddswait --help"},
        "summary": {
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 1},
            "description": "how many waits ended in which way",
        },
    }
    time = {"type": "string", "format": "date-time"}
    happened = {"time": time, "job_id": _TEXT, "label": _TEXT}
    pause = {"type": "number", "minimum": 0, "description": "seconds until the next look"}
    lines = [
        _object({"event": {"const": "tracked"}, **happened}),
        _object(
            {
                "event": {"enum": ["visible", "progressed"]},
                **happened,
                "job": {"$ref": "#/$defs/job"},
            }
        ),
        _object(
            {
                "event": {"const": "poll_failed"},
                **happened,
                "cause": _TEXT,
                "retry_delay_seconds": pause,
            }
        ),
        _object({"event": {"const": "unknown_status"}, **happened, "status": _TEXT}),
        _object({"event": {"const": "ended"}, "time": time, **outcome}),
        _object({"event": {"const": "summary"}, "time": time, **summary}),
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ddswait --output json",
        **_object({**summary, "jobs": {"type": "array", "items": _object(outcome)}}),
        "$defs": {"job": job, "refusal": refusal, "line": {"oneOf": lines}},
    }
