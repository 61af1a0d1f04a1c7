"""How many share a limit, as far as one of them can tell. Pure: times are arguments.

Several waiters use one limit and do not talk to each other. Each works with the part of the
limit that is fair if it is one of as many as it believes in.

The rules

1. A waiter believes that it is alone until a 429 comes while it is below the limit.
2. How many share the limit then? If a list of the running jobs was read, as many as there are
   jobs for each of ours, and a little more: the others wait for theirs. Otherwise the requests in
   the window tell: we are one of as many as the limit is larger than what we sent, and one more,
   since others may begin. Whoever has just begun cannot tell so, and guesses.
3. Each further 429 adds one. Everyone adds the same number, so a large part shrinks more than a
   small one, and the parts become alike.
4. The number follows the lists: it rises when others begin to wait, and falls when their jobs
   have ended.
5. Every window without a 429 takes some away: those that waited may have left. The number falls
   quickly to a little above what the lists say, and slowly from there: jobs may run that nobody
   waits for. It falls faster and faster, as the window of TCP CUBIC grows (RFC 9438), and sooner
   so without lists.

Measured by `python -m tests.benchmarks.shares`.
"""

from __future__ import annotations

_MORE = 1.0  # sharers that each 429 adds
_MOST_TOLD = 10.0  # by the requests in a window: most waiters send few, since they need few
_FEW, _GUESSED = 3, 4.0  # as many requests tell nothing
_MOST = 20.0  # a project may have a thousand running jobs that nobody waits for
_ABOVE, _BELOW = 1.0, 0.07  # sharers that a window takes away, above what lists say and below
_LATER, _UNLISTED = 0.003, 0.05  # the same, times the third power of the windows since a 429
_NEAR = 1.05  # of what the lists say: room for whoever begins


class Sharers:
    """Those that share one limit.

    Args:
        limit: requests in each window.
        window: in seconds.
        jobs_for_ours: how many jobs run for each of ours, as the last list says; None for unknown.
    """

    __slots__ = ("_at", "_limit", "_listed", "_number", "_refused_at", "_window")

    def __init__(self, limit: float, window: float, jobs_for_ours: float | None) -> None:
        self._limit = limit
        self._window = window
        self._listed = None if jobs_for_ours is None else min(jobs_for_ours, _MOST)
        self._number = 1.0
        self._at = self._refused_at = 0.0

    def number(self, now: float) -> float:
        """Return how many are believed to share the limit; 1 for us alone."""
        number = self._number
        if number <= 1.0:
            return 1.0
        windows = (now - self._refused_at) / self._window
        if self._listed is None:  # so the number has not changed since
            return max(number - _UNLISTED * windows**3, 1.0)
        before = (self._at - self._refused_at) / self._window
        above = max(number - _NEAR * self._listed, 0.0)
        if (windows - before) * _ABOVE < above:
            return number - (windows - before) * _ABOVE
        return max(number - above - _below(windows) + _below(before + above / _ABOVE), 1.0)

    def refused(self, sent: int, now: float) -> None:
        """Take a 429 that came while we were below the limit.

        Args:
            sent: how many requests left in the window before the one that was refused.
            now: the time.
        """
        number = self.number(now)
        if number > 1.0:
            self._set(number + _MORE, now)
        elif self._listed is not None:
            self._set(max(self._listed, 1.0) * _NEAR, now)
        else:
            told = min(self._limit / sent, _MOST_TOLD) if sent >= _FEW else _GUESSED
            self._set(told + _MORE, now)
        self._refused_at = now

    def listed(self, jobs_for_ours: float, now: float) -> None:
        """Take a list of the running jobs; see `Sharers`."""
        number = self.number(now)
        before, self._listed = self._listed, min(jobs_for_ours, _MOST)
        if number > 1.0:
            number = number * self._listed / before if before else self._listed + _MORE
        self._set(number, now)

    def _set(self, number: float, now: float) -> None:
        self._number, self._at = max(min(number, _MOST), 1.0), now

    def shift(self, seconds: float) -> None:
        """Move the time of the last change: the clock is another one from now on."""
        self._at += seconds
        self._refused_at += seconds


def _below(windows: float) -> float:
    """Return how many have been taken away so many windows after a 429."""
    return _BELOW * windows + _LATER * windows**3
