"""Who waits for which job or instance, each with a deadline of their own. Pure.

The first subscriber of a job, the one with the earliest deadline, is kept in its poll; the few
others, if any, are kept here.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from ddswait.events import Ended, Tracked
from ddswait.outcome import Scope
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ddswait.events import Event
    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.poll import Poll, PollSettings
    from ddswait.scheduler.queue import PollQueue


class Subscribers:
    """All that is waited for in one scheduler, and who waits.

    Args:
        queue: of the polls.
        settings: intervals and bounds.

    Attributes:
        jobs: the polls of jobs, by job ID.
        instances: the polls of instances, by subscriber.
        new_jobs: the IDs of jobs that were never polled, and not looked for in a list.
    """

    def __init__(self, queue: PollQueue, settings: PollSettings) -> None:
        self.jobs: dict[object, JobPoll] = {}
        self.instances: dict[object, InstancePoll] = {}
        self.new_jobs: set[str] = set()
        self._queue = queue
        self._settings = settings
        self._others: dict[str, list[tuple[float, object]]] = {}
        self._refusal: Refusal | None = None
        self._instances_refusal: Refusal | None = None

    def __len__(self) -> int:
        return len(self.jobs) + len(self.instances)

    def __contains__(self, poll: object) -> bool:
        return any(each is poll for each in self)

    def __iter__(self) -> Iterator[Poll]:
        yield from self.jobs.values()
        yield from self.instances.values()

    # ---- beginning

    def subscribe(
        self, job_id: str, deadline: float, subscriber: object, now: float
    ) -> Sequence[Event]:
        """Let a subscriber wait for a job; return what that brings about at once."""
        poll = self.jobs.get(job_id)
        if poll is not None:
            self._join(poll, deadline, subscriber)
            return ()
        poll = JobPoll(job_id, now, deadline, subscriber)
        if self._refusal is not None:
            return (_ended(poll, poll.refused(self._refusal, now, self._settings)),)
        self.jobs[job_id] = poll
        self.new_jobs.add(job_id)
        self._queue.add(poll)
        return (Tracked(job_id),)

    def subscribe_instance(
        self, outcome: Outcome, deadline: float, subscriber: object, now: float
    ) -> Sequence[Event]:
        """Let a subscriber wait for the instance of a completed job."""
        poll = InstancePoll(outcome, now, deadline, subscriber)
        if (refusal := self._refusal or self._instances_refusal) is not None:
            return (_ended(poll, poll.refused(refusal, now, self._settings)),)
        self.instances[subscriber] = poll
        self._queue.add(poll)
        return ()

    def _join(self, poll: JobPoll, deadline: float, subscriber: object) -> None:
        others = self._others.setdefault(poll.job_id, [])
        if deadline >= poll.deadline:
            insort(others, (deadline, subscriber), key=_deadline_of)
            return
        others.insert(0, (poll.deadline, poll.subscriber))
        poll.deadline, poll.subscriber = deadline, subscriber
        if poll.cut_at is not None:
            poll.cut_at = min(poll.cut_at, deadline)
        elif poll.due > deadline:
            self._queue.put_off(poll, deadline)

    # ---- ending

    def unsubscribe(self, job_id: str, subscriber: object) -> None:
        """Let one subscriber go; with the last one, the poll ends without an outcome."""
        if (instance := self.instances.get(subscriber)) is not None:
            self._drop(instance)
            return
        poll = self.jobs.get(job_id)
        if poll is None:
            return
        if poll.subscriber is not subscriber:
            others = self._others.get(job_id, [])
            others[:] = [entry for entry in others if entry[1] is not subscriber]
        elif not self._hand_over(poll):
            self._drop(poll)

    def end(self, poll: Poll, outcome: Outcome) -> Ended:
        """End a poll: all its subscribers get the outcome."""
        others = [subscriber for _, subscriber in self._others_of(poll)]
        self._drop(poll)
        return _ended(poll, outcome, *others)

    def continue_or_expire(self, poll: Poll, now: float) -> Sequence[Event]:
        """Let a poll wait until it is due again; end the waits whose deadline has come."""
        if now < poll.deadline:
            self._queue.add(poll)
            return ()
        due = poll.due
        ended = self.expire(poll, now)
        if poll.key in (self.instances if poll.is_of_instance else self.jobs):
            self._queue.put_off(poll, min(due, poll.deadline))
        return ended

    def expire(self, poll: Poll, now: float) -> list[Event]:
        """End the waits for this poll whose deadline has come."""
        ended: list[Event] = []
        while poll.deadline <= now:
            outcome = poll.timed_out(poll.deadline, now)
            ended.append(_ended(poll, outcome))
            if not self._hand_over(poll):
                self._drop(poll)
                break
        return ended

    def end_all(self, polls: Iterable[Poll], outcome_of: Callable[[Poll], Outcome]) -> list[Event]:
        """End several polls."""
        return [self.end(poll, outcome_of(poll)) for poll in list(polls)]

    def refuse(self, refusal: Refusal, now: float) -> list[Event]:
        """End every wait that a refusal concerns, and every later one without a request.

        Args:
            refusal: of scope `everything`, or `operation` of polls of instances.
            now: the time.
        """
        if refusal.scope is Scope.EVERYTHING:
            self._refusal = refusal
            concerned: Iterable[Poll] = self
        else:
            self._instances_refusal = refusal
            concerned = self.instances.values()
        return self.end_all(concerned, lambda poll: poll.refused(refusal, now, self._settings))

    # ---- who waits

    def everyone(self) -> Iterator[object]:
        """Return all subscribers."""
        for poll in self:
            yield poll.subscriber
            yield from (subscriber for _, subscriber in self._others_of(poll))

    def _others_of(self, poll: Poll) -> list[tuple[float, object]]:
        """Return (deadline, subscriber) of all but the first, the earliest deadline first."""
        return [] if poll.is_of_instance else self._others.get(poll.job_id, [])

    def _hand_over(self, poll: Poll) -> bool:
        """Hand a poll to the subscriber with the next deadline; return whether there was one."""
        if others := self._others_of(poll):
            poll.deadline, poll.subscriber = others.pop(0)
            return True
        return False

    def _drop(self, poll: Poll) -> None:
        if poll.is_of_instance:
            del self.instances[poll.key]
        else:
            del self.jobs[poll.key]
            self._others.pop(poll.job_id, None)
            self.new_jobs.discard(poll.job_id)
        self._queue.drop(poll, self)


def _deadline_of(entry: tuple[float, object]) -> float:
    return entry[0]


def _ended(poll: Poll, outcome: Outcome, *others: object) -> Ended:
    return Ended(poll.job_id, outcome, (poll.subscriber, *others), poll.is_of_instance)
