"""The job record, in the same form for every service.

A service (`ddswait/service/`) reads it from its own field names and status words.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class JobPhase(enum.StrEnum):
    """What a status word means; only `completed` and `failed` are final."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The status word is not documented: the job is waited for like a running one."""


FINAL_PHASES = frozenset({JobPhase.COMPLETED, JobPhase.FAILED})


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance, or the instance or node that a job works on."""

    id: str
    name: str

    def to_dict(self) -> dict[str, str]:
        """Return plain data for JSON."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as one reply described it.

    Attributes:
        id: the job ID.
        name: the task name in the words of one reply, such as `Create_MongoDB`; the set of names
            is open. Lists spell names otherwise than single polls: see `task`.
        status: the service's own word, such as `Running`; undocumented words are kept.
        created: when the job was created, timezone-aware; None when absent or unreadable.
        ended: when it ended, timezone-aware. DDS also fills it in while a job runs: only
            `phase` says whether a job has ended.
        progress: percent, while the service states it; else None.
        instance: the instance or node that the job works on, or None.
        fail_reason: the service's words on a failure, or None.
        raw: the record as it was received, with all fields that this class does not know.
        phase: what `status` means.
        is_deletion: whether the job deletes its instance.
        backup_follows: whether DDS may back the instance up right after the job.
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
    phase: JobPhase = JobPhase.RUNNING
    is_deletion: bool = False
    backup_follows: bool = False

    @property
    def task(self) -> str:
        """The task name in one spelling for all replies, such as `CreateMongoDB`.

        Polls (v3) say `Create_MongoDB` where lists (v3.1) say `CreateMongoDB`. The documented names
        are those of lists ("Querying Tasks and Details").
        """
        return self.name.replace("_", "")

    @property
    def is_final(self) -> bool:
        """Whether the job has ended: by `status` alone, never by `ended`."""
        return self.phase in FINAL_PHASES

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: times in ISO 8601, progress in percent, without `raw`."""
        return {
            "id": self.id,
            "name": self.task,
            "status": self.status,
            "created": self.created.isoformat() if self.created else None,
            "ended": self.ended.isoformat() if self.ended else None,
            "progress": self.progress,
            "instance": self.instance.to_dict() if self.instance else None,
            "fail_reason": self.fail_reason,
        }


@dataclass(frozen=True, slots=True)
class EarlierWait:
    """What is known from an earlier wait, for a job or for an instance, that is resumed.

    Attributes:
        waited: seconds since that wait began: the grace and the messages count from there.
        job: the record that it last saw; None if the job was not visible.
        age: seconds since the job was created; None if that is not known.
    """

    waited: float
    job: Job | None = None
    age: float | None = None
