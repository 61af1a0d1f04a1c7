"""Whether an instance takes the next operation, after a job or without one. Pure.

A service takes one operation at a time: while an instance has operations under way, the next one is
refused with an error. So some users wait for the instance as well as for the job. Others know no
job: that of a prepaid order, for example, is not shown by the API.

      ready, and a backup may follow                     ready 10 s later
polled ─────────────────────────────► to be confirmed ─────────────────────► completed
  ▲ │  ready                                │ anything else
  │ └───────────────────────────────────────│──────────────────────────────► completed
  └─────────────────────────────────────────┘

The rules

1. A service backs an instance up by itself some seconds after its creation or restoration. So after
such a job, and without a job, since the instance may be new, two polls at least CONFIRM apart
must find it ready. A failed poll between them says nothing.
2. The last poll, at the deadline, needs no confirmation: its reply is the best there is.
3. An instance that is missing is polled again: a new one may be listed late. Without a job it is
not found after the grace, as a job is; an instance that was seen has vanished when two polls in
a row miss it.
4. With a job, a wait that ends after the last poll is `not_ready`: the job completed. Without
one, it is `timed_out`. When the service was unreachable for too long, each is `unreachable`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.job import Instance
from ddswait.outcome import Outcome, OutcomeKind, Refusal, ended_as
from ddswait.scheduler import instance_messages as messages
from ddswait.scheduler import retry_delay
from ddswait.scheduler.messages import NEVER_POLLED, last_poll_unsent
from ddswait.scheduler.poll import NO_TROUBLE, Poll
from ddswait.scheduler.poll_settings import SHORTEST_POLL

if TYPE_CHECKING:
    from ddswait.scheduler.poll import PollContext
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.service.replies import Failure, InstanceState

CONFIRM = 10.0
"""Seconds between two polls that confirm each other: a backup begins within that time."""

_MISSES = 2  # polls in a row that must miss an instance that was seen


class InstancePoll(Poll):
    """The wait of one subscriber for one instance.

    Args:
        outcome: that of the job, which completed and names an instance; or outcome_without_job().
        since: when the job ended, or the wait began.
        deadline: when to give up.
        subscriber: who waits; the scheduler only passes it on.

    Attributes:
        outcome: see the arguments.
        instance_id: what to poll.
    """

    __slots__ = (
        "_began_at",
        "_misses",
        "_ready_at",
        "_state",
        "_was_found",
        "instance_id",
        "outcome",
    )

    is_of_instance = True

    def __init__(self, outcome: Outcome, since: float, deadline: float, subscriber: object) -> None:
        super().__init__(outcome.job_id, since, deadline, subscriber)
        self.outcome = outcome
        self.instance_id = instance_of(outcome)
        # Without a job, an earlier wait that is resumed counts; with one, that was the job's.
        self._began_at = since - outcome.waited if outcome.job is None else since
        self._state = NEVER_POLLED
        self._ready_at: float | None = None
        self._was_found = False
        self._misses = 0

    def __repr__(self) -> str:
        return f"<InstancePoll {self.instance_id}, due at {self.due:.1f}>"

    @property
    def key(self) -> object:
        """What tells this poll from the others: several subscribers may wait for one instance."""
        return self.subscriber

    @property
    def is_unconfirmed(self) -> bool:
        """Whether a poll found the instance ready, and another one must find it so too."""
        return self._ready_at is not None

    # ---- replies

    def seen(self, state: InstanceState, now: float, context: PollContext) -> Outcome | None:
        """Take the state that a poll brought; return the outcome if the wait has ended."""
        self._answered()
        self.succeeded_at, self.trouble = now, NO_TROUBLE
        if not state.is_found:
            return self._missing(state, now, context)
        self._was_found, self._misses = True, 0
        if state.is_ready:
            return self._ready(now)
        self._ready_at = None
        self._state = state.description
        if state.is_hopeless:
            return self._not_ready(now)
        self._poll_again(now, context)
        return None

    def _ready(self, now: float) -> Outcome | None:
        job = self.outcome.job
        needs_confirmation = job is None or job.backup_follows
        is_first = self._ready_at is None
        ready_at = self._ready_at = now if self._ready_at is None else self._ready_at
        is_last = self.due >= self.deadline - SHORTEST_POLL  # `due` is when it left
        if not needs_confirmation or is_last or now >= ready_at + CONFIRM:
            return self._completed(now)
        self._state = messages.UNCONFIRMED
        delay = CONFIRM if is_first else ready_at + CONFIRM - now
        self.schedule(max(delay, retry_delay.AT_ONCE), now)
        return None

    def _missing(self, state: InstanceState, now: float, context: PollContext) -> Outcome | None:
        self._ready_at = None
        self._state = state.description
        self._misses += 1
        if (job := self.outcome.job) is not None:
            if job.is_deletion:
                return self._completed(now)
            self._poll_again(now, context)
            return None
        return self._missing_without_job(state, now, context)

    def _missing_without_job(
        self, state: InstanceState, now: float, context: PollContext
    ) -> Outcome | None:
        settings = context.settings
        grace_end = self._began_at + settings.grace
        if now >= grace_end and not self._was_found:
            seconds = now - self._began_at
            message = messages.not_found(self.instance_id, seconds, settings.location, state.hint)
            return self._end(OutcomeKind.NOT_FOUND, message, now)
        if now >= grace_end and self._misses >= _MISSES:
            message = messages.vanished(self.instance_id, settings.location)
            return self._end(OutcomeKind.VANISHED, message, now)
        self._poll_again(now, context, grace_end - now if now < grace_end else inf)
        return None

    def failed(self, failure: Failure, now: float, context: PollContext) -> Outcome | None:
        """Take a failed poll; return the outcome if the wait has ended."""
        self._answered()
        self._state = messages.last_poll_failed(failure.cause)
        if self.note_failure(failure, now, context):
            return self.unreachable(failure.cause, self.unreachable_since, now, context.settings)
        return None

    def denied(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Take a refusal that concerns this instance only."""
        self._answered()
        if self.outcome.job is None:
            return self.refused(refusal, now, settings)
        self._state = f"the request was refused: {refusal}"
        return self._not_ready(now)

    def _answered(self) -> None:
        self.cut_at = None
        self.polls += 1

    def _poll_again(self, now: float, context: PollContext, longest: float = inf) -> None:
        delay = retry_delay.while_unknown(self.polls, context.random)
        self.schedule(min(context.settings.interval, longest, delay), now)

    # ---- how it ends

    def refused(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this poll or of every poll of an instance."""
        message = messages.refused(self.job_id, self.instance_id, settings.location, refusal)
        return self._end(OutcomeKind.REFUSED, message, now, refusal)

    def unreachable(self, cause: str, since: float, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a service that was unreachable for too long, since `since`."""
        self.trouble = self.trouble._replace(cause=cause)
        message = messages.unreachable(
            self.job_id, self.instance_id, now - since, settings.location, cause
        )
        return self._end(OutcomeKind.UNREACHABLE, message, now)

    def timed_out(self, since: float, now: float, unsent: str = "") -> Outcome:  # noqa: ARG002 - as of a job
        """Return the outcome of a wait whose deadline has passed."""
        if unsent:
            self._state += last_poll_unsent(unsent)
        return self._late(now)

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        return self._end(OutcomeKind.PENDING, messages.pending(self.job_id), now)

    def _completed(self, now: float) -> Outcome:
        message = self.outcome.message or messages.ready(self.instance_id)
        return self._end(OutcomeKind.COMPLETED, message, now)

    def _late(self, now: float) -> Outcome:
        if self.outcome.job is not None:
            return self._not_ready(now)
        message = messages.timed_out(self.instance_id, now - self._began_at, self._state)
        return self._end(OutcomeKind.TIMED_OUT, message, now)

    def _not_ready(self, now: float) -> Outcome:
        seconds = now - self._began_at
        message = messages.not_ready(self.job_id, self.instance_id, seconds, self._state)
        return self._end(OutcomeKind.NOT_READY, message, now)

    def _end(
        self, kind: OutcomeKind, message: str, now: float, refusal: Refusal | None = None
    ) -> Outcome:
        return ended_as(
            self.outcome,
            kind,
            message=message,
            cause=self.trouble.cause,
            refusal=refusal,
            waited=self.outcome.waited + now - self.since,
            polls=self.outcome.polls + self.polls,
        )


def outcome_without_job(instance_id: str, waited: float = 0.0) -> Outcome:
    """Return what a wait for an instance without a job begins with.

    Args:
        instance_id: what to wait for.
        waited: seconds since an earlier wait began that is resumed; 0 for a new wait.
    """
    instance = Instance(instance_id, "")
    return Outcome("", OutcomeKind.PENDING, instance=instance, waited=waited)


def instance_of(outcome: Outcome) -> str:
    """Return the ID of the instance to wait for; "" for a job that names none."""
    if outcome.instance is not None:
        return outcome.instance.id
    return outcome.job.instance.id if outcome.job and outcome.job.instance else ""
