"""What is known about the waits of one block while they go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddswait.events import Ended, Polled, PollFailed
from ddswait.outcome import NotCompletedOutcome, OutcomeKind
from ddswait.runtime.futures import WaitFuture

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from contextvars import Context

    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.outcome import Outcome
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.subscribers import Subscribers


class Overview:
    """Tells what is known about each wait, and whose it is.

    Args:
        loop: its clock.
        subscribers: who waits.
        context: of what concerns no wait.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, subscribers: Subscribers, context: Context
    ) -> None:
        self._loop = loop
        self._subscribers = subscribers
        self._context = context

    def pending(self) -> list[Outcome]:
        """Return what is known about each wait that goes on, as `pending` outcomes."""
        return [self._pending(poll, poll.subscriber) for poll in self._subscribers]

    def pending_of(self, future: WaitFuture[Any]) -> Outcome:
        """Return what is known about one wait, as a `pending` outcome."""
        subscribers = self._subscribers
        poll = subscribers.instances.get(future) or subscribers.jobs.get(future.job_id)
        if poll is None:
            return NotCompletedOutcome(future.job_id, OutcomeKind.PENDING, label=future.label)
        return self._pending(poll, future)

    def seen(self, future: WaitFuture[Any]) -> tuple[Job | None, float | None]:
        """Return the last record of the job of a wait, and for how many seconds it has existed.

        Each is None if it is not known.
        """
        poll = self._subscribers.jobs.get(future.job_id)
        if poll is None:
            after = self._subscribers.instances.get(future)
            return (after.outcome.job if after else None), None
        return poll.job, (None if poll.job is None else self._loop.time() - poll.created_at)

    def status(self, job_id: str) -> Outcome | None:
        """Return what is known about a job, as a `pending` outcome; None if nobody waits for it."""
        poll = self._poll_of(job_id)
        return None if poll is None else self._pending(poll, poll.subscriber)

    def is_waited_for(self, job_id: str) -> bool:
        """Return whether a wait for a job, or for its instance, goes on."""
        return self._poll_of(job_id) is not None

    def _poll_of(self, job_id: str) -> Poll | None:
        if poll := self._subscribers.jobs.get(job_id):
            return poll
        after = self._subscribers.instances.values()
        return next((poll for poll in after if poll.job_id == job_id), None)

    def _pending(self, poll: Poll, waiting: object) -> Outcome:
        outcome = poll.pending(self._loop.time())
        label = waiting.label if isinstance(waiting, WaitFuture) else ""
        return replace(outcome, label=label) if label else outcome

    def whose(self, event: Event, together: Sequence[Event]) -> tuple[Context, str]:
        """Return context and label of the wait for an event whose deadline is the earliest.

        Args:
            event: one of those that have happened together.
            together: all of them.
        """
        waiting: object = None
        if poll := self._subscribers.jobs.get(event.job_id):
            waiting = poll.subscriber
        knows = isinstance(event, Ended | PollFailed | Polled) and event.subscribers
        for each in [event] if knows or not event.job_id else together:
            of_whom = each.subscribers if isinstance(each, Ended | PollFailed | Polled) else ()
            if of_whom and each.job_id == event.job_id:
                waiting = of_whom[0]
                break
        if isinstance(waiting, WaitFuture):
            return waiting.context, waiting.label
        return self._context, ""
