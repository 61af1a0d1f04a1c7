"""What a look changed, as events. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.events import Event, PollFailed, Progressed, UnknownStatus, Visible
from ddswait.job import Job, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddswait.scheduler.job_poll import JobPoll


class News:
    """Compares what was known of a job with what is; tells odd statuses once."""

    __slots__ = ("_odd_statuses",)

    def __init__(self) -> None:
        self._odd_statuses: set[str] = set()

    def of(self, before: Mapping[str, Any] | None, watch: JobPoll, now: float) -> Sequence[Event]:
        """Return what is new of a watch whose record was `before`, oldest first."""
        if watch.cause is not None:
            return (PollFailed(watch.job_id, watch.cause, max(watch.due - now, 0.0)),)
        record = watch.record
        if record is None or record is before:
            return ()
        if before is None:
            seen = Visible(watch.job_id, Job.from_record(record), now - watch.born)
            return [seen, *self._oddity(record)]
        if record["status"] == before["status"] and percent_of(record) == percent_of(before):
            return ()
        news = Progressed(watch.job_id, Job.from_record(record), Job.from_record(before))
        return [news, *self._oddity(record)]

    def _oddity(self, record: Mapping[str, Any]) -> Iterator[Event]:
        job = Job.from_record(record)
        if not job.has_known_status and job.status not in self._odd_statuses:
            self._odd_statuses.add(job.status)
            yield UnknownStatus(job.id, job.status)
