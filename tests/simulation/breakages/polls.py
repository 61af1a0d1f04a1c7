"""Ways to misread replies, and to lose or double a poll."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.ready_queue import ReadyQueue
from ddswait.scheduler.subscribers import Subscribers
from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    import pytest

    from ddswait.scheduler.poll import Poll

    Patch = pytest.MonkeyPatch


def forget_after_failures(patch: Patch) -> None:
    original = Subscribers.continue_or_expire

    def broken(self: Subscribers, poll: Poll, sent_at: float, now: float) -> Any:
        if poll.failures != 2:
            return original(self, poll, sent_at, now)
        self._queue.last.forget(poll)
        return ()

    patch.setattr(Subscribers, "continue_or_expire", broken)


def poll_twice(patch: Patch) -> None:
    original = PollQueue.pop_unranked

    def broken(self: PollQueue, now: float, *, plenty: bool) -> Poll | None:
        poll = original(self, now, plenty=plenty)
        if poll is not None and poll.polls == 3:
            self._delayed.push(poll.due, poll)
            self.ready.add(poll, now)
        return poll

    patch.setattr(PollQueue, "pop_unranked", broken)
    patch.setattr(ReadyQueue, "pop", lambda self, room, now: next(iter(self), None))


def believe_the_end_time(patch: Patch) -> None:
    original = JobPoll.seen

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> Outcome | None:
        outcome = original(self, job, now, context)
        if outcome is None and job.ended is not None:
            return Outcome(self.job_id, OutcomeKind.COMPLETED, job)
        return outcome

    patch.setattr(JobPoll, "seen", broken)


def miss_a_failed_job(patch: Patch) -> None:
    original = JobPoll.seen

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> Outcome | None:
        if self.polls == 3:
            job = replace(job, phase="running")
        return original(self, job, now, context)

    patch.setattr(JobPoll, "seen", broken)


def any_instance_is_ready(patch: Patch) -> None:
    original = InstancePoll.seen

    def broken(self: InstancePoll, state: Any, now: float, context: Any) -> Outcome | None:
        return original(self, state._replace(is_ready=state.is_found), now, context)

    patch.setattr(InstancePoll, "seen", broken)


def no_grace(patch: Patch) -> None:
    original = JobPoll.unknown

    def broken(self: JobPoll, now: float, context: Any) -> Outcome | None:
        settings = context.settings._replace(grace=context.settings.grace / 2)
        return original(self, now, context._replace(settings=settings))

    patch.setattr(JobPoll, "unknown", broken)


def refuse_after_failures(patch: Patch) -> None:
    original = JobPoll.failed

    def broken(self: JobPoll, failure: Any, now: float, context: Any) -> Outcome | None:
        outcome = original(self, failure, now, context)
        return self.refused(Refusal(400), now, context.settings) if self.failures > 4 else outcome

    patch.setattr(JobPoll, "failed", broken)


def forget_no_entry(patch: Patch) -> None:
    original = TimeQueue.push

    def broken(self: TimeQueue, at: float, poll: Poll) -> None:
        original(self, at, poll)
        self._buckets.setdefault(1e9, []).append(poll)

    patch.setattr(TimeQueue, "push", broken)
