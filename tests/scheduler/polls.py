"""Polls in a queue, for the tests of the queues."""

from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import PollQueue


def poll(job_id: str, succeeded_at: float, due: float, deadline: float = 1e9) -> JobPoll:
    made = JobPoll(job_id, succeeded_at, deadline, None)
    made.due = due
    return made


def wanted(each: Poll, _: float) -> float:
    return max(each.due - each.succeeded_at, 2.5)


def queue_of(*polls: JobPoll) -> PollQueue:
    queue = PollQueue(wanted, 600.0)
    for each in polls:
        queue.add(each)
    return queue
