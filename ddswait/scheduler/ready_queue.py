"""Which poll goes first when not all that are due can leave. Pure.

It is the most urgent one (urgency.py). To rank all that wait would cost their number. But a poll
only becomes more urgent, and while the load stays the same, whoever leaves is about as urgent as
whoever left before. So polls wait in the order of the times at which
they reach that urgency, worked out once. When the load changes, the urgency at which polls leave
does as well. So there is a queue for each doubling of it, and the first ones of these few are
compared by their urgency of this moment.
"""

from __future__ import annotations

from math import frexp, sqrt
from operator import itemgetter
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
_MOVED = 1  # poll that waits by another urgency than the usual one, with each that leaves


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
        self._move_some()
        while self._waiting:
            urgency, entry = self._most_urgent(now)
            entry[3].pop()
            poll = entry[2]
            del self._waiting[poll]
            if poll.cut_at is None and poll.due <= now:
                by = urgency - self._usual
                self._usual += by * (_UP if by > 0 else _DOWN)
                return poll
        self._queues.clear()
        return None

    def _move_some(self) -> None:
        """Let some polls wait by the usual urgency that have waited by another one."""
        queues, left = self._queues, _MOVED
        if len(queues) <= 1:
            return
        usual = _exponent(self._usual)
        for exponent in sorted(queues, key=lambda each: len(queues[each])):
            queue = queues[exponent]
            while exponent != usual and left and (entry := queue.first()) is not None:
                queue.pop()
                self._add(entry[2], usual)
                left -= 1
            if not queue:
                del queues[exponent]

    def _most_urgent(self, now: float) -> tuple[float, Entry]:
        """Return the most urgent one of those that are first in a queue, and its urgency."""
        firsts = [first for queue in self._queues.values() if (first := queue.first()) is not None]
        if len(firsts) == 1:
            return self._urgency.of(firsts[0][2], now), firsts[0]
        return max(((self._urgency.of(each[2], now), each) for each in firsts), key=itemgetter(0))


def _exponent(urgency: float) -> int:
    """Return which doubling of the urgency a poll waits by."""
    return frexp(max(urgency, 1.0))[1]


def _middle(exponent: int) -> float:
    return 2.0**exponent / sqrt(2)
