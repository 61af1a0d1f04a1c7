"""After the job: whether its instance takes the next operation. Pure.

DDS takes one operation at a time: while an instance has pending `actions`, or is anything but
`normal`, the next one is refused with DBS.200019.

Source: "Querying Instances and Details" of the DDS API reference; that `normal` with actions
counts as busy, Huawei's Terraform provider.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import retry_delay as pauses
from ddswait.scheduler.poll import Poll
from ddswait.service.dds import InstanceState, Throttled, TransientFailure

if TYPE_CHECKING:
    from random import Random

    from ddswait.job import Job
    from ddswait.scheduler.job_poll import PollSettings

    State = InstanceState | TransientFailure | Throttled | Refusal

_HOPELESS = frozenset({"createfail", "enlargefail"})
_FORBIDDEN = 403


class InstancePoll(Poll):
    """The wait of one caller for the instance of a job that completed.

    Args:
        outcome: that of the job; `completed`, and its job names an instance.
        since: when the job ended.
        deadline: when to give up.
        owner: who waits; never looked into.

    Attributes:
        outcome: that of the job.
    """

    __slots__ = ("_told", "outcome")

    def __init__(self, outcome: Outcome, since: float, deadline: float, owner: object) -> None:
        super().__init__(outcome.job_id, since, deadline, owner)
        self.outcome = outcome
        self._told = "it was not looked at"

    def __repr__(self) -> str:
        return f"<Readiness {self.instance_id}, due at {self.due:.1f}>"

    @property
    def instance_id(self) -> str:
        """What to look at."""
        return instance_of(self.outcome)

    def take(self, reply: State, now: float, rules: PollSettings, random: Random) -> Outcome | None:
        """Take the answer to a look; return how it ended, or None when it goes on.

        Args:
            reply: the answer.
            now: the time.
            rules: intervals and bounds.
            random: the source of jitter.
        """
        self.by = None
        self.polls += 1
        match reply:
            case InstanceState():
                return self._seen(reply, now, rules, random)
            case Refusal():
                self._told = f"the question was refused: {reply}"
                return self._not_ready(now)
            case TransientFailure(cause) | Throttled(cause):
                self.faults += 1
                self.cause, self._told = cause, f"the last look failed: {cause}"
                return self._go_on(self._pause_after(reply, random), now)

    def _seen(
        self, state: InstanceState, now: float, rules: PollSettings, random: Random
    ) -> Outcome | None:
        self.good_at, self.faults, self.cause = now, 0, None
        gone = not state.found and _is_deletion(self.outcome.job)
        if gone or state == InstanceState(found=True, status="normal"):
            return self._end(OutcomeKind.COMPLETED, self.outcome.message, now)
        self._told = _told(state.status, state.actions) if state.found else _NOT_FOUND
        if state.status in _HOPELESS:
            return self._not_ready(now)
        return self._go_on(min(rules.interval, pauses.while_not_visible(self.polls, random)), now)

    def _go_on(self, pause: float, now: float) -> Outcome | None:
        if now >= self.deadline:
            return self._not_ready(now)
        self._look_after(pause, now)
        return None

    def refused(self, refusal: Refusal, now: float, rules: PollSettings) -> Outcome:
        """Return the outcome of a refusal that concerns every look at an instance."""
        forbidden = refusal.http_status == _FORBIDDEN
        hint = "ask for the permission dds:instance:list" if forbidden else refusal.hint
        message = (
            f"job {self.job_id} completed; the question whether its instance {self.instance_id} "
            f"is ready was refused by {rules.place}: {refusal}{hint and f'; {hint}'}"
        )
        return self._end(OutcomeKind.REFUSED, message, now, refusal)

    def unreached(self, cause: str, now: float, rules: PollSettings) -> Outcome:  # noqa: ARG002 - as of a job
        """Return the outcome of having been blind for too long."""
        self.cause, self._told = cause, f"the last look failed: {cause}"
        return self._not_ready(now)

    def timed_out(self, deadline: float, now: float) -> Outcome:  # noqa: ARG002 - as of a job
        """Return the outcome of a wait whose deadline has passed."""
        return self._not_ready(now)

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        message = "the job completed; its instance is not ready yet"
        return self._end(OutcomeKind.PENDING, message, now)

    def _not_ready(self, now: float) -> Outcome:
        message = (
            f"job {self.job_id} completed, but its instance {self.instance_id} was not ready after "
            f"{now - self.since:.0f} s more: {self._told}"
        )
        return self._end(OutcomeKind.NOT_READY, message, now)

    def _end(
        self, kind: OutcomeKind, message: str, now: float, refusal: Refusal | None = None
    ) -> Outcome:
        return replace(
            self.outcome,
            kind=kind,
            message=message,
            cause=self.cause,
            refusal=refusal,
            waited=self.outcome.waited + now - self.since,
            polls=self.outcome.polls + self.polls,
        )


_NOT_FOUND = (
    "no instance has this ID (jobs name nodes as well; then look at the instance in the console)"
)


def instance_of(outcome: Outcome) -> str:
    """Return the ID of a job's instance; "" when it names none, so there is nothing to wait for."""
    return outcome.job.instance.id if outcome.job and outcome.job.instance else ""


def _told(status: str, actions: tuple[str, ...]) -> str:
    pending = f", with {', '.join(actions)} pending" if actions else ""
    return f"it is {status}{pending}"


def _is_deletion(job: Job | None) -> bool:
    return job is not None and job.name.lower().startswith("delete")
