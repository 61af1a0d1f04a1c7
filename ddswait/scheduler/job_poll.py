"""The life of the wait for one job. Pure: every reply and every time is an argument.

    The rules

    1. Only a reply that says that the job completed or failed ends a job. An end time or a
       progress of 100 % never does.
    2. Before the job was first seen, an unknown ID is believed only when the grace is over. The
       grace ends with a poll, not with a guess.
    3. After that, an unknown ID is believed when two polls in a row report it outside the grace:
       behind a gateway, a single reply may come from a replica that lags.
    4. A failed poll says nothing about the job. It only counts how long the service has been
       unreachable: `unreachable_after` seconds without any reply end the wait. Waiting for the
       rate limiter does not count, and a 429 is a reply. The next poll leaves within an interval,
       unless the reply asks for more time.
    5. A refusal ends the wait at once: repeating the request cannot help.
    6. The deadline is absolute. A last poll is sent exactly there, before all others, and has
       LAST_POLL seconds to be answered. A poll that left within the second before the deadline
       is the last one, and has as long. An earlier one is cut at the deadline, and the last one
       follows at once. A last poll that cannot leave for LAST_POLL seconds is not sent.
    7. The next poll is always later than now.

              subscribed             unknown                failure
                  │                  ┌────────┐              ┌───────┐
                  ▼                  │        ▼              │       ▼
              ┌────────┐  unknown  ┌─┴────────────┐ failure┌─┴───────────┐
              │  new   ├──────────►│ not visible  │◄──────►│ unreachable │
              └───┬────┘           └──┬────────┬──┘        └─┬───────┬───┘
                  │ seen              │ seen   │ grace over  │ seen  │ unreachable_after
                  ▼                   ▼        ▼             ▼       ▼
              ┌────────────────────────┐    not_found    (visible)  unreachable
      seen ┌──┤        visible         ├──┐
           └─►└──┬─────────┬───────────┘◄─┘ failure, unknown once
                 │ final   │ unknown twice
                 ▼         ▼
        completed/failed  vanished          from anywhere: refused, timed_out

The states are not stored: `job` (seen?), and `misses` and `failures` (how often in a row) of the
`trouble` say which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddswait.job import FINAL_PHASES, JobPhase
from ddswait.outcome import Outcome, OutcomeKind, Refusal, class_of
from ddswait.scheduler import expected_end, messages, poll_interval, retry_delay
from ddswait.scheduler.poll import NO_TROUBLE, Poll, Trouble

if TYPE_CHECKING:
    from ddswait.job import EarlierWait, Job
    from ddswait.scheduler.expected_end import Past, ProgressEstimate
    from ddswait.scheduler.poll import PollContext
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.service.replies import Failure

_CONFIRMATIONS = 2


class JobPoll(Poll):
    """The wait for one job: what was seen, and when to poll next. Times on the caller's clock.

    `deadline` is the earliest one of the subscribers, and `subscriber` the one that it belongs
    to; `succeeded_at` counts lists too, `unreachable_since` and `polls` single polls only.

    Attributes:
        job: the last record seen; None before the first.
        digest: of the last reply, if `job` is what it said; see `JobSeen`.
        created_at: when the job was created, or when tracking began if that is not known.
        estimate: what its progress promised when it last changed; None without any.
        is_new: whether it was never polled, and not looked for in a list.
    """

    __slots__ = ("created_at", "digest", "estimate", "is_new", "job")

    def __init__(self, job_id: str, since: float, deadline: float, subscriber: object) -> None:
        Poll.__init__(self, job_id, since, deadline, subscriber)  # cheaper than super()
        self.created_at = since
        self.job: Job | None = None
        self.digest = 0
        self.estimate: ProgressEstimate | None = None
        self.is_new = True

    def __repr__(self) -> str:
        seen = self.job.status if self.job else "not visible"
        return f"<JobPoll {self.job_id} {seen}, due at {self.due:.1f}>"

    def resume(self, earlier: EarlierWait, now: float) -> None:
        """Go on from where an earlier wait ended: the grace, the age, and what was seen."""
        self.since, self.job = now - earlier.waited, earlier.job
        self.created_at = now - (earlier.waited if earlier.age is None else earlier.age)

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the last poll missed a job that was seen: another one must miss it too."""
        return self.job is not None and self.trouble.misses > 0

    # ---- replies

    def seen(self, job: Job, now: float, context: PollContext) -> Outcome | None:
        """Take the record that a poll brought; return the outcome if the job has ended."""
        self._answered()
        self._note(job, now, context)
        if job.phase not in FINAL_PHASES:
            self.schedule(self._interval(job, now, context), now)
            return None
        if job.phase is JobPhase.COMPLETED:
            return self._end(OutcomeKind.COMPLETED, messages.completed(self.job_id), now)
        return self._end(OutcomeKind.FAILED, messages.failed(job), now)

    def unknown(self, now: float, context: PollContext) -> Outcome | None:
        """Take a reply that does not know the ID; return the outcome if that is believed."""
        self._answered()
        misses = self.trouble.misses + 1
        self.trouble = Trouble(misses=misses)
        self.succeeded_at = now
        settings = context.settings
        grace_end = self.since + settings.grace
        if now >= grace_end:
            if self.job is None:
                seconds = now - self.since
                message = messages.not_found(
                    self.job_id, seconds, settings.location, settings.service
                )
                return self._end(OutcomeKind.NOT_FOUND, message, now)
            if misses >= _CONFIRMATIONS:
                if self.job.is_deletion:
                    message = messages.deletion_vanished(self.job_id, self.job)
                    return self._end(OutcomeKind.COMPLETED, message, now)
                message = messages.vanished(self.job_id, self.job, settings.location)
                return self._end(OutcomeKind.VANISHED, message, now)
        delay = retry_delay.while_unknown(misses, context.random)
        self.schedule(min(delay, grace_end - now) if now < grace_end else delay, now)
        return None

    def failed(self, failure: Failure, now: float, context: PollContext) -> Outcome | None:
        """Take a failed poll; return the outcome if the service was unreachable for too long."""
        self._answered()
        # Unreachable since the first poll that failed: a poll that was not sent, because of the
        # rate limit or a long interval, did not fail.
        if not self.note_failure(failure, now, context):
            return None
        return self.unreachable(failure.cause, self.unreachable_since, now, context.settings)

    def listed(self, job: Job, now: float, context: PollContext) -> None:
        """Believe a list that the job is running, but no longer than `settings.trust` allows."""
        before = self.job
        if before is not None:
            # The list names other things differently; only what changes is taken from it.
            moved = (job.status, job.progress) != (before.status, before.progress)
            changes = {"status": job.status, "progress": job.progress, "phase": job.phase}
            job = replace(before, **changes) if moved else before  # type: ignore[arg-type]
        if job is not before:
            self.digest = 0
        self._note(job, now, context)
        trusted = max(self.unreachable_since + context.settings.trust - now, 0.0)
        self.schedule(min(self._interval(job, now, context), trusted), now)

    def _answered(self) -> None:
        self.cut_at = None
        self.polls += 1

    def _note(self, job: Job, now: float, context: PollContext) -> None:
        before, self.job = self.job, job
        self.succeeded_at = now
        self.trouble = NO_TROUBLE
        if before is None:
            created_at = context.clock.created_at(job, now)
            self.created_at = self.created_at if created_at is None else created_at
        elif job.progress != before.progress:
            self.estimate = expected_end.estimate(now - self.created_at, job.progress)

    def not_unknown(self) -> None:
        """Note that a list has shown the job: the next poll that does not know it is the first."""
        self.trouble = self.trouble._replace(misses=0)

    # ---- when to poll

    def past(self, context: PollContext) -> Past | None:
        """Return what past jobs of the same name tell, or what is typical; None for neither."""
        return None if self.job is None else context.durations.believed(self.job.name)

    def _interval(self, job: Job, now: float, context: PollContext) -> float:
        past = context.durations.of(job.name)
        interval, age = context.settings.interval, now - self.created_at
        return poll_interval.next_interval(interval, age, context.random, past, self.estimate)

    def wanted_interval(self, now: float, context: PollContext) -> float:
        """Return the interval that suits this moment, which may be long after the last poll."""
        if self.job is None:
            return super().wanted_interval(now, context)
        age, waited = now - self.created_at, now - self.succeeded_at
        past = self.past(context)
        return poll_interval.wanted_by_now(
            context.settings.interval, age, waited, past, self.estimate
        )

    def waits(self, urgency: float, context: PollContext) -> float:
        """Return how many seconds after its last success it waits `urgency` times that interval."""
        if self.job is None:
            return super().waits(urgency, context)
        age, past = self.succeeded_at - self.created_at, self.past(context)
        return poll_interval.waiting_time(
            context.settings.interval, age, urgency, past, self.estimate
        )

    def hazard(self, now: float, context: PollContext) -> float:
        """Return the hazard rate of the job's end, per second."""
        return expected_end.hazard(now - self.created_at, self.past(context), self.estimate)

    # ---- how it ends

    def refused(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this poll or of everything."""
        message = messages.refused(self.job_id, settings.location, refusal)
        return self._end(OutcomeKind.REFUSED, message, now, refusal)

    def unreachable(self, cause: str, since: float, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a service that was unreachable for too long, since `since`."""
        self.trouble = self.trouble._replace(cause=cause)
        message = messages.unreachable(self.job_id, now - since, settings.location, cause)
        return self._end(OutcomeKind.UNREACHABLE, message, now)

    def timed_out(self, since: float, now: float, unsent: str = "") -> Outcome:
        """Return the outcome of a wait whose deadline has passed."""
        last_seen = (
            messages.last_seen(self.job) if self.polls or self.job else messages.NEVER_POLLED
        )
        message = messages.timed_out(
            self.job_id, self.deadline - since, last_seen, self.trouble.cause, unsent
        )
        return self._end(OutcomeKind.TIMED_OUT, message, now)

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        return self._end(OutcomeKind.PENDING, messages.pending(), now)

    def _end(
        self, kind: OutcomeKind, message: str, now: float, refusal: Refusal | None = None
    ) -> Outcome:
        waited = now - self.since
        return class_of(kind)(
            self.job_id, kind, self.job, message, self.trouble.cause, refusal, waited, self.polls
        )
