"""Who waits for which job or instance, each with a deadline of their own. Pure.

The first subscriber of a job, the one with the earliest deadline, is kept in its poll; the few
others, if any, are kept apart (other_subscribers.py).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.events import Ended, Tracked
from ddswait.outcome import Scope
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.other_subscribers import OtherSubscribers
from ddswait.scheduler.poll_settings import LAST_POLL, SHORTEST_POLL
from ddswait.scheduler.retry_delay import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ddswait.events import Event
    from ddswait.job import EarlierWait
    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.patience import Patience
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.queue import PollQueue


class Subscribers:
    """All that is waited for in one scheduler, and who waits.

    Args:
        queue: of the polls.
        patience: with the host of the service.

    Attributes:
        jobs: the polls of jobs, by job ID.
        instances: the polls of instances, by subscriber.
        new_jobs: how many jobs were never polled, and not looked for in a list.
        verbose: whether somebody listens to each job that is tracked (`Tracked`).
        others: the subscribers besides the first one of each job.
        refusal: what has ended every wait, and ends every later one; None for nothing.
        dropped: is called with each poll that nobody waits for any more.
    """

    def __init__(self, queue: PollQueue, patience: Patience) -> None:
        self.jobs: dict[object, JobPoll] = {}
        self.instances: dict[object, InstancePoll] = {}
        self.new_jobs = 0
        self.dropped: Callable[[Poll], object] = lambda _: None
        self._queue = queue
        self._patience = patience
        self.verbose = False
        self.others = OtherSubscribers()
        self._deadline = inf  # the last one: many jobs have the same, and share its object
        self.refusal: Refusal | None = None
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
        self,
        job_id: str,
        deadline: float,
        subscriber: object,
        now: float,
        earlier: EarlierWait | None = None,
    ) -> Sequence[Event]:
        """Let a subscriber wait for a job; return what that brings about at once.

        Args:
            job_id: of the job.
            deadline: when to give up.
            subscriber: who waits.
            now: the time.
            earlier: what is known from an earlier wait for the job that is resumed now.
        """
        poll = self.jobs.get(job_id)
        if poll is not None:
            self._join(poll, deadline, subscriber, now)
            return ()
        if deadline == self._deadline:
            deadline = self._deadline
        else:
            self._deadline = deadline
        poll = JobPoll(job_id, now, deadline, subscriber)
        if earlier is not None:
            poll.resume(earlier, now)
        if self.refusal is not None:
            return (_ended(poll, poll.refused(self.refusal, now, self._patience.settings)),)
        self.jobs[job_id] = poll
        if poll.job is None:
            self.new_jobs += 1
        else:
            poll.is_new = False
        self._queue.add(poll)
        return (Tracked(job_id),) if self.verbose else ()

    def subscribe_instance(
        self, outcome: Outcome, deadline: float, subscriber: object, now: float
    ) -> Sequence[Event]:
        """Let a subscriber wait for the instance of a completed job, or for one without a job."""
        poll = InstancePoll(outcome, now, deadline, subscriber)
        if (refusal := self.refusal or self._instances_refusal) is not None:
            return (_ended(poll, poll.refused(refusal, now, self._patience.settings)),)
        self.instances[subscriber] = poll
        self._queue.add(poll)
        return ()

    def _join(self, poll: JobPoll, deadline: float, subscriber: object, now: float) -> None:
        self.others.joined(poll.job_id, subscriber, now)
        if deadline >= poll.deadline:
            self.others.add(poll.job_id, deadline, subscriber)
            return
        self.others.add_first(poll.job_id, poll.deadline, poll.subscriber)
        self._serve(poll, deadline, subscriber)

    def _serve(self, poll: Poll, deadline: float, subscriber: object) -> None:
        """Let a poll be that of the subscriber whose deadline is the earliest now."""
        poll.deadline, poll.subscriber = deadline, subscriber
        poll.last_at = deadline
        if poll.failures:
            poll.last_at = min(deadline, self._patience.give_up_at(poll.unreachable_since))
        if poll.cut_at is None:
            self._queue.move_last(poll)
        else:
            poll.set_cut(self._patience.settings)

    # ---- ending

    def unsubscribe(self, job_id: str, subscriber: object) -> None:
        """Let one subscriber go; with the last one, the poll ends without an outcome."""
        if (instance := self.instances.get(subscriber)) is not None:
            self._drop(instance)
            return
        poll = self.jobs.get(job_id)
        if poll is None:
            return
        self.others.left(job_id, subscriber)
        if poll.subscriber is not subscriber:
            self.others.remove(job_id, subscriber)
        elif not self._hand_over(poll):
            self._drop(poll)

    def end(self, poll: Poll, outcome: Outcome) -> Ended:
        """End a poll: all its subscribers get the outcome."""
        others = [subscriber for _, subscriber in self.others.of(poll)]
        self._drop(poll)
        return _ended(poll, outcome, *others)

    def continue_or_expire(self, poll: Poll, sent_at: float, now: float) -> Sequence[Event]:
        """Let a poll wait until it is due again; end the waits whose last poll this was."""
        if now < poll.deadline:
            self._queue.add(poll)
            return ()
        due = poll.due
        ended = self._expire(poll, min(now, sent_at + SHORTEST_POLL), now)
        if poll.due < inf:
            if now < poll.deadline:
                self._queue.put_off(poll, min(due, poll.last_at))
            else:
                self._queue.make_ready(poll, now)  # the last one is still to be sent
        return ended

    def repeat(self, poll: Poll, now: float) -> None:
        """Let a poll that was answered leave again at once, even beyond its deadline."""
        poll.cut_at = None
        if now + AT_ONCE < poll.last_at:
            self._queue.put_off(poll, now + AT_ONCE)
        else:
            self._queue.make_ready(poll, now)

    def expire_late(self, now: float, unsent: str) -> list[Event]:
        """End the waits whose last poll could not be sent within LAST_POLL.

        Args:
            now: the time.
            unsent: why it could not.
        """
        ended = []
        for poll in self._queue.last.pop_late(now):
            ended += self._expire(poll, now - LAST_POLL, now, unsent)
            if poll.due < inf:
                self._queue.make_ready(poll, now)
        return ended

    def _expire(self, poll: Poll, until: float, now: float, unsent: str = "") -> list[Event]:
        """End the waits for this poll whose deadline is not later than `until`."""
        ended: list[Event] = []
        while poll.deadline <= until:
            outcome = poll.timed_out(self.others.since(poll, poll.subscriber), now, unsent)
            ended.append(_ended(poll, outcome))
            self.others.left(poll.job_id, poll.subscriber)
            if not self._hand_over(poll):
                self._drop(poll)
                break
        return ended

    def give_up(
        self, poll: Poll, cause: str, since: float, now: float, patience: Patience
    ) -> list[Event]:
        """End the waits for this poll for which the service has been unreachable for too long.

        Args:
            poll: that did not reach the service.
            cause: why not.
            since: when the service, or the credentials, became unreachable. A wait that began
                later counts from its own beginning.
            now: the time.
            patience: with the host that is unreachable.
        """
        settings = patience.settings
        waiting = [(poll.deadline, poll.subscriber), *self.others.of(poll)]
        begun = [max(since, self.others.since(poll, subscriber)) for _, subscriber in waiting]
        if now >= patience.give_up_at(max(begun)):
            return [self.end(poll, poll.unreachable(cause, min(begun), now, settings))]
        ended: list[Event] = []
        for (_, subscriber), at in zip(waiting, begun, strict=True):
            if now >= patience.give_up_at(at):
                outcome = poll.unreachable(cause, at, now, settings)
                # Only a job has several subscribers.
                ended.append(Ended(poll.job_id, outcome, (subscriber,)))
                self.unsubscribe(poll.job_id, subscriber)
        return ended

    def unreachable_at(self, since: float, patience: Patience) -> float:
        """Return when the first wait ends, if a host has been unreachable since `since`."""
        first_since = self.others.first_since
        first = min((max(first_since(poll), poll.heard_at()) for poll in self), default=inf)
        return patience.give_up_at(max(since, first))

    def refuse(self, refusal: Refusal, now: float) -> list[Event]:
        """End every wait that a refusal concerns, and every later one without a request.

        Args:
            refusal: of scope `everything`, or `operation` of polls of instances.
            now: the time.
        """
        if refusal.scope is Scope.EVERYTHING:
            self.refusal = refusal
            concerned: Iterable[Poll] = self
        else:
            self._instances_refusal = refusal
            concerned = self.instances.values()
        settings = self._patience.settings
        return [self.end(each, each.refused(refusal, now, settings)) for each in list(concerned)]

    # ---- who waits

    def everyone(self) -> Iterator[object]:
        """Return all subscribers."""
        for poll in self:
            yield poll.subscriber
            yield from (subscriber for _, subscriber in self.others.of(poll))

    def looked_for(self, poll: JobPoll) -> None:
        """Note that a job is not new any more."""
        if poll.is_new:
            poll.is_new = False
            self.new_jobs -= 1

    def looked_for_all(self) -> None:
        """Note that no job is new any more."""
        for poll in self.jobs.values():
            poll.is_new = False
        self.new_jobs = 0

    def _hand_over(self, poll: Poll) -> bool:
        """Hand a poll to the subscriber with the next deadline; return whether there was one."""
        if others := self.others.of(poll):
            self._serve(poll, *others.pop(0))
            return True
        return False

    def _drop(self, poll: Poll) -> None:
        if poll.is_of_instance:
            del self.instances[poll.key]
        else:
            self.looked_for(self.jobs.pop(poll.key))
            self.others.forget(poll)
        self._queue.drop(poll)
        self.dropped(poll)


def _ended(poll: Poll, outcome: Outcome, *others: object) -> Ended:
    return Ended(poll.job_id, outcome, (poll.subscriber, *others), poll.is_of_instance)
