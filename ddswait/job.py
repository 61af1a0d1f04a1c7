"""The job record, as DDS documents it.

Source: DDS API reference, "Obtaining Information About a Task with a Specified ID" (v3) and
"Querying the Task List" (v3.1), whose field names differ.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class JobStatus(enum.StrEnum):
    """The documented values of `status`. A reply may hold others: see `Job.status`."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"


_FINAL = frozenset({JobStatus.COMPLETED.value, JobStatus.FAILED.value})
_KNOWN = frozenset(status.value for status in JobStatus)


@dataclass(frozen=True, slots=True)
class Instance:
    """The instance (or node) that a job works on."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as one reply told it.

    Attributes:
        id: the job ID.
        name: the task name, such as `Create_MongoDB`; no closed set.
        status: `Running`, `Completed` or `Failed`; any other text survives and is not final.
        created: when the job was created, aware; None when absent or unreadable.
        ended: when it ended, aware. DDS also fills it in while a job is `Running`: only `status`
            tells whether a job is over.
        progress: percent, while DDS states it; else None.
        instance: the instance or node concerned, or None.
        fail_reason: DDS's words on a failure, or None.
        raw: the record as it was received, with all fields unknown to this class.
    """

    id: str
    name: str = ""
    status: str = ""
    created: datetime | None = None
    ended: datetime | None = None
    progress: int | None = None
    instance: Instance | None = None
    fail_reason: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def is_final(self) -> bool:
        """Whether the job is over: by `status` alone, never by `ended`."""
        return self.status in _FINAL

    @property
    def has_known_status(self) -> bool:
        """Whether `status` is one of the documented three."""
        return self.status in _KNOWN

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Job:
        """Read a record of v3 (`created`, `instance`) or of v3.1 (`created_at`, `instance_id`).

        Args:
            record: the object under `job`, or one entry of `jobs`. Fields of a wrong type are
                left out of the typed fields and kept in `raw`.
        """
        get = record.get
        progress = get("progress")
        reason = get("fail_reason")
        return cls(
            _text(get("id")),
            _text(get("name")),
            _text(get("status")),
            _moment(get("created") or get("created_at")),
            _moment(get("ended") or get("ended_at")),
            _percent(progress) if progress else None,
            _instance(record),
            _text(reason) or None if reason else None,
            record,
        )


def percent_of(record: Mapping[str, Any]) -> int | None:
    """Return the progress of a record in percent, however its version writes it; else None."""
    return _percent(record.get("progress"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _percent(value: object) -> int | None:
    if not isinstance(value, str) or not value:
        return None
    digits = value.removesuffix("%")
    # isdecimal alone lets other scripts' digits through; the length keeps int() from long work.
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else None  # noqa: PLR2004


def _instance(record: Mapping[str, Any]) -> Instance | None:
    nested = record.get("instance")
    if isinstance(nested, dict):
        found = Instance(_text(nested.get("id")), _text(nested.get("name")))
    else:
        found = Instance(_text(record.get("instance_id")), _text(record.get("instance_name")))
    return found if found.id or found.name else None
