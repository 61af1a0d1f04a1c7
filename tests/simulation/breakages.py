"""Ways to break the scheduler on purpose, and the promise that each of them breaks.

A checker that cannot fail proves nothing: each line of the table must be found.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import (
    credential_renewal,
    job_poll,
    list_polling,
    poll,
    pollers,
    retry_delay,
    scheduler,
)
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.list_polling import ListPolling
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import DelayQueue, PollQueue, ReadyQueue
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.subscribers import Subscribers
from tests.simulation.promises import (
    DisbelievesNoJob,
    DoubtfulCredentials,
    EndsInTime,
    EndsOnce,
    LastPoll,
    Memory,
    NoneForgotten,
    OnePoll,
    RateLimits,
    SaysWhatTheServiceSaid,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.simulation.promises.promise import Promise

    Patch = pytest.MonkeyPatch


class Breakage(NamedTuple):
    """One way to break the scheduler.

    Attributes:
        name: what is wrong then.
        promise: whose checker finds it.
        apply: breaks it until the test is over.
    """

    name: str
    promise: type[Promise]
    apply: Callable[[Patch], None]


def _forget_after_failures(patch: Patch) -> None:
    original = Subscribers.continue_or_expire

    def broken(self: Subscribers, poll: Poll, now: float) -> Any:
        return () if poll.failures == 2 else original(self, poll, now)

    patch.setattr(Subscribers, "continue_or_expire", broken)


def _believe_the_end_time(patch: Patch) -> None:
    original = JobPoll.seen

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> Outcome | None:
        outcome = original(self, job, now, context)
        if outcome is None and job.ended is not None:
            return Outcome(self.job_id, OutcomeKind.COMPLETED, job)
        return outcome

    patch.setattr(JobPoll, "seen", broken)


def _miss_a_failed_job(patch: Patch) -> None:
    original = JobPoll.seen

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> Outcome | None:
        if self.polls == 3:
            job = replace(job, phase="running")
        return original(self, job, now, context)

    patch.setattr(JobPoll, "seen", broken)


def _any_instance_is_ready(patch: Patch) -> None:
    original = InstancePoll.seen

    def broken(self: InstancePoll, state: Any, now: float, context: Any) -> Outcome | None:
        return original(self, state._replace(is_ready=state.is_found), now, context)

    patch.setattr(InstancePoll, "seen", broken)


def _no_grace(patch: Patch) -> None:
    original = JobPoll.unknown

    def broken(self: JobPoll, now: float, context: Any) -> Outcome | None:
        settings = context.settings._replace(grace=context.settings.grace / 2)
        return original(self, now, context._replace(settings=settings))

    patch.setattr(JobPoll, "unknown", broken)


def _refuse_after_failures(patch: Patch) -> None:
    original = JobPoll.failed

    def broken(self: JobPoll, failure: Any, now: float, context: Any) -> Outcome | None:
        outcome = original(self, failure, now, context)
        return self.refused(Refusal(400), now, context.settings) if self.failures > 4 else outcome

    patch.setattr(JobPoll, "failed", broken)


def _patience(factor: float) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        original = JobPoll.failed

        def broken(self: JobPoll, failure: Any, now: float, context: Any) -> Outcome | None:
            patience = context.settings.unreachable_after * factor
            settings = context.settings._replace(unreachable_after=patience)
            return original(self, failure, now, context._replace(settings=settings))

        patch.setattr(JobPoll, "failed", broken)

    return apply


def _time_out_early(patch: Patch) -> None:
    original = Subscribers.continue_or_expire

    def broken(self: Subscribers, poll: Poll, now: float) -> Any:
        return original(self, poll, now + 3.0 if poll.deadline - now < 3.0 else now)

    patch.setattr(Subscribers, "continue_or_expire", broken)


def _poll_late(patch: Patch) -> None:
    def broken(self: Poll, delay: float, now: float) -> None:
        self.due = now + delay

    patch.setattr(Poll, "schedule", broken)


def _ignore_a_new_deadline(patch: Patch) -> None:
    def broken(self: Subscribers, poll: JobPoll, deadline: float, subscriber: object) -> None:
        others = self._others.setdefault(poll.job_id, [])
        others.append((deadline, subscriber))

    patch.setattr(Subscribers, "_join", broken)


def _end_all_callers(patch: Patch) -> None:
    original = Subscribers.expire

    def broken(self: Subscribers, poll: Poll, now: float) -> Any:
        if poll.deadline > now:
            return original(self, poll, now)
        return [self.end(poll, poll.timed_out(poll.deadline, now))]

    patch.setattr(Subscribers, "expire", broken)


def _longer_delays(patch: Patch) -> None:
    patch.setattr(retry_delay, "_FAILURE", retry_delay._Growth(first=1.0, longest=3000.0))


def _trust_lists_for_ever(patch: Patch) -> None:
    original = JobPoll.listed

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> None:
        self.unreachable_since = now
        original(self, job, now, context)

    patch.setattr(JobPoll, "listed", broken)


def _hold_for_ever(patch: Patch) -> None:
    patch.setattr(ListPolling, "_release_held", lambda self, now: None)


def _lists_pass_the_limit(patch: Patch) -> None:
    original = Scheduler.next

    def broken(self: Scheduler, now: float) -> Any:
        action = original(self, now)
        if isinstance(action, scheduler.PollJob) and int(now) % 7 == 0:
            self.rate_limiter._own._full_at = -inf
        return action

    patch.setattr(Scheduler, "next", broken)


def _learn_no_limit(patch: Patch) -> None:
    original = RateLimiter.throttled

    def broken(self: RateLimiter, limit: Any, window: Any, retry_after: float, *rest: Any) -> None:
        original(self, None, None, retry_after, *rest)

    patch.setattr(RateLimiter, "throttled", broken)


def _forget_the_last_window(patch: Patch) -> None:
    patch.setattr(RateLimiter, "_window_free", lambda self, limit, now: -inf)
    patch.setattr("ddswait.scheduler.rate_limiter._Limit.hold", lambda self, until: None)


def _ignore_retry_after(patch: Patch) -> None:
    original = RateLimiter.throttled

    def broken(self: RateLimiter, limit: Any, window: Any, retry_after: float, *rest: Any) -> None:
        original(self, limit, window, 0.0, *rest)

    patch.setattr(RateLimiter, "throttled", broken)


def _try_credentials_at_once(patch: Patch) -> None:
    patch.setattr(CredentialRenewal, "send_at", lambda self, now: now)


def _send_while_renewing(patch: Patch) -> None:
    original = CredentialRenewal.may_cure

    def broken(self: CredentialRenewal, *arguments: Any) -> bool:
        cures = original(self, *arguments)
        self.blocked = False
        return cures

    patch.setattr(CredentialRenewal, "may_cure", broken)


def _forget_no_entry(patch: Patch) -> None:
    original = DelayQueue.push

    def broken(self: DelayQueue, poll: Poll) -> None:
        original(self, poll)
        self._buckets.setdefault(10**9, []).append((1e9, poll.job_id, poll))

    patch.setattr(DelayQueue, "push", broken)


def _poll_twice(patch: Patch) -> None:
    original = PollQueue.pop_unranked

    def broken(self: PollQueue, now: float, *, plenty: bool) -> Poll | None:
        poll = original(self, now, plenty=plenty)
        if poll is not None and poll.polls == 3:
            self._delayed.push(poll)
            self.ready.add(poll)
        return poll

    patch.setattr(PollQueue, "pop_unranked", broken)
    patch.setattr(ReadyQueue, "pop", lambda self, now: next(iter(self._waiting), None))


BREAKAGES = (
    Breakage("a job is lost after two failures", EndsOnce, _forget_after_failures),
    Breakage(
        "a caller who leaves stays subscribed",
        EndsOnce,
        lambda patch: patch.setattr(Subscribers, "unsubscribe", lambda *_: None),
    ),
    Breakage("a poll is sent twice", OnePoll, _poll_twice),
    Breakage("an end time ends a job", SaysWhatTheServiceSaid, _believe_the_end_time),
    Breakage("the fourth reply is not believed", SaysWhatTheServiceSaid, _miss_a_failed_job),
    Breakage("any instance is ready", SaysWhatTheServiceSaid, _any_instance_is_ready),
    Breakage(
        "one reply makes a job vanish",
        DisbelievesNoJob,
        lambda patch: patch.setattr(job_poll, "_CONFIRMATIONS", 1),
    ),
    Breakage(
        "three replies make a job vanish",
        DisbelievesNoJob,
        lambda patch: patch.setattr(job_poll, "_CONFIRMATIONS", 3),
    ),
    Breakage("the grace is half as long", DisbelievesNoJob, _no_grace),
    Breakage("failures refuse", DisbelievesNoJob, _refuse_after_failures),
    Breakage(
        "the last poll may take ten seconds",
        EndsInTime,
        lambda patch: patch.setattr(poll, "LAST_POLL", 10.0),
    ),
    Breakage(
        "deadlines are noticed ten seconds late",
        EndsInTime,
        lambda patch: patch.setattr(scheduler, "LAST_POLL", 10.0),
    ),
    Breakage("waits time out three seconds early", EndsInTime, _time_out_early),
    Breakage("polls ignore the deadline", EndsInTime, _poll_late),
    Breakage("a later caller's deadline is ignored", EndsInTime, _ignore_a_new_deadline),
    Breakage("all callers end at the first deadline", EndsInTime, _end_all_callers),
    Breakage(
        "a last poll is not urgent",
        LastPoll,
        lambda patch: patch.setattr(ReadyQueue, "urgency", lambda *_: 1.0),
    ),
    Breakage(
        "the last poll has half a second",
        LastPoll,
        lambda patch: patch.setattr(poll, "LAST_POLL", 0.5),
    ),
    Breakage("unreachable after half the time", Unreachable, _patience(0.5)),
    Breakage("unreachable after ten times the time", Unreachable, _patience(10.0)),
    Breakage("delays after failures grow to an hour", NoneForgotten, _longer_delays),
    Breakage("lists are trusted for ever", NoneForgotten, _trust_lists_for_ever),
    Breakage("what a list holds is never released", NoneForgotten, _hold_for_ever),
    Breakage("some polls pass the own limit", RateLimits, _lists_pass_the_limit),
    Breakage("no limit is learned", RateLimits, _learn_no_limit),
    Breakage("requests before a 429 do not count", RateLimits, _forget_the_last_window),
    Breakage("Retry-After is ignored", RateLimits, _ignore_retry_after),
    Breakage(
        "doubtful credentials are tried at once", DoubtfulCredentials, _try_credentials_at_once
    ),
    Breakage("requests leave during a renewal", DoubtfulCredentials, _send_while_renewing),
    Breakage("entries are never cleared", Memory, _forget_no_entry),
)
