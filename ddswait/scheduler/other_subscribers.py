"""The subscribers of a job besides the one whose deadline its poll has. Pure.

Most jobs have one subscriber, who is kept in the poll itself, and nothing here.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.scheduler.poll import Poll

    Entry = tuple[float, object]


class OtherSubscribers:
    """Who else waits for a job, until when, and since when."""

    __slots__ = ("_joined_at", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[str, list[Entry]] = {}
        self._joined_at: dict[tuple[str, object], float] = {}  # of who did not begin the poll

    def of(self, poll: Poll) -> list[Entry]:
        """Return (deadline, subscriber) of each, the earliest deadline first."""
        return [] if poll.is_of_instance else self._waiting.get(poll.job_id, [])

    def add(self, job_id: str, deadline: float, subscriber: object) -> None:
        """Add a subscriber whose deadline is not the earliest."""
        insort(self._waiting.setdefault(job_id, []), (deadline, subscriber), key=_deadline_of)

    def add_first(self, job_id: str, deadline: float, subscriber: object) -> None:
        """Add a subscriber whose deadline is the earliest of those here."""
        self._waiting.setdefault(job_id, []).insert(0, (deadline, subscriber))

    def remove(self, job_id: str, subscriber: object) -> None:
        """Remove a subscriber who waits no longer."""
        others = self._waiting.get(job_id, [])
        others[:] = [entry for entry in others if entry[1] is not subscriber]

    def forget(self, poll: Poll) -> None:
        """Remove every subscriber of a job, whose first one is still that of the poll."""
        self.left(poll.job_id, poll.subscriber)
        for _, subscriber in self._waiting.pop(poll.job_id, ()):
            self.left(poll.job_id, subscriber)

    # ---- since when

    def joined(self, job_id: str, subscriber: object, now: float) -> None:
        """Note that a subscriber began to wait after the poll began."""
        self._joined_at[job_id, subscriber] = now

    def left(self, job_id: str, subscriber: object) -> None:
        """Note that a subscriber, the first one or another, waits no longer."""
        self._joined_at.pop((job_id, subscriber), None)

    def since(self, poll: Poll, subscriber: object) -> float:
        """Return when the wait of one subscriber, the first one or another, began."""
        return self._joined_at.get((poll.job_id, subscriber), poll.since)

    def first_since(self, poll: Poll) -> float:
        """Return when the first of the waits for a poll began."""
        first = self.since(poll, poll.subscriber)
        others = [self.since(poll, subscriber) for _, subscriber in self.of(poll)]
        return min(first, *others) if others else first


def _deadline_of(entry: Entry) -> float:
    return entry[0]
