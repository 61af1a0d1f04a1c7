"""After the job: whether its instance takes the next operation. Pure.

DDS takes one operation at a time: while an instance has pending `actions`, or is anything but
`normal`, the next one is refused with DBS.200019.

Source: "Querying Instances and Details" of the DDS API reference; that `normal` with actions
counts as busy, Huawei's Terraform provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait import pauses
from ddswait.api import Fault, InstanceState, Throttled
from ddswait.outcome import Outcome, OutcomeKind, Refusal

if TYPE_CHECKING:
    from random import Random

    from ddswait.job import Job
    from ddswait.watch import Rules

    Reply = InstanceState | Fault | Throttled | Refusal

_HOPELESS = frozenset({"createfail", "enlargefail"})
_SOON = 0.5


class Readiness:
    """The wait for the instance of one job that completed.

    Args:
        outcome: that of the job; `completed`.
        since: when the job ended.
        deadline: when to give up.
        rules: intervals and bounds.
        random: the source of jitter.

    Attributes:
        outcome: that of the job.
        due: when the next look is due.
    """

    def __init__(
        self, outcome: Outcome, since: float, deadline: float, rules: Rules, random: Random
    ) -> None:
        self.outcome = outcome
        self._since = self.due = since
        self._deadline = deadline
        self._rules = rules
        self._random = random
        self._looks = self._faults = 0
        self._told = "it was not looked at"

    @property
    def instance_id(self) -> str:
        """What to look at; "" when the job names no instance, so there is nothing to wait for."""
        job = self.outcome.job
        return job.instance.id if job and job.instance else ""

    def take(self, reply: Reply, now: float) -> Outcome | None:
        """Take the answer to a look; return how it ended, or None when it goes on."""
        self._looks += 1
        match reply:
            case InstanceState(True, "normal", ()):
                return self.outcome
            case InstanceState(found, status, actions):
                self._faults = 0
                if not found and _is_deletion(self.outcome.job):
                    return self.outcome
                self._told = _told(status, actions) if found else _NOT_FOUND
                if status in _HOPELESS:
                    return self._not_ready(now)
                pause = min(
                    self._rules.interval, pauses.while_not_visible(self._looks, self._random)
                )
            case Refusal():
                self._told = f"the question was refused: {reply}"
                return self._not_ready(now)
            case Fault(cause, retry_after) | Throttled(cause, retry_after):
                self._faults += 1
                self._told = f"the last look failed: {cause}"
                pause = pauses.after_fault(self._faults, retry_after, self._random)
        if now >= self._deadline:
            return self._not_ready(now)
        self.due = now + pause
        if self.due > self._deadline - _SOON:
            self.due = self._deadline
        return None

    def _not_ready(self, now: float) -> Outcome:
        job_id, job = self.outcome.job_id, self.outcome.job
        message = (
            f"job {job_id} completed, but its instance {self.instance_id} was not ready after "
            f"{now - self._since:.0f} s more: {self._told}"
        )
        waited = self.outcome.waited + now - self._since
        polls = self.outcome.polls + self._looks
        return Outcome(job_id, OutcomeKind.NOT_READY, job, message, waited=waited, polls=polls)


_NOT_FOUND = (
    "no instance has this ID (jobs name nodes as well; then look at the instance in the console)"
)


def _told(status: str, actions: tuple[str, ...]) -> str:
    pending = f", with {', '.join(actions)} pending" if actions else ""
    return f"it is {status}{pending}"


def _is_deletion(job: Job | None) -> bool:
    return job is not None and job.name.lower().startswith("delete")
