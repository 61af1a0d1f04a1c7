"""Which of the requests that are due goes first. Pure.

The order

1. A last poll, the earliest first.
2. A poll of a job that a list should have shown and did not: it has most likely ended.
3. A page of a list, and the polls that are due, in turns where there is room for one only:
   neither starves. Of the polls, whoever is most overdue for the interval that suits it
   (ready_queue.py); while there is room for plenty, and a connection is free within half a
   second, whoever is due first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.scheduler.actions import ListJobs
    from ddswait.scheduler.list_polling import ListPolling
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.queue import PollQueue

_MOST_RANKED = 100  # polls at once: ranking a hundred thousand would hold up everything
_PLENTY = 100  # requests that may leave at once: so many that their order does not matter


class NextRequest:
    """Takes the next poll or list request out of where it waits.

    Args:
        queue: of the polls.
        lists: the lists in place of polls.
    """

    __slots__ = ("_listed_last", "_lists", "_queue")

    def __init__(self, queue: PollQueue, lists: ListPolling) -> None:
        self._queue = queue
        self._lists = lists
        self._listed_last = False

    def pop(self, room: int, credentials: int, now: float) -> Poll | ListJobs | None:
        """Take out what to send now.

        Args:
            room: how many requests may leave at once.
            credentials: counts the renewals of the credentials.
            now: the time.

        Returns:
            None if a list covers all that was due, or if a last poll is too late to be sent.
        """
        queue, lists = self._queue, self._lists
        if queue.last.at <= now:
            if (last := queue.last.pop_by(now)) is not None:
                return last
            if queue.last.is_late(now):
                return None
        if not lists.planner.expected:
            poll = queue.pop_unranked(now, plenty=room >= _PLENTY)
            if poll is not None:
                if page := lists.next_page(credentials, now):
                    queue.add(poll)
                return page or poll
        self._gather(now)
        return lists.missing.next() or self._turn(room, credentials, now)

    def _turn(self, room: int, credentials: int, now: float) -> Poll | ListJobs | None:
        """Take out a page of a list or the most urgent poll."""
        ready = self._queue.ready
        turn = ready.pop(room, now) if self._listed_last else None
        if turn is None and (page := self._lists.next_page(credentials, now)):
            self._listed_last = True
            return page
        self._listed_last = False
        return turn or ready.pop(room, now)

    def _gather(self, now: float) -> None:
        """Move polls that are due to where their urgency is compared, or to the list."""
        left = _MOST_RANKED
        for poll in self._queue.pop_due(now):
            if not self._lists.hold(poll, now):
                self._queue.add_ready(poll, now)
                left -= 1
                if not left:
                    break
