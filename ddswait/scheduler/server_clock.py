"""The server's clock, read from the `Date` headers of its replies. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.service.dates import seconds_since_epoch

if TYPE_CHECKING:
    from ddswait.job import Job

_READ_EVERY = 60.0  # seconds: reading a Date costs more than everything else that a poll does
_TOLERANCE = 5.0  # seconds: a Date has whole seconds, and took its time to arrive
_LONGEST_AGE = 31 * 86400.0  # tasks older than a month cannot be polled


class ServerClock:
    """How far the server's clock is ahead of ours.

    Attributes:
        ahead: the server's clock when ours is 0, in seconds since 1970; None until a reply has
            stated it.
    """

    __slots__ = ("_read_again_at", "ahead")

    def __init__(self) -> None:
        self.ahead: float | None = None
        self._read_again_at = -inf

    def read(self, date: str, now: float) -> None:
        """Follow the server's clock: ours stands still while the machine sleeps."""
        if now < self._read_again_at or (moment := seconds_since_epoch(date)) is None:
            return
        self._read_again_at = now + _READ_EVERY
        ahead = moment - now
        if self.ahead is None or abs(ahead - self.ahead) > _TOLERANCE:
            self.ahead = ahead

    def created_at(self, job: Job, now: float) -> float | None:
        """Return when a job was created, on our clock; None when that is not known."""
        if job.created is None or self.ahead is None:
            return None
        age = now + self.ahead - job.created.timestamp()
        return now - min(max(age, 0.0), _LONGEST_AGE)
