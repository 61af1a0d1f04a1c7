"""The last poll of each wait, the earliest first. Pure."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.compaction import Compacted
from ddswait.scheduler.poll_settings import LAST_POLL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.scheduler.delay_queue import Entry
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.ready_queue import ReadyQueue


class LastPolls(Compacted):
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
        super().__init__()
        self.heard_at = -inf
        self._unreachable_after = unreachable_after
        self._ready = ready
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, poll: Poll) -> None:
        """Enter a poll at its `last_at`."""
        heappush(self._entries, (poll.last_at, poll.job_id, poll))
        self.compact()

    def _clear_outdated(self) -> None:
        current = {each[2]: each for each in self._entries if self._is_current(each[0], each[2])}
        self._entries = list(current.values())
        heapify(self._entries)

    def _is_current(self, at: float, poll: Poll) -> bool:
        if poll.cut_at is not None or poll.last_at != at:
            return False
        return poll.due == at or poll in self._ready

    def next_at(self) -> float:
        """Return when the next last poll is due; inf when none waits."""
        entries = self._entries
        while entries:
            at, _, poll = entries[0]
            if self._is_current(at, poll):
                return at
            heappop(entries)
        return inf

    def pop(self, now: float) -> Poll | None:
        """Take out the last poll that is due first; None when none is due."""
        while self._entries and self.next_at() <= now:
            poll = heappop(self._entries)[2]
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
        return bool(self._entries) and self.next_at() <= now and _is_late(self._entries[0][2], now)

    def pop_late(self, now: float) -> Iterator[Poll]:
        """Take out every poll of which the last one could not leave in time."""
        in_time = []
        while self.next_at() <= now - LAST_POLL:
            entry = heappop(self._entries)
            poll = entry[2]
            if _is_late(poll, now):
                self._ready.discard(poll)
                yield poll
            else:
                in_time.append(entry)
        for entry in in_time:
            heappush(self._entries, entry)


def _is_late(poll: Poll, now: float) -> bool:
    return poll.deadline <= now - LAST_POLL
