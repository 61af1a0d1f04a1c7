"""The jobs that a list should have shown and did not: they have most likely ended. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.queue import PollQueue


class MissingJobs:
    """They are polled before other jobs.

    Args:
        queue: of the polls.

    Attributes:
        unpolled: the IDs of those that were seen before, and have not been polled since.
    """

    __slots__ = ("_polls", "_queue", "unpolled")

    def __init__(self, queue: PollQueue) -> None:
        self._queue = queue
        self._polls: deque[JobPoll] = deque()
        self.unpolled: set[str] = set()

    def add(self, poll: JobPoll, now: float) -> None:
        """Let a job be polled now."""
        if poll.job is not None:
            self.unpolled.add(poll.job_id)
        self._queue.make_ready(poll, now)
        self._polls.append(poll)

    def next(self) -> JobPoll | None:
        """Take out the next poll that is still ready."""
        ready = self._queue.ready
        while self._polls:
            poll = self._polls.popleft()
            if poll in ready and poll.cut_at is None:
                ready.discard(poll)
                return poll
        return None

    def forget(self) -> None:
        """Forget all of them: nobody waits for any job."""
        self._polls.clear()
