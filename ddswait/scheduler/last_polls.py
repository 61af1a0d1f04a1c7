"""The last poll of each wait, the earliest first. Pure."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

from ddswait.scheduler.poll_settings import LAST_POLL
from ddswait.scheduler.time_queue import TimeQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.ready_queue import ReadyQueue


class LastPolls(TimeQueue):
    """Every poll that waits, at its `last_at`: a poll that still waits then is a last one.

    If that is before its deadline, the wait would be given up then. But a poll that waits for the
    rate limiter while others are answered is not unreachable: its `last_at` moves on, and it goes
    before no other.

    A poll is entered once, and stays while it is under way and comes back. So most polls cost
    nothing here.

    Args:
        ready: the polls that are due.
        unreachable_after: seconds without any reply after which a wait is given up.

    Attributes:
        heard_at: when the service last replied at all, if only with a 429.
    """

    __slots__ = ("_ready", "_unreachable_after", "heard_at")

    def __init__(self, ready: ReadyQueue, unreachable_after: float) -> None:
        super().__init__()
        self.heard_at = -inf
        self._unreachable_after = unreachable_after
        self._ready = ready

    def time_of(self, poll: Poll) -> float:
        """Return the `last_at` at which a poll was entered; nan if it is not here."""
        return poll.entered_at

    def enter(self, poll: Poll) -> None:
        """Let a poll be a last one at its `last_at`."""
        entered_at, at = poll.entered_at, poll.last_at
        if entered_at == at:
            return
        poll.entered_at = at
        self.push(at, poll)
        if entered_at < inf:
            self.compact()  # it has an earlier entry
        else:
            self.expected += 1

    def forget(self, poll: Poll) -> None:
        """Forget a poll that nobody waits for any more."""
        if poll.entered_at < inf:
            poll.entered_at = nan
            self.forget_one()

    def next_by(self, now: float) -> Poll | None:
        """Return the next last poll that is due, without taking it out; None when none is."""
        if self.at > now:
            return None
        poll = self._next(now)
        return poll if self.at <= now else None

    def next_at(self, until: float) -> float:
        """Return when the next last poll is due, if by `until`; if not, a later time."""
        self._next(until)
        return self.at

    def _next(self, until: float) -> Poll | None:
        while (poll := self.first(until)) is not None and poll.cut_at is not None:
            self._take()  # it is under way, and is entered again when it comes back
        return poll

    def _take(self) -> Poll:
        poll = self.pop()
        self.forget(poll)
        return poll

    def pop_by(self, now: float) -> Poll | None:
        """Take out the last poll that is due first; None when none is, or when it is too late."""
        while (poll := self.next_by(now)) is not None and not _is_late(poll, now):
            self._take()
            if not self._moves_on(poll, now):
                self._ready.discard(poll)
                return poll
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
        self.enter(poll)
        return True

    def is_late(self, now: float) -> bool:
        """Whether the next last poll is too late to be sent."""
        poll = self.next_by(now)
        return poll is not None and _is_late(poll, now)

    def pop_late(self, now: float) -> Iterator[Poll]:
        """Take out every poll of which the last one could not leave in time."""
        in_time = []
        while (poll := self.next_by(now - LAST_POLL)) is not None:
            self._take()
            if _is_late(poll, now):
                self._ready.discard(poll)
                yield poll
            else:
                in_time.append(poll)
        for poll in in_time:
            self.enter(poll)


def _is_late(poll: Poll, now: float) -> bool:
    return poll.deadline <= now - LAST_POLL
