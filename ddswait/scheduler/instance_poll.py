"""After the job: whether its instance takes the next operation. Pure.

DDS takes one operation at a time: while an instance has operations under way, the next one is
refused with an error. So some users wait for the instance as well as for the job.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import messages, retry_delay
from ddswait.scheduler.poll import Poll

if TYPE_CHECKING:
    from ddswait.scheduler.poll import PollContext, PollSettings
    from ddswait.service.replies import Failure, InstanceState


class InstancePoll(Poll):
    """The wait of one subscriber for the instance of a job that completed.

    Args:
        outcome: that of the job; `completed`, and its job names an instance.
        since: when the job ended.
        deadline: when to give up.
        subscriber: who waits; the scheduler only passes it on.

    Attributes:
        outcome: that of the job.
    """

    __slots__ = ("_state", "outcome")

    is_of_instance = True

    def __init__(self, outcome: Outcome, since: float, deadline: float, subscriber: object) -> None:
        super().__init__(outcome.job_id, since, deadline, subscriber)
        self.outcome = outcome
        self._state = messages.NEVER_POLLED

    def __repr__(self) -> str:
        return f"<InstancePoll {self.instance_id}, due at {self.due:.1f}>"

    @property
    def key(self) -> object:
        """What tells this poll from the others: several subscribers may wait for one instance."""
        return self.subscriber

    @property
    def instance_id(self) -> str:
        """What to poll."""
        return instance_of(self.outcome)

    # ---- replies

    def seen(self, state: InstanceState, now: float, context: PollContext) -> Outcome | None:
        """Take the state that a poll brought; return the outcome if the wait has ended."""
        self._answered()
        self.succeeded_at, self.failures, self.throttled, self.cause = now, 0, False, None
        job = self.outcome.job
        is_gone = not state.is_found and job is not None and job.is_deletion
        if state.is_ready or is_gone:
            return self._end(OutcomeKind.COMPLETED, self.outcome.message, now)
        self._state = state.description
        if state.is_hopeless:
            return self._not_ready(now)
        delay = retry_delay.while_unknown(self.polls, context.random)
        return self._continue(min(context.settings.interval, delay), now)

    def failed(self, failure: Failure, now: float, context: PollContext) -> Outcome | None:
        """Take a failed poll; return the outcome if the deadline has passed."""
        self._answered()
        self._state = messages.last_poll_failed(failure.cause)
        self.note_failure(failure, now, context)
        return self._not_ready(now) if now >= self.deadline else None

    def denied(self, refusal: Refusal, now: float) -> Outcome:
        """Take a refusal that concerns this instance only."""
        self._answered()
        self._state = f"the request was refused: {refusal}"
        return self._not_ready(now)

    def _answered(self) -> None:
        self.cut_at = None
        self.polls += 1

    def _continue(self, delay: float, now: float) -> Outcome | None:
        if now >= self.deadline:
            return self._not_ready(now)
        self.schedule(delay, now)
        return None

    # ---- how it ends

    def refused(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a refusal that concerns every poll of an instance."""
        message = messages.instance_refused(
            self.job_id, self.instance_id, settings.location, refusal
        )
        return self._end(OutcomeKind.REFUSED, message, now, refusal)

    def unreachable(
        self,
        cause: str,
        since: float,  # noqa: ARG002 - as of a job
        now: float,
        settings: PollSettings,  # noqa: ARG002 - as of a job
    ) -> Outcome:
        """Return the outcome of a service that was unreachable for too long."""
        self.cause, self._state = cause, messages.last_poll_failed(cause)
        return self._not_ready(now)

    def timed_out(self, since: float, now: float, unsent: str = "") -> Outcome:  # noqa: ARG002 - as of a job
        """Return the outcome of a wait whose deadline has passed."""
        return self._not_ready(now)

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        return self._end(OutcomeKind.PENDING, messages.instance_pending(), now)

    def _not_ready(self, now: float) -> Outcome:
        message = messages.instance_not_ready(
            self.job_id, self.instance_id, now - self.since, self._state
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


def instance_of(outcome: Outcome) -> str:
    """Return the ID of a job's instance; "" when it names none, so there is nothing to wait for."""
    return outcome.job.instance.id if outcome.job and outcome.job.instance else ""
