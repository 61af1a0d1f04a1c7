"""Polls in a queue, for the tests of the queues."""

from collections.abc import Callable
from typing import Any

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.ready_queue import ReadyQueue
from ddswait.scheduler.urgency import Urgency

Interval = Callable[[Poll, float], float]


class IntervalPoll(JobPoll):
    """A poll that wants the interval that a function says, which takes the place of a context."""

    __slots__ = ()

    def wanted_interval(self, now: float, context: Any) -> float:
        return float(context(self, now))

    def waits(self, urgency: float, context: Any) -> float:
        low, high = 0.0, 1.0
        while high < urgency * context(self, self.succeeded_at + high):
            low, high = high, 2.0 * high
        for _ in range(40):
            middle = (low + high) / 2
            if middle < urgency * context(self, self.succeeded_at + middle):
                low = middle
            else:
                high = middle
        return high


def poll(job_id: str, succeeded_at: float, due: float, deadline: float = 1e9) -> JobPoll:
    made = IntervalPoll(job_id, succeeded_at, deadline, None)
    made.due = due
    return made


def wanted(each: Poll, _: float) -> float:
    return max(each.due - each.succeeded_at, 2.5)


def urgency_by(interval: Interval) -> Urgency:
    return Urgency(interval)  # type: ignore[arg-type]


def ready_by(interval: Interval, spacing: float = 1.0) -> ReadyQueue:
    return ReadyQueue(urgency_by(interval), lambda _: spacing)


def empty_queue(unreachable_after: float) -> PollQueue:
    return PollQueue(urgency_by(wanted), lambda _: 1.0, unreachable_after)


def queue_of(*polls: JobPoll) -> PollQueue:
    queue = empty_queue(600.0)
    for each in polls:
        queue.add(each)
    return queue
