"""Which request to send next, and when. Pure: no clock, no loop, no socket; time is an argument.

    The rules

    1. One job, one stream of polls, however many subscribers wait for it; at most one poll of a
       job is under way (job_poll.py).
    2. All requests pass one rate limiter (rate_limiter.py). While nobody waits for long, whoever
       is due first is polled first; otherwise, whoever is most overdue for the interval that
       suits it (next_request.py). A last poll at a deadline goes before all others, and is held
       back by nothing but the rate.
    3. One list request may take the place of many polls (list_planner.py). It never ends a wait.
    4. Until the credentials have been accepted lately, requests leave one at a time; credentials
       that renew are renewed once for all (credential_renewal.py).
    5. A refusal that concerns everything ends every wait, and every later one without a request.
    6. A deadline belongs to a subscriber, an end to the job: when one subscriber's deadline
       passes, the others wait on (subscribers.py).
    7. A subscriber who also waits for the instance of a completed job has polls of their own
       (instance_poll.py), which pass the same rate limiter and credentials.
    8. The service may be unreachable for a while, but not for long if the name of its host has
       never resolved (patience.py).
    9. How long past jobs took is learned from every job that completes, and from one list of the
       last month's jobs, if that may be read (durations.py).

A reply is classified once, in `take`: failure, refusal, or what was asked for. The
poller that the action names then applies it (pollers.py, list_polling.py, renewal_poller.py).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.outcome import Refusal
from ddswait.scheduler import messages
from ddswait.scheduler.actions import ListJobs, PollInstance, PollJob, RenewCredentials, Wait
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.job_events import JobEvents
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.list_polling import ListPolling
from ddswait.scheduler.next_request import NextRequest
from ddswait.scheduler.patience import Patiences
from ddswait.scheduler.poll import PollContext
from ddswait.scheduler.poll_settings import LAST_POLL
from ddswait.scheduler.pollers import InstancePoller, JobPoller
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.renewal_poller import RenewalPoller
from ddswait.scheduler.retry_delay import AT_ONCE
from ddswait.scheduler.server_clock import ServerClock
from ddswait.scheduler.subscribers import Subscribers
from ddswait.scheduler.urgency import Urgency
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from ddswait.events import Event
    from ddswait.scheduler.actions import Action, Renewed
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.service.replies import InstanceState, JobPage, JobReply, Problem

    Reply = JobReply | InstanceState | JobPage | Renewed | Problem

_EXPIRE_EVERY = 1.0  # seconds
_PROBLEMS = (TransientFailure, Throttled, Refusal)


class Scheduler:
    """Everything that is waited for, and which request to send next.

    Args:
        settings: intervals and bounds, in seconds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        renews: whether the credentials must be obtained first, and can be renewed.
        locks: whether the service locks the credentials when they are refused too often.
        rate_limiter: how many requests may leave; None for ten per second.
        renewal: of the credentials, if others use them too.
        durations: how long past jobs took; None when nothing is known yet.
        patiences: with the hosts; None when nothing is known about them yet.

    Attributes:
        subscribers: who waits; subscribe there.
        queue, list_polling, renewal_poller: its parts.
    """

    def __init__(  # noqa: PLR0913 - what is known before the first reply
        self,
        settings: PollSettings,
        random: Random,
        *,
        renews: bool = False,
        locks: bool = False,
        rate_limiter: RateLimiter | None = None,
        renewal: CredentialRenewal | None = None,
        durations: Durations | None = None,
        patiences: Patiences | None = None,
    ) -> None:
        self.settings = settings
        limiter = self.rate_limiter = rate_limiter or RateLimiter()
        self.durations = Durations() if durations is None else durations
        patiences = patiences or Patiences(settings)
        self._service_patience = patiences.service
        self._credentials_patience = patiences.credentials
        context = PollContext(settings, random, self.durations, ServerClock(), patiences.service)
        self._clock = context.clock
        events = self._job_events = JobEvents()
        self.queue = PollQueue(Urgency(context), limiter.spacing, settings.unreachable_after)
        self.subscribers = Subscribers(self.queue, patiences.service)
        self.list_polling = ListPolling(context, self.subscribers, self.queue, limiter, events)
        self._renewal = renewal or CredentialRenewal(renews=renews, locks=locks)
        self._job_poller = JobPoller(context, self.subscribers, self.list_polling, events)
        self._instance_poller = InstancePoller(context, self.subscribers, events)
        self.renewal_poller = RenewalPoller(
            context, self.subscribers, self._renewal, patiences.credentials
        )
        self._next_request = NextRequest(self.queue, self.list_polling)

    @property
    def verbose(self) -> bool:
        """Whether to report each job that is tracked (`Tracked`), and each poll (`Polled`)."""
        return self._job_events.verbose

    @verbose.setter
    def verbose(self, verbose: bool) -> None:
        self._job_events.verbose = self.subscribers.verbose = verbose

    @property
    def lists(self) -> bool:
        """Whether jobs may be listed, as far as is known; set it to False to never list them."""
        return self.list_polling.planner.allowed

    @lists.setter
    def lists(self, allowed: bool) -> None:
        if not allowed:
            self.list_polling.planner.forbid()

    def __len__(self) -> int:
        return len(self.subscribers)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self.subscribers.jobs

    def __iter__(self) -> Iterator[Poll]:
        return iter(self.subscribers)

    def due(self) -> float:
        """Return when the next poll is due, -inf when one is overdue; inf when none is."""
        return self.queue.due()

    def send_at(self, now: float) -> float:
        """Return when the next poll or list request may leave; inf for none."""
        due = min(self.queue.due(), self.list_polling.due(now))
        return max(due, self.rate_limiter.next_at(now)) if due < inf else inf

    def next(self, now: float) -> Action | Wait:
        """Return what to send now, or until when there is nothing to send.

        While polls are due that cannot leave, that is a second at most, and `overdue` is set:
        call expire() then.
        """
        subscribers, renewal, queue = self.subscribers, self._renewal, self.queue
        if not subscribers.jobs and not subscribers.instances:
            self.list_polling.missing.forget()
            return Wait(inf)
        if renewal.renews and (action := self._renew(now)) is not None:
            return action
        due = queue.due_by(now)
        if due > now and self._clock.ahead is not None:
            due = min(due, self.list_polling.due(now))
        if due > now:
            return Wait(min(due, renewal.due) if renewal.renews else due)
        if queue.last.at <= now and queue.last.is_late(now):
            return Wait(now + AT_ONCE, overdue=True)
        at = renewal.send_at(now)
        if at > now:
            return Wait(min(at, now + _EXPIRE_EVERY), overdue=True)
        return self._send_next(now)

    def _renew(self, now: float) -> RenewCredentials | Wait | None:
        """Return a renewal that is due, or until when none serve; None if the present ones do."""
        renewal = self._renewal
        if not renewal.blocked and self._may_send_last(now):
            return None  # a renewal ahead of its time can wait
        if renewal.starts(now):
            return RenewCredentials(self._cut_renewal(now), self.renewal_poller)
        if not renewal.blocked:
            return None
        if self.queue.last.is_late(now):
            return Wait(now + AT_ONCE, overdue=True)
        # No request may leave, but deadlines pass: expire() ends them.
        due = self.queue.due()
        return Wait(min(renewal.due, max(due, now + _EXPIRE_EVERY)), overdue=due <= now)

    def _may_send_last(self, now: float) -> bool:
        """Whether a last poll is due and may leave."""
        if self.queue.last.next_by(now) is None or self._renewal.send_at(now) > now:
            return False
        return self.rate_limiter.last_poll_at(now) <= now

    def _cut_renewal(self, now: float) -> float:
        """Return when a renewal must be answered: while none serve, before the waits end."""
        cut_at = now + self.settings.request_timeout
        if self._renewal.blocked_at == inf:
            return cut_at
        patience = self._credentials_patience
        give_up_at = self.subscribers.unreachable_at(self._renewal.blocked_at, patience)
        return min(cut_at, max(give_up_at, now + LAST_POLL))

    def _send_next(self, now: float) -> Action | Wait:
        """Send the next request that the rate limiter lets leave."""
        limiter, queue = self.rate_limiter, self.queue
        if room := limiter.room(now):
            following = self._next_request.pop(room, self._renewal.count, now)
        else:
            soon = now + _EXPIRE_EVERY
            if (at := queue.last.next_at(soon)) <= soon:
                at = max(at, limiter.last_poll_at(now))
            if at > now:
                return Wait(min(limiter.next_at(now), at, soon), overdue=True)
            following = queue.last.pop_by(now)
        if following is None:
            return Wait(now + AT_ONCE, overdue=queue.due() <= now)
        self._renewal.sent(now)
        limiter.sent(now)
        return following if isinstance(following, ListJobs) else self._poll(following, now)

    def _poll(self, poll: Poll, now: float) -> PollJob | PollInstance:
        if self.list_polling.held:
            self.list_polling.sent(poll)
        poll.sent(now, self._service_patience.settings, self.queue.last.heard_at)
        credentials = self._renewal.count
        if isinstance(poll, JobPoll):
            if poll.is_new:
                self.subscribers.looked_for(poll)
            return PollJob(poll, self._job_poller, credentials, now)
        instance = self.subscribers.instances[poll.key]
        return PollInstance(instance, self._instance_poller, credentials, now)

    def expire(self, now: float) -> list[Event]:
        """End the waits whose last poll could not even be sent within LAST_POLL.

        To be called at least once a second while something is due and cannot leave.
        """
        return self.subscribers.expire_late(now, self._unsent(now))

    def _unsent(self, now: float) -> str:
        """Return why last polls cannot be sent."""
        if self._renewal.blocked:
            return messages.no_credentials(self._renewal.cause)
        if self.rate_limiter.is_throttled(now):
            return self.rate_limiter.cause
        if self.rate_limiter.last_poll_at(now) > now:
            return messages.NO_ROOM
        if self._renewal.send_at(now) > now:
            return messages.IN_DOUBT
        return messages.BUSY

    # ---- replies

    def take(self, action: Action, reply: Reply, now: float) -> Sequence[Event]:
        """Classify the reply to an action, and hand it to its poller; return what happened."""
        # A renewal asks another host: its reply says nothing about the service.
        request = None if isinstance(action, RenewCredentials) else action
        if request is not None:
            self._renewal.answered(request.credentials)
            patience = self._service_patience
        else:
            patience = self._credentials_patience
        if not patience.has_resolved:
            patience.replied(reply)
        if isinstance(reply, _PROBLEMS):
            return self._take_problem(action, reply, now)
        if request is not None:
            self._renewal.accept(request.credentials, now)
            self.queue.last.heard_at = now
            self.rate_limiter.throttled_in_a_row = 0
        return action.poller.answered(action, reply, now)

    def _take_problem(self, action: Action, reply: Problem, now: float) -> Sequence[Event]:
        request = None if isinstance(action, RenewCredentials) else action
        match reply:
            case TransientFailure():
                return action.poller.failed(action, reply, now)
            case Throttled():
                if request is not None:
                    self.queue.last.heard_at = now
                    reply = self.rate_limiter.learn(reply, request.sent_at, now)
                return action.poller.failed(action, reply, now)
            case Refusal():
                if request is not None and reply.refuses_credentials:
                    if self._renewal.may_cure(reply, request.credentials, now):
                        return request.poller.repeat(request, now)
                    reply = self._renewal.dated(reply, now)
                return action.poller.refused(action, reply, now)
