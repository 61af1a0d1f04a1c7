"""What is known beyond single jobs: the server's clock, and how long past jobs took. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.job import Job
from ddswait.service.dds import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddswait.scheduler.durations import Durations
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.poll_interval import Past

_CLOCK_EVERY = 60.0  # seconds: to read a Date costs more than all else that a look does
_CLOCK_OFF = 5.0  # seconds: a Date has whole ones, and took its time to come
_PAST_AGAIN = 60.0  # seconds after which to ask for past jobs again, if that failed
_ENOUGH = 5  # past jobs of a name: more of them would tell little more
_LONGEST_AGE = 31 * 86400.0  # tasks older than a month cannot be asked about


class ServerClock:
    """Learns from what replies tell beside the state of a job.

    Args:
        durations: what is known of past jobs.

    Attributes:
        durations: the same, with what was learned since.
        server_ahead: the server's clock when ours is 0, in seconds since 1970; None when no reply
            has told it.
        past_at: when to ask for the list of past jobs; inf for not (again), None while no job of
            an unknown name was seen.
    """

    __slots__ = ("_clock_at", "durations", "past_at", "server_ahead")

    def __init__(self, durations: Durations) -> None:
        self.durations = durations
        self.server_ahead: float | None = None
        self.past_at: float | None = None
        self._clock_at = -inf

    def past_of(self, watch: JobPoll) -> Past | None:
        """Return what past jobs of a watched job's name tell."""
        return None if watch.record is None else self.past_of_name(watch.record)

    def past_of_name(self, record: Mapping[str, Any]) -> Past | None:
        """Return what past jobs of a record's name tell."""
        name = record.get("name")
        return self.durations.of(name) if isinstance(name, str) else None

    def read_clock(self, date: str, now: float) -> None:
        """Follow the server's clock: ours stands still while the machine sleeps."""
        if now < self._clock_at or (moment := moment_of(date)) is None:
            return
        self._clock_at = now + _CLOCK_EVERY
        ahead = moment - now
        if self.server_ahead is None or abs(ahead - self.server_ahead) > _CLOCK_OFF:
            self.server_ahead = ahead

    def note_birth(self, watch: JobPoll, record: Mapping[str, Any], now: float) -> None:
        """Note how old a job is by the server's clock, at its first sight."""
        job = Job.from_record(record)
        if job.created is not None and self.server_ahead is not None:
            age = now + self.server_ahead - job.created.timestamp()
            watch.born = now - min(max(age, 0.0), _LONGEST_AGE)
        if self.past_at is None and self.durations.count(job.name) < _ENOUGH:
            self.past_at = now

    def learn_past(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Learn from a list of completed tasks; the latest of each name are kept."""
        for job in sorted(map(Job.from_record, records), key=_ended_at):
            self.durations.learn(job)

    def past_failed(self, retry_after: float, now: float) -> None:
        """Note that the list of completed tasks did not come."""
        self.past_at = now + max(_PAST_AGAIN, retry_after)


def _ended_at(job: Job) -> float:
    return -inf if job.ended is None else job.ended.timestamp()
