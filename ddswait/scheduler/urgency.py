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

    def span(self, poll: Poll, urgency: float) -> tuple[float, float]:
        """Return since when a poll waits, and when it has an urgency of 1 or more, about."""
        context = self._context
        if poll.failures:
            wanted = poll.wanted_interval(poll.due, context)
            since = poll.due - wanted
            return since, since + urgency * wanted
        since = poll.succeeded_at
        return since, since + poll.waits(urgency, context)
