"""What a reply changed about a job, or said of an instance, as events. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.events import Polled, PollFailed, Progressed, UnknownStatus, Visible
from ddswait.job import JobPhase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.poll import Poll

_MOST_STATUSES = 50  # unknown words that are reported: a service may invent them without end


class JobEvents:
    """Compares what was known about a job with what is known now.

    Attributes:
        verbose: whether somebody listens to each poll (`Polled`).
    """

    __slots__ = ("_unknown_statuses", "verbose")

    def __init__(self) -> None:
        self.verbose = False
        self._unknown_statuses: set[str] = set()

    def of(self, before: Job | None, poll: JobPoll, now: float) -> Sequence[Event]:
        """Return what is new about a job whose record was `before`, oldest first."""
        if (cause := poll.trouble.cause) is not None:
            kind = poll.trouble.kind
            return (PollFailed(poll.job_id, cause, _retry_delay(poll, now), kind=kind),)
        job = poll.job
        if job is None or job is before:
            return ()
        if before is None:
            visible = Visible(poll.job_id, job, now - poll.created_at)
            return [visible, *self._unknown_status(job)]
        if job.status == before.status and job.progress == before.progress:
            return ()
        return [Progressed(poll.job_id, job, before), *self._unknown_status(job)]

    def _unknown_status(self, job: Job) -> Iterator[Event]:
        statuses = self._unknown_statuses
        if job.phase is JobPhase.UNKNOWN and job.status not in statuses:
            if len(statuses) >= _MOST_STATUSES:
                return
            statuses.add(job.status)
            yield UnknownStatus(job.id, job.status)


def instance_events(poll: InstancePoll, now: float, reason: str) -> Sequence[Event]:
    """Return that the last poll of an instance failed, if it did, and that it was polled.

    Args:
        poll: of the instance.
        now: the time.
        reason: why it was polled; "" when nobody listens to each poll.
    """
    if (cause := poll.trouble.cause) is None and not reason:
        return ()
    events: list[Event] = []
    delay = _retry_delay(poll, now)
    if cause is not None:
        failed = PollFailed(
            poll.job_id,
            cause,
            delay,
            poll.instance_id,
            (poll.subscriber,),
            poll.trouble.kind,
        )
        events.append(failed)
    if reason:
        polled = Polled(
            poll.job_id,
            reason,
            delay,
            poll.instance_id,
            failed=cause is not None,
            subscribers=(poll.subscriber,),
            unconfirmed=poll.is_unconfirmed,
        )
        events.append(polled)
    return events


def _retry_delay(poll: Poll, now: float) -> float:
    return max(poll.due - now, 0.0)
