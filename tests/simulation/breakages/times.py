"""Ways to be too early or too late."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.scheduler import last_polls, list_polling, retry_delay
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.list_polling import ListPolling
from ddswait.scheduler.patience import Patience
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.subscribers import Subscribers

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from ddswait.outcome import Outcome

    Patch = pytest.MonkeyPatch


def patience(factor: float) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        original = JobPoll.failed

        def broken(self: JobPoll, failure: Any, now: float, context: Any) -> Outcome | None:
            settings = context.patience.settings
            patience = settings.unreachable_after * factor
            shorter = Patience(settings._replace(unreachable_after=patience))
            return original(self, failure, now, context._replace(patience=shorter))

        patch.setattr(JobPoll, "failed", broken)

    return apply


def give_up_early(patch: Patch) -> None:
    patience(0.5)(patch)

    def broken(self: Subscribers, poll: Poll, cause: str, since: float, *rest: Any) -> Any:
        now, patience = rest
        return [self.end(poll, poll.unreachable(cause, since, now, patience.settings))]

    patch.setattr(Subscribers, "give_up", broken)


def ignore_names(patch: Patch) -> None:
    patch.setattr(Patience, "replied", lambda self, reply: None)


def forget_names(patch: Patch) -> None:
    original = Patience.replied

    def broken(self: Patience, reply: object) -> None:
        original(self, reply)
        self.has_resolved = False

    patch.setattr(Patience, "replied", broken)


def time_out_early(patch: Patch) -> None:
    original = Subscribers.continue_or_expire

    def broken(self: Subscribers, poll: Poll, sent_at: float, now: float) -> Any:
        early = 3.0 if poll.deadline - now < 3.0 else 0.0
        return original(self, poll, sent_at + early, now + early)

    patch.setattr(Subscribers, "continue_or_expire", broken)


def poll_late(patch: Patch) -> None:
    def broken(self: Poll, delay: float, now: float, give_up_at: float = inf) -> None:
        self.due = now + delay

    patch.setattr(Poll, "schedule", broken)


def ignore_a_new_deadline(patch: Patch) -> None:
    def broken(
        self: Subscribers, poll: JobPoll, deadline: float, subscriber: object, now: float
    ) -> None:
        self.others.add(poll.job_id, deadline, subscriber)

    patch.setattr(Subscribers, "_join", broken)


def end_all_callers(patch: Patch) -> None:
    original = Subscribers._expire

    def broken(self: Subscribers, poll: Poll, until: float, now: float, unsent: str = "") -> Any:
        if poll.deadline > until:
            return original(self, poll, until, now, unsent)
        return [self.end(poll, poll.timed_out(poll.since, now))]

    patch.setattr(Subscribers, "_expire", broken)


def long_delays(patch: Patch) -> None:
    original = PollSettings.longest_retry_delay.fget  # type: ignore[attr-defined]
    longer = property(lambda self: 50.0 * original(self))
    patch.setattr(PollSettings, "longest_retry_delay", longer)
    patch.setattr(retry_delay, "_FAILURE", retry_delay._Growth(first=1.0, longest=3000.0))


def last_polls_wait(patch: Patch) -> None:
    patch.setattr(last_polls.LastPolls, "pop_by", lambda self, now: None)
    patch.setattr(last_polls.LastPolls, "is_late", lambda self, now: False)


def trust_lists_for_ever(patch: Patch) -> None:
    original = JobPoll.listed

    def broken(self: JobPoll, job: Any, now: float, context: Any) -> None:
        self.unreachable_since = now
        original(self, job, now, context)

    patch.setattr(JobPoll, "listed", broken)


def hold_for_ever(patch: Patch) -> None:
    patch.setattr(ListPolling, "_release_held", lambda self, now: None)
    patch.setattr(list_polling, "HELD", 1e6)
