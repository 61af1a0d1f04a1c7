"""One rate limit, and our part of it. Pure: times are arguments."""

from __future__ import annotations

from math import ceil, floor, inf

from ddswait.scheduler.sharers import Sharers

_USED = 0.9  # of a limit: clocks differ, and requests may count late


class Limit:
    """One limit, as a generic cell rate (GCRA): one number is its whole state.

    Args:
        limit: how many requests, in
        window: so many seconds.
        full_at: when the whole burst may leave.
    """

    __slots__ = ("_burst", "_full_at", "_room", "_sharers", "_spacing", "limit", "window")

    def __init__(self, limit: float, window: float, full_at: float) -> None:
        self.limit = limit
        self.window = window
        self._sharers: Sharers | None = None
        self._full_at = full_at  # when the whole burst may leave again
        # Of the whole limit, which is the usual case, worked out once.
        self._spacing = window / (_USED * max(limit, 1.0))
        self._burst = max(1, ceil(0.1 * limit)) if limit < inf else 10**9
        self._room = (self._burst - 1) * self._spacing

    def share(self, now: float) -> float:
        """Return the part of the limit that is ours."""
        return 1.0 if self._sharers is None else 1.0 / self._sharers.number(now)

    def spacing(self, now: float) -> float:
        """Return the seconds between two requests, as of at least one in each window."""
        if self._sharers is None:
            return self._spacing
        return self.window / (_USED * max(self.limit * self.share(now), 1.0))

    def burst(self, now: float) -> int:
        """Return how many may leave at once."""
        if self._sharers is None:
            return self._burst
        return max(1, ceil(0.1 * self.limit * self.share(now)))

    def next_at(self, now: float) -> float:
        """Return when the next request may leave."""
        if self._sharers is None:
            return self._full_at - self._room
        return self._full_at - (self.burst(now) - 1) * self.spacing(now)

    def room(self, now: float) -> int:
        """Return how many may leave at once."""
        spare = now - self.next_at(now)
        if spare < 0.0:
            return 0
        if now >= self._full_at:
            return self.burst(now)
        return floor(spare / self.spacing(now)) + 1

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._full_at = max(self._full_at, now) + self.spacing(now)

    def hold(self, until: float) -> None:
        """Let nothing leave before `until`, and no burst then."""
        room = (self.burst(until) - 1) * self.spacing(until)
        self._full_at = max(self._full_at, until + room)

    def most(self, now: float) -> int:
        """Return how many a window may hold for us."""
        return max(1, floor(_USED * self.limit * self.share(now)))

    def whole(self) -> int:
        """Return how many a window may hold if nobody else uses the limit."""
        return max(1, floor(_USED * self.limit))

    def refused(self, sent: int, jobs_for_ours: float | None, now: float) -> None:
        """Take a 429 that others have caused.

        Args:
            sent: how many requests left in the window before the one that was refused.
            jobs_for_ours: how many jobs run for each of ours; see `Sharers`.
            now: the time.
        """
        if self._sharers is None:
            self._sharers = Sharers(self.limit, self.window, jobs_for_ours)
        self._sharers.refused(sent, now)

    def listed(self, jobs_for_ours: float, now: float) -> None:
        """Take a list of the running jobs; see `Sharers`."""
        if self._sharers is not None:
            self._sharers.listed(jobs_for_ours, now)

    def shift(self, seconds: float) -> None:
        """Move every time that is remembered: the clock is another one from now on."""
        self._full_at += seconds
        if self._sharers is not None:
            self._sharers.shift(seconds)
