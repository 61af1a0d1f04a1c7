"""The life of a simulated job. Pure: the time is an argument.

Source of the record's shape and quirks: DDS API reference, "Obtaining Information About a Task
with a Specified ID".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Progress = Literal["truthful", "stuck", "staged", "absent"]

_STUCK_AT = 99
_STAGES = (0, 10, 40, 90)


@dataclass(frozen=True, slots=True)
class Plan:
    """One job, as it will go. Times in simulated seconds.

    Attributes:
        job_id: its ID.
        name: its task name.
        instance_id: what it works on.
        instance_name: the same, for people.
        submitted: when it was submitted.
        seconds: how long it runs.
        visible_after: how long its ID is unknown after submission.
        fail_reason: why it will fail; None lets it complete.
        progress: how its progress goes: truthful, stuck at 99 %, in stages, or absent.
        vanishes: whether its ID is unknown again once it has ended, as after deleting.
        status: a status to show instead of `Running`, to play undocumented ones.
    """

    job_id: str
    name: str
    instance_id: str
    instance_name: str
    submitted: float
    seconds: float
    visible_after: float = 0.0
    fail_reason: str | None = None
    progress: Progress = "truthful"
    vanishes: bool = False
    status: str = "Running"

    @property
    def ends(self) -> float:
        """When it ends."""
        return self.submitted + self.seconds

    def is_known(self, now: float) -> bool:
        """Whether its ID can be asked about."""
        return now >= self.submitted + self.visible_after and not (
            self.vanishes and now >= self.ends
        )

    def record(self, now: float, epoch: datetime) -> dict[str, Any]:
        """Return the v3 record as of `now`; `epoch` is the wall time of second 0."""
        over = now >= self.ends
        # While a job runs, `ended` holds the time of the last step, not of the end.
        ended = self.ends if over else now
        return {
            "id": self.job_id,
            "name": self.name,
            "status": self._status(over=over),
            "created": wall(self.submitted, epoch),
            "ended": wall(ended, epoch),
            "progress": "" if over else self._percent(now),
            "instance": {"id": self.instance_id, "name": self.instance_name},
            "fail_reason": self.fail_reason if over else None,
        }

    def task(self, now: float, epoch: datetime) -> dict[str, Any]:
        """Return the v3.1 record as of `now`, as it stands in a list."""
        shown = self.record(now, epoch)
        return {
            "id": self.job_id,
            "name": self.name.replace("_", ""),
            "status": shown["status"],
            "created_at": shown["created"],
            "ended_at": shown["ended"],
            "progress": shown["progress"],
            "instance_id": self.instance_id,
            "instance_name": self.instance_name,
            "fail_reason": self.fail_reason if now >= self.ends else "",
        }

    def _status(self, *, over: bool) -> str:
        if not over:
            return self.status
        return "Completed" if self.fail_reason is None else "Failed"

    def _percent(self, now: float) -> str:
        share = 100 * (now - self.submitted) / self.seconds
        match self.progress:
            case "truthful":
                return f"{int(share)}%"
            case "stuck":
                return f"{min(int(3 * share), _STUCK_AT)}%"
            case "staged":
                return f"{max(stage for stage in _STAGES if stage <= share)}%"
            case "absent":
                return ""


def wall(seconds: float, epoch: datetime) -> str:
    """Return a simulated time as DDS writes it: an offset without a colon."""
    return (epoch + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")
