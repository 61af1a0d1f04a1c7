"""The life of a simulated job. Pure: the time is an argument.

What a job looks like in JSON belongs to the service that shows it; see `dds` and `rds`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from ddswait.simulator.actions import action_of

Progress = Literal["truthful", "stuck", "staged", "absent"]

_RUNNING = "Running"
_STUCK_AT = 99
_STAGES = (0, 10, 40, 90)


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one job, and when. All times are in simulated seconds.

    Attributes:
        job_id: the job's ID.
        name: the name of the task, such as `Create_MongoDB`.
        instance_id: the instance that the job works on.
        instance_name: the name of that instance.
        submitted: when the job was submitted.
        seconds: how long the job runs; infinity holds it until `released`.
        visible_after: for how long after its submission the ID is unknown.
        fail_reason: why the job fails; None lets it complete.
        progress: how the percentage moves: truthful, stuck at 99 %, in stages, or absent.
        vanishes: whether the ID is unknown again after the end, as it is after a deletion.
        status: what to show while the job runs, for statuses that are not documented.
        shown_action: what the instance shows meanwhile; "" for what belongs to the name.
        service: the service that runs the job.
        waits_for: for how long it is Pending before it runs, in services that have this status.
        canceled: whether a user cancels it, so that it ends as Canceled.
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
    status: str = _RUNNING
    shown_action: str = ""
    service: str = "dds"
    waits_for: float = 0.0
    canceled: bool = False

    @property
    def action(self) -> str:
        """What the instance shows while the job runs."""
        return self.shown_action or action_of(self.name)

    @property
    def ends(self) -> float:
        """When the job ends; infinity while it is held."""
        return self.submitted + self.seconds

    @property
    def is_held(self) -> bool:
        """Whether the job runs until it is released."""
        return self.seconds == inf

    def released(self, now: float, fails: str | None) -> Plan:
        """Return the plan of this held job when it ends now.

        Args:
            now: the present, in simulated seconds.
            fails: why the job fails; None keeps what the plan says.

        Raises:
            ValueError: the job is not held.
        """
        if not self.is_held:
            raise ValueError(f"job {self.job_id!r} is not held: only a held job can be released")
        return replace(self, seconds=now - self.submitted, fail_reason=fails or self.fail_reason)

    def is_known(self, now: float) -> bool:
        """Return whether the service knows the job's ID."""
        is_gone = self.vanishes and self.is_over(now)
        return now >= self.submitted + self.visible_after and not is_gone

    def is_over(self, now: float) -> bool:
        """Return whether the job has ended."""
        return now >= self.ends

    def status_at(self, now: float) -> str:
        """Return the status that the service shows."""
        if not self.is_over(now):
            is_running = now >= self.submitted + self.waits_for or self.status != _RUNNING
            return self.status if is_running else "Pending"
        if self.canceled:
            return "Canceled"
        return "Completed" if self.fail_reason is None else "Failed"

    def percent(self, now: float) -> int | None:
        """Return the progress that the service shows; None if it shows none."""
        if self.is_over(now) or self.progress == "absent":
            return None
        share = 100 * (now - self.submitted) / self.seconds
        match self.progress:
            case "truthful":
                return int(share)
            case "stuck":
                return min(int(3 * share), _STUCK_AT)
            case "staged":
                return max(stage for stage in _STAGES if stage <= share)
