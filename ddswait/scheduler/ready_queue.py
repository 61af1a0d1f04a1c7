"""Which poll goes first when not all that are due can leave. Pure.

It is the most urgent one (urgency.py). To rank all that wait would cost their number. But a poll
only becomes more urgent, and while the load stays the same, whoever leaves is about as urgent as
whoever left before. So polls wait in the order of the times at which
they reach that urgency, worked out once. When the load changes, the urgency at which polls leave
does as well. So there is a queue for each doubling of it, and the first ones of these few are
compared by their urgency of this moment.
"""

from __future__ import annotations

from math import frexp, inf, sqrt
from typing import TYPE_CHECKING

from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.urgency import Urgency

    Entry = tuple[float, str, Poll, TimeQueue["Entry"]]

# How the usual urgency follows that of the polls that leave: soon up, since more urgent ones may
# wait behind those, and slowly down.
_UP, _DOWN = 1 / 2, 1 / 8


class ReadyQueue:
    """Polls that are due; those that were discarded, put off or sent meanwhile are skipped.

    Args:
        urgency: how urgent a poll is. What is learned about a job's kind while its poll waits
            counts when the poll is the first of its queue, or moved.
    """

    __slots__ = ("_queues", "_urgency", "_usual", "_waiting")

    def __init__(self, urgency: Urgency) -> None:
        self._urgency = urgency
        self._waiting: dict[Poll, Entry] = {}
        self._queues: dict[int, TimeQueue[Entry]] = {}  # by the exponent of the urgency
        self._usual = 1.0  # urgency of those that leave

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Poll]:
        return iter(list(self._waiting))

    def __contains__(self, poll: Poll) -> bool:
        return poll in self._waiting

    def add(self, poll: Poll) -> None:
        """Let a poll wait until it can leave."""
        self._add(poll, _exponent(self._usual))

    def _add(self, poll: Poll, exponent: int) -> None:
        queue = self._queues.get(exponent)
        if queue is None:
            queue = self._queues[exponent] = TimeQueue(self._is_current)
        at = self._urgency.reached_at(poll, _middle(exponent))
        entry = self._waiting[poll] = (at, poll.job_id, poll, queue)
        queue.push(entry)
        queue.compact()

    def _is_current(self, entry: Entry) -> bool:
        return self._waiting.get(entry[2]) is entry

    def discard(self, poll: Poll) -> None:
        """Let a poll wait no longer."""
        entry = self._waiting.pop(poll, None)
        if entry is not None:
            entry[3].forget_one()

    def pop(self, now: float) -> Poll | None:
        """Take out the most urgent poll; None when the queue is empty."""
        self._move_one()
        while True:
            urgency, entry = self._most_urgent(now)
            if entry is None:
                self._queues.clear()
                return None
            entry[3].pop()
            poll = entry[2]
            del self._waiting[poll]
            if poll.cut_at is None and poll.due <= now:
                by = urgency - self._usual
                self._usual += by * (_UP if by > 0 else _DOWN)
                return poll

    def _move_one(self) -> None:
        """Let one poll wait by the usual urgency that has waited by another one."""
        queues, usual = self._queues, _exponent(self._usual)
        if len(queues) <= 1:
            return
        for exponent, queue in list(queues.items()):
            if exponent == usual:
                continue
            if (entry := queue.first()) is not None:
                queue.pop()
                self._add(entry[2], usual)
                return
            del queues[exponent]

    def _most_urgent(self, now: float) -> tuple[float, Entry | None]:
        """Return the highest urgency of those that are first in a queue, and whose it is."""
        most, found = -inf, None
        for queue in self._queues.values():
            if (first := queue.first()) is not None:
                urgency = self._urgency.of(first[2], now)
                if urgency > most:
                    most, found = urgency, first
        return most, found


def _exponent(urgency: float) -> int:
    """Return which doubling of the urgency a poll waits by."""
    return frexp(max(urgency, 1.0))[1]


def _middle(exponent: int) -> float:
    return 2.0**exponent / sqrt(2)
