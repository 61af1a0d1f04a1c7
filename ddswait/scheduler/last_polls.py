"""The last poll of each wait, the earliest first. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.poll_settings import LAST_POLL
from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.ready_queue import ReadyQueue


class LastPolls:
    """An entry for each poll that is due at its `last_at`, and for each ready one.

    A ready poll becomes a last one if it still waits at its `last_at`. If that is before its
    deadline, the wait would be given up then. But a poll that waits for the rate limiter while
    others are answered is not unreachable: its `last_at` moves on, and it goes before no other.

    Args:
        ready: the polls that are due.
        unreachable_after: seconds without any reply after which a wait is given up.

    Attributes:
        heard_at: when the service last replied at all, if only with a 429.
    """

    __slots__ = ("_entries", "_ready", "_unreachable_after", "heard_at")

    def __init__(self, ready: ReadyQueue, unreachable_after: float) -> None:
        self.heard_at = -inf
        self._unreachable_after = unreachable_after
        self._ready = ready
        self._entries: TimeQueue[tuple[float, str, Poll]] = TimeQueue(self._is_current)

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, poll: Poll) -> None:
        """Enter a poll at its `last_at`."""
        self._entries.push((poll.last_at, poll.job_id, poll))
        self._entries.compact()

    def forget_one(self) -> None:
        """Expect one poll less."""
        self._entries.forget_one()

    def _is_current(self, entry: tuple[float, str, Poll]) -> bool:
        at, _, poll = entry
        if poll.cut_at is not None or poll.last_at != at:
            return False
        return poll.due == at or poll in self._ready

    def next_at(self) -> float:
        """Return when the next last poll is due; inf when none waits."""
        entry = self._entries.first()
        return inf if entry is None else entry[0]

    def pop(self, now: float) -> Poll | None:
        """Take out the last poll that is due first; None when none is due."""
        while self.next_at() <= now:
            poll = self._entries.pop()[2]
            if not self._moves_on(poll, now):
                self._ready.discard(poll)
                return poll
            if self.is_late(now):  # its deadline may have passed meanwhile
                break
        return None

    def _moves_on(self, poll: Poll, now: float) -> bool:
        """Move the `last_at` of a poll that only waited for the rate limiter; say whether."""
        late = poll.waited_for_room(now, self.heard_at)
        if not late or poll.throttled or poll.due >= poll.last_at or poll.last_at >= poll.deadline:
            return False
        give_up_at = poll.unreachable_since + late + self._unreachable_after
        if give_up_at <= now:
            return False
        poll.last_at = min(poll.deadline, give_up_at)
        self.push(poll)
        return True

    def is_late(self, now: float) -> bool:
        """Whether the next last poll is too late to be sent."""
        entry = self._entries.first()
        return entry is not None and entry[0] <= now and _is_late(entry[2], now)

    def pop_late(self, now: float) -> Iterator[Poll]:
        """Take out every poll of which the last one could not leave in time."""
        in_time = []
        while self.next_at() <= now - LAST_POLL:
            entry = self._entries.pop()
            poll = entry[2]
            if _is_late(poll, now):
                self._ready.discard(poll)
                yield poll
            else:
                in_time.append(entry)
        for entry in in_time:
            self._entries.push(entry)


def _is_late(poll: Poll, now: float) -> bool:
    return poll.deadline <= now - LAST_POLL
