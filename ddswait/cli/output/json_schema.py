"""The JSON Schema of the machine output."""

from __future__ import annotations

from typing import Any

from ddswait.outcome import OutcomeKind

VERSION = 1
"""Grows when a field is removed or changes its meaning; new fields may come at any time."""

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_TIME = {"type": "string", "format": "date-time"}
_TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": "number", "minimum": 0}
_SERVICE = {**_TEXT, "description": "the service that has the job, such as dds or rds"}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `--output json`, and under `$defs/line` that of a jsonl line."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ddswait --output json",
        **_object({**_SUMMARY, "jobs": {"type": "array", "items": _object(_OUTCOME)}}),
        "$defs": {"job": _JOB, "refusal": _REFUSAL, "line": {"oneOf": _lines()}},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_INSTANCE = _object({"id": _TEXT, "name": _TEXT})
_JOB = _object(
    {
        "id": _TEXT,
        "name": {**_TEXT, "description": "the task, without underscores; services may add names"},
        "status": {**_TEXT, "description": "Running, Completed, Failed, or what the service says"},
        "created": _TIME_OR_NULL,
        "ended": {**_TIME_OR_NULL, "description": "may be set while the job is still Running"},
        "progress": {"type": ["integer", "null"], "description": "percent, while the job runs"},
        "instance": _or_null(_INSTANCE),
        "fail_reason": {**_TEXT_OR_NULL, "description": "the service's own words"},
    }
)
_REFUSAL = _object(
    {
        "http_status": {"type": "integer"},
        "error_code": _TEXT,
        "error_msg": _TEXT,
        "request_id": _TEXT,
    }
)
_OUTCOME = {
    "job_id": {**_TEXT, "description": "empty for an instance without a job"},
    "label": {**_TEXT, "description": "the user's name for the job, or empty"},
    "service": _SERVICE,
    "instance": {
        **_or_null(_INSTANCE),
        "description": "what was waited for without a job (--instance); else null",
    },
    "outcome": {
        "enum": [str(kind) for kind in OutcomeKind],
        "description": "how the wait ended; only completed is a success",
    },
    "message": {**_TEXT, "description": "one sentence for people"},
    "waited_seconds": {**_SECONDS, "description": "seconds from tracking to the end"},
    "polls": {**_COUNT, "description": "how many requests about this job were answered"},
    "cause": {**_TEXT_OR_NULL, "description": "why the last poll failed, if it failed"},
    "refusal": _or_null({"$ref": "#/$defs/refusal"}),
    "job": _or_null({"$ref": "#/$defs/job"}),
}
_POLL_FAILED = {
    "instance_id": {**_TEXT, "description": "the instance that was polled; empty for a job"},
    "cause": _TEXT,
    "retry_delay_seconds": {**_SECONDS, "description": "seconds until the next poll"},
}
_SUMMARY = {
    "schema_version": {
        "const": VERSION,
        "description": "grows when a field is removed or changes its meaning",
    },
    "exit_code": {"type": "integer", "description": "see ddswait --help"},
    "summary": {
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 1},
        "description": "how many waits ended in which way",
    },
}


def _lines() -> list[dict[str, Any]]:
    """Return the schema of each kind of line of `--output jsonl`."""
    about_a_job = {"time": _TIME, "job_id": _TEXT, "label": _TEXT, "service": _SERVICE}
    job = {"$ref": "#/$defs/job"}
    return [
        _line("tracked", about_a_job),
        _line("visible", {**about_a_job, "job": job}),
        _line("progressed", {**about_a_job, "job": job}),
        _line("poll_failed", {**about_a_job, **_POLL_FAILED}),
        _line("unknown_status", {**about_a_job, "status": _TEXT}),
        _line("ended", {"time": _TIME, **_OUTCOME}),
        _line("summary", {"time": _TIME, **_SUMMARY}),
    ]


def _line(event: str, properties: dict[str, Any]) -> dict[str, Any]:
    return _object({"event": {"const": event}, **properties})
