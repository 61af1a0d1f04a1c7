"""Which poll goes first when not all that are due can leave. Pure.

The most urgent one does (urgency.py), but comparing all polls each time would take too long. A
poll only becomes more urgent, and while the load stays the same, each poll that leaves is about as
urgent as the one before. So polls wait in the order of the times at which they reach that urgency,
and each time is worked out once.

That urgency follows from the load: if all polls left with an urgency of 1, each would leave once
in its wanted interval, which is so many polls per second; and as many times more urgent as the
service lets fewer leave, they do leave. When the load changes, so does that urgency. So there is a
queue for each doubling of it, and the first polls of these few queues are compared by how urgent
they are now, about: urgency grows nearly in step with the time that a poll waits. A poll whose end
is expected suddenly would come too late by that, so those that wait for a far higher urgency are
moved, one with each poll that leaves; and where connections are scarce, those for a lower one.
"""

from __future__ import annotations

from math import frexp, inf, nan, sqrt
from typing import TYPE_CHECKING

from ddswait.scheduler.poll import Ranking
from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.urgency import Urgency

_FAR = 2  # doublings
# Of the time until a connection is free: polls that wait for too high an urgency are ranked nearly
# as well, those for too low a one are not. With 1,000 jobs, and 16 or 40 connections of 1 s, the
# mean lateness is 9.1 and 4.5 s without it, 8.5 and 3.8 s with it.
_MARGIN = 2.0
_FOLLOWS = 1 / 64  # of the difference: how the time until a connection is free is learned


class DoublingQueue(TimeQueue):
    """Polls by the times at which they reach the urgency in the middle of a doubling.

    Args:
        exponent: of the doubling, as a power of two.

    Attributes:
        urgency: which they reach.
    """

    __slots__ = ("urgency",)

    def __init__(self, exponent: int) -> None:
        super().__init__()
        self.urgency = 2.0**exponent / sqrt(2)

    def time_of(self, poll: Poll) -> float:
        """Return when a poll reaches the urgency by which it waits; nan if it does not wait."""
        return nan if poll.ranking is None else poll.ranking.at


class ReadyQueue:
    """Polls that are due; those that were discarded, put off or sent meanwhile are skipped.

    Args:
        urgency: how urgent a poll is. What is learned about a job's kind while its poll waits
            does not count any more.
        spacing: the seconds between two requests in the long run, by the rate limit.

    Attributes:
        size: how many polls wait.
    """

    __slots__ = (
        "_busy",
        "_demand",
        "_is_busy",
        "_popped_at",
        "_queues",
        "_spacing",
        "_urgency",
        "size",
    )

    def __init__(self, urgency: Urgency, spacing: Callable[[float], float]) -> None:
        self._urgency = urgency
        self._spacing = spacing
        self.size = 0
        self._queues: dict[int, DoublingQueue] = {}  # by the exponent of the urgency
        self._demand = 0.0  # polls per second, if each left with an urgency of 1
        self._busy = 0.0  # seconds until a connection is free for the next poll
        self._is_busy = False  # the next poll waits for a connection
        self._popped_at = -inf

    def __iter__(self) -> Iterator[Poll]:
        for exponent, queue in list(self._queues.items()):
            for poll in queue.polls():
                if poll.ranking is not None and poll.ranking.doubling == exponent:
                    yield poll

    def __contains__(self, poll: Poll) -> bool:
        return poll.ranking is not None

    def add(self, poll: Poll, now: float) -> None:
        """Let a poll wait until it can leave."""
        if poll.ranking is not None:
            self.discard(poll)
        if not self.size:
            self._demand, self._is_busy = 0.0, False
        exponent = self._exponent(now)
        queue = self._queues.get(exponent)
        if queue is None:
            queue = self._queues[exponent] = DoublingQueue(exponent)
        since, at = self._urgency.span(poll, queue.urgency)
        wanted = (at - since) / queue.urgency
        poll.ranking = Ranking(since, wanted, at, exponent)
        self.size += 1
        self._demand += 1 / wanted
        queue.push(at, poll)
        queue.compact()

    def _exponent(self, now: float) -> int:
        """Return the doubling of the urgency with which polls will leave."""
        usual = self._demand * max(self._spacing(now), _MARGIN * self._busy)
        return frexp(usual)[1] if usual > 1.0 else 1

    def discard(self, poll: Poll) -> None:
        """Let a poll wait no longer."""
        if (ranking := poll.ranking) is not None:
            self._remove(poll, ranking)
            self._queues[ranking.doubling].forget_one()

    def _remove(self, poll: Poll, ranking: Ranking) -> None:
        poll.ranking = None
        self.size -= 1
        self._demand -= 1 / ranking.wanted

    def pop(self, room: int, now: float) -> Poll | None:
        """Take out the most urgent poll; None when the queue is empty.

        Args:
            room: how many requests may leave at once. If more than one may, the next poll only
                waits until a connection is free.
            now: the time.
        """
        if len(self._queues) > 1:
            self._move_one(room, now)
        while (poll := self._pop_most_urgent(now)) is not None:
            if poll.cut_at is None and poll.due <= now:
                self._learn(room, now)
                return poll
        return None

    def _learn(self, room: int, now: float) -> None:
        """Learn how long polls wait for a connection."""
        if self._is_busy:
            self._busy += (now - self._popped_at - self._busy) * _FOLLOWS
        elif room == 1:
            self._busy -= self._busy * _FOLLOWS
        self._is_busy, self._popped_at = room > 1, now

    def _move_one(self, room: int, now: float) -> None:
        """Let one poll wait for the usual urgency that has waited for another one."""
        usual = self._exponent(now)
        doubling = max(self._queues)
        if doubling < usual + _FAR:
            # The load that connections can bear is learned late; the rate limit is known.
            doubling = min(self._queues) if room > 1 else usual
            if doubling >= usual:
                return
        if (poll := self._queues[doubling].first()) is not None:
            self.add(poll, now)

    def _pop_most_urgent(self, now: float) -> Poll | None:
        """Take out the most urgent of the polls that are first in a queue."""
        most, found = -inf, None
        for exponent, queue in list(self._queues.items()):
            if (poll := queue.first()) is None or (ranking := poll.ranking) is None:
                del self._queues[exponent]
            elif (urgency := (now - ranking.since) / ranking.wanted) > most:
                most, found, first = urgency, queue, ranking
        if found is None:
            return None
        poll = found.pop()
        self._remove(poll, first)
        return poll
