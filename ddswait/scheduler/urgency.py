"""How urgent a poll is that is due and cannot leave. Pure.

Urgency is (time since the last success) / (wanted interval). The wanted interval is that of the
moment, not of the last poll: it follows from how likely the end has come since then, so a job that
has outlived its usual duration meanwhile is polled soon.

A poll that failed counts from its retry: otherwise a few jobs that fail, and so have waited the
longest, would keep all others from being polled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.scheduler.poll import Poll, PollContext


class Urgency:
    """Works out how urgent a poll is, and when it will be so urgent.

    Args:
        context: what the polls depend on.
    """

    __slots__ = ("_context",)

    def __init__(self, context: PollContext) -> None:
        self._context = context

    def of(self, poll: Poll, now: float) -> float:
        """Return how much longer than it wanted a poll has waited, as a ratio."""
        wanted = poll.wanted_interval(now, self._context)
        if poll.failures:
            return 1.0 + (now - poll.due) / wanted
        return (now - poll.succeeded_at) / wanted

    def reached_at(self, poll: Poll, urgency: float) -> float:
        """Return when a poll has an urgency of 1 or more, about."""
        if poll.failures:
            return poll.due + (urgency - 1.0) * poll.wanted_interval(poll.due, self._context)
        return poll.succeeded_at + poll.waits(urgency, self._context)
