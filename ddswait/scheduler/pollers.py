"""Take the replies to polls, which the scheduler has classified. Pure.

Each poller applies a reply to its own state machine (job_poll.py, instance_poll.py), and lets the
subscribers know how their waits ended. Lists and renewals have files of their own
(list_polling.py, renewal_poller.py).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.events import Polled
from ddswait.job import FINAL_PHASES
from ddswait.outcome import OutcomeKind, Scope
from ddswait.scheduler.job_events import instance_events
from ddswait.service.replies import JobSeen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.actions import PollInstance, PollJob
    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.job_events import JobEvents
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.list_polling import ListPolling
    from ddswait.scheduler.poll import PollContext
    from ddswait.scheduler.subscribers import Subscribers
    from ddswait.service.replies import Failure, InstanceState, JobReply


class JobPoller:
    """Takes the replies to polls of jobs.

    Args:
        context: what the polls share.
        subscribers: all that is waited for.
        lists: the lists in place of polls.
        job_events: says what a poll changed.
    """

    def __init__(
        self,
        context: PollContext,
        subscribers: Subscribers,
        lists: ListPolling,
        job_events: JobEvents,
    ) -> None:
        self._context = context
        self._subscribers = subscribers
        self._lists = lists
        self._missing = lists.missing
        self._job_events = job_events

    def answered(self, action: PollJob, reply: JobReply, now: float) -> Sequence[Event]:
        """Take a record, or the reply that the job is not known."""
        poll, context = action.poll, self._context
        before = poll.job
        self._learn(reply, before, now)
        if poll.due == inf:  # nobody waits for it any more
            return ()
        reason = self._reason(poll) if self._job_events.verbose else ""
        if isinstance(reply, JobSeen):
            outcome = poll.seen(reply.job, now, context)
            poll.digest = reply.digest
        else:
            outcome = poll.unknown(now, context)
        if (lacked := self._missing.unpolled) and poll.job_id in lacked:
            is_running = isinstance(reply, JobSeen) and outcome is None
            self._lists.polled_missing(poll.job_id, now, is_running=is_running)
        return self._polled(action, before, outcome, reason, now)

    def _learn(self, reply: JobReply, before: Job | None, now: float) -> None:
        """Learn what a reply says beyond its own job, whose record was `before`."""
        if isinstance(reply, JobSeen) and reply.job is not before:
            if reply.job.phase in FINAL_PHASES:
                self._context.durations.learn(reply.job)
                return
            if before is None:
                self._lists.past.want(reply.job, now)
                self._lists.places.forget()  # its place is not known
        if reply.date:
            self._context.clock.read(reply.date, now)

    def failed(self, action: PollJob, failure: Failure, now: float) -> Sequence[Event]:
        """Take a failed poll."""
        poll = action.poll
        if poll.due == inf:  # nobody waits for it any more
            return ()
        before = poll.job
        reason = self._reason(poll) if self._job_events.verbose else ""
        outcome = poll.failed(failure, now, self._context)
        return self._polled(action, before, outcome, reason, now)

    def _polled(
        self, action: PollJob, before: Job | None, outcome: Outcome | None, reason: str, now: float
    ) -> Sequence[Event]:
        """Return what a poll brought about."""
        poll = action.poll
        events = self._job_events.of(before, poll, now)
        if reason:
            next_in = 0.0 if outcome else poll.due - now
            failed = poll.trouble.cause is not None
            unconfirmed = outcome is None and poll.is_unconfirmed
            polled = Polled(poll.job_id, reason, next_in, failed=failed, unconfirmed=unconfirmed)
            events = [*events, polled]
        if outcome is not None:
            return [*events, *self._end(action, outcome, now)]
        expired = self._subscribers.continue_or_expire(poll, action.sent_at, now)
        return [*events, *expired] if expired else events

    def _end(self, action: PollJob, outcome: Outcome, now: float) -> Sequence[Event]:
        """End the waits for a job; return that they ended."""
        poll, subscribers, context = action.poll, self._subscribers, self._context
        if outcome.kind is not OutcomeKind.UNREACHABLE:
            return (subscribers.end(poll, outcome),)
        since = poll.unreachable_since
        ended = subscribers.give_up(poll, outcome.cause or "", since, now, context.patience)
        if poll.due < inf:
            # Whoever began to wait later waits on.
            poll.unreachable_since = max(
                poll.unreachable_since, subscribers.others.first_since(poll)
            )
            give_up_at = context.patience.give_up_at(poll.unreachable_since)
            poll.schedule(context.settings.longest_retry_delay, now, give_up_at)
            ended += subscribers.continue_or_expire(poll, action.sent_at, now)
        return ended

    def _reason(self, poll: JobPoll) -> str:
        """Return why the poll was sent that is being answered."""
        if poll.cut_at is not None and poll.cut_at > poll.deadline:
            return "deadline"
        if poll.failures:
            return "retry"
        if poll.job_id in self._missing.unpolled:
            return "unlisted"
        if poll.job is not None:
            return "interval"
        return "grace" if poll.polls else "first"

    def refused(self, action: PollJob, refusal: Refusal, now: float) -> Sequence[Event]:
        """Take a refusal: of this job, or of everything."""
        poll, subscribers = action.poll, self._subscribers
        poll.polls += 1
        if refusal.scope is Scope.EVERYTHING:
            return subscribers.refuse(refusal, now)
        if poll.due == inf:  # nobody waits for it any more
            return ()
        return (subscribers.end(poll, poll.refused(refusal, now, self._context.settings)),)

    def repeat(self, action: PollJob, now: float) -> Sequence[Event]:
        """Poll again at once, with the credentials that are being renewed."""
        if action.poll.due < inf:
            self._subscribers.repeat(action.poll, now)
        return ()


class InstancePoller:
    """Takes the replies to polls of instances.

    Args:
        context: what the polls share.
        subscribers: all that is waited for.
        job_events: knows whether somebody listens to each poll.
    """

    def __init__(
        self, context: PollContext, subscribers: Subscribers, job_events: JobEvents
    ) -> None:
        self._context = context
        self._subscribers = subscribers
        self._job_events = job_events

    def answered(self, action: PollInstance, reply: InstanceState, now: float) -> Sequence[Event]:
        """Take the state of an instance."""
        poll = action.poll
        if poll.due == inf:  # nobody waits for it any more
            return ()
        reason = self._reason(poll) if self._job_events.verbose else ""
        return self._polled(action, poll.seen(reply, now, self._context), reason, now)

    def failed(self, action: PollInstance, failure: Failure, now: float) -> Sequence[Event]:
        """Take a failed poll."""
        poll = action.poll
        if poll.due == inf:  # nobody waits for it any more
            return ()
        reason = self._reason(poll) if self._job_events.verbose else ""
        return self._polled(action, poll.failed(failure, now, self._context), reason, now)

    def _reason(self, poll: InstancePoll) -> str:
        """Return why the poll was sent that is being answered."""
        if poll.cut_at is not None and poll.cut_at > poll.deadline:
            return "deadline"
        if poll.failures:
            return "retry"
        return "interval" if poll.polls else "first"

    def _polled(
        self, action: PollInstance, outcome: Outcome | None, reason: str, now: float
    ) -> Sequence[Event]:
        events = instance_events(action.poll, now, "" if outcome else reason)
        if outcome is not None:
            return [*events, self._subscribers.end(action.poll, outcome)]
        expired = self._subscribers.continue_or_expire(action.poll, action.sent_at, now)
        return [*events, *expired] if expired else events

    def refused(self, action: PollInstance, refusal: Refusal, now: float) -> Sequence[Event]:
        """Take a refusal: of this instance, of all instances, or of everything."""
        poll = action.poll
        if refusal.scope in {Scope.OPERATION, Scope.EVERYTHING}:
            poll.polls += 1
            return self._subscribers.refuse(refusal, now)
        if poll.due == inf:  # nobody waits for it any more
            return ()
        return (self._subscribers.end(poll, poll.denied(refusal, now, self._context.settings)),)

    def repeat(self, action: PollInstance, now: float) -> Sequence[Event]:
        """Poll again at once, with the credentials that are being renewed."""
        if action.poll.due < inf:
            self._subscribers.repeat(action.poll, now)
        return ()
