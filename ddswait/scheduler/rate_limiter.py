"""How many requests may still be sent, and when the next. Pure: times are arguments.

The rules

1. Every request passes every limit that is known: the waiter's own rate, and those that the API
   stated in a 429 ("limit:200,time:5 minute").
2. A limit of N in a window is used to nine tenths, spread over the window: at most a tenth of N
   at once, then one every window / 0.9 N seconds. No window, wherever it begins, then holds more
   than N.
3. Requests that were sent before a limit was learned count: the next one leaves when the window
   before it has room. So the wait is never longer than the window.
4. A limit replaces an older one of the same policy (user, ip, api) and window. A new one is
   learned even from a 429 to a request that left long ago.
5. A 429 while we were below a known limit means that others use it too: our share of it shrinks,
   and grows back slowly.
6. A 429 without figures halves our own rate, down to one request a minute, since the limit may
   be anything. The rate grows back by doubling.
7. Requests that left before the last cut say nothing new: a burst is punished once.
8. `Retry-After` is honoured, for every request but a last poll. What rules 5, 6 and 8 add to a
   limit is a guess about the future: a last poll has none, so only rules 1 to 3 hold it back.
9. A reply may state anything: at most _MOST_LIMITS limits are remembered, the ones learned last,
   and no window is longer than a day.
"""

from __future__ import annotations

import re
from collections import deque
from math import ceil, exp2, floor, inf

from ddswait.errors import InputError

_USED = 0.9  # of a limit: clocks differ, and requests may count late
_SHRINK = 0.7
_LEAST = 0.1  # of a learned limit: how far our share of it can shrink
_BACK_PER_WINDOW = 0.05  # of the limit, regained in each window without a 429
# Seconds in which our own rate doubles after a 429 without figures. A hidden limit is met again
# each time, so slow growth annoys nobody and delays everybody. With 1,000 jobs under hidden
# limits of 200/5m, 60/m and 20/m, without lists: doubling in 60, 120 and 300 s meets 77, 71 and
# 91; 42, 38 and 48; 21, 17 and 22 times 429, and the mean lateness is 1215, 686 and 2035 s; 1352,
# 783 and 1829 s; 1870, 1429 and 2346 s.
_DOUBLES = 120.0
_MOST_DOUBLINGS = 60.0  # the rate is whole long before: this only keeps floats from overflow
_TINY = 1e-9
_REMEMBERED = 20_000  # times of sending: enough for limits of up to so many
_SLOWEST = 60.0  # seconds between two requests, however often we are asked to slow down

_MOST_LIMITS = 8  # API Gateway counts by API, user, app and address
_LONGEST_WINDOW = 86_400.0  # seconds

_RATE = re.compile(r"([1-9]\d{0,8})/(\d{0,6})(s|m|h|d)")
_UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_rate(text: object) -> tuple[int, float]:
    """Return (requests, seconds) of a rate such as `10/s` or `200/5m`.

    Raises:
        InputError: the text is not a rate; the message quotes it.
    """
    words = str(text)
    found = _RATE.fullmatch(words.strip().lower()) if words.isascii() else None
    count = int(found[2] or 1) if found else 0
    if found is None or not count:
        raise InputError(
            f"invalid rate {text!a}: use requests per unit of time, such as 10/s or 200/5m"
        )
    return int(found[1]), count * _UNIT[found[3]]


class _Limit:
    """One limit, as a generic cell rate (GCRA): one number is its whole state."""

    __slots__ = ("_burst", "_cut_at", "_full_at", "_room", "_share", "_spacing", "limit", "window")

    def __init__(self, limit: float, window: float, full_at: float) -> None:
        self.limit = limit
        self.window = window
        self._share = 1.0  # of nine tenths
        self._cut_at = -inf
        self._full_at = full_at  # when the whole burst may leave again
        # Of the whole share, which is the usual case, worked out once.
        self._spacing = window / (_USED * max(limit, 1.0))
        self._burst = self.burst(0.0)
        self._room = (self._burst - 1) * self._spacing

    def share(self, now: float) -> float:
        """Return the part of the limit that is ours."""
        if self._share >= 1.0:
            return 1.0
        return min(self._share + (now - self._cut_at) / self.window * _BACK_PER_WINDOW, 1.0)

    def spacing(self, now: float) -> float:
        """Return the seconds between two requests, as of at least one in each window."""
        if self._share >= 1.0:
            return self._spacing
        return self.window / (_USED * max(self.limit * self.share(now), 1.0))

    def burst(self, now: float) -> int:
        """Return how many may leave at once."""
        return max(1, ceil(0.1 * self.limit * self.share(now))) if self.limit < inf else 10**9

    def next_at(self, now: float) -> float:
        if self._share >= 1.0:
            return self._full_at - self._room
        return self._full_at - (self.burst(now) - 1) * self.spacing(now)

    def room(self, now: float) -> int:
        """Return how many may leave at once."""
        spare = now - self.next_at(now)
        if spare < 0.0:
            return 0
        if self.limit == inf:
            return 10**9
        burst = self._burst if self._share >= 1.0 else self.burst(now)
        spacing = self.spacing(now)
        return min(burst, floor(min(spare, burst * spacing) / spacing) + 1)

    def sent(self, now: float) -> None:
        spacing = self._spacing if self._share >= 1.0 else self.spacing(now)
        self._full_at = max(self._full_at, now) + spacing

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

    def cut(self, now: float, factor: float) -> None:
        self._share = max(self.share(now) * factor, _LEAST)
        self._cut_at = now

    def shift(self, seconds: float) -> None:
        self._full_at += seconds
        self._cut_at += seconds


class RateLimiter:
    """All the limits of one waiter.

    Args:
        limit: how many requests, by our own rate; inf for no limit.
        window: in how many seconds.

    Attributes:
        throttled_in_a_row: how many 429s came since the last other reply.
        cause: the last 429 in words; "" before the first.
    """

    def __init__(self, limit: float = 10, window: float = 1.0) -> None:
        self._own = _Limit(limit, window, -inf)
        self._slow = 1.0
        self._slowed_at = -inf
        self._learned: dict[tuple[str, float], _Limit] = {}  # by policy and window
        self._times_sent: deque[float] = deque(maxlen=_REMEMBERED)
        self._not_before = -inf
        self._cut_at = -inf
        self.throttled_in_a_row = 0
        self.cause = ""

    def next_at(self, now: float) -> float:
        """Return when the next request may leave; `now` or earlier: at once."""
        at = max(self._not_before, self._own.next_at(now))
        if self._slow < 1.0:
            at = max(at, self._slowed_next_at(now))
        for limit in self._learned.values():
            at = max(at, limit.next_at(now), self._window_free(limit, limit.most(now)))
        return at

    def last_poll_at(self, now: float) -> float:
        """Return when a last poll may leave."""
        at = self._own.next_at(now)
        for limit in self._learned.values():
            at = max(at, self._window_free(limit, limit.whole()))
        return at

    def is_throttled(self, now: float) -> bool:
        """Whether what the service has asked for holds requests back, and not our own rate."""
        return self.next_at(now) > max(now, self._own.next_at(now))

    def _slowed_next_at(self, now: float) -> float:
        """Return when a rate that was halved allows the next request."""
        slow = self._factor(now)
        if slow >= 1.0 or not self._times_sent:
            return -inf
        return self._times_sent[-1] + min(self._own.spacing(now) / slow, _SLOWEST)

    def _factor(self, now: float) -> float:
        if self._slow >= 1.0:
            return 1.0
        doublings = min((now - self._slowed_at) / _DOUBLES, _MOST_DOUBLINGS)
        return min(self._slow * exp2(doublings), 1.0)

    def _window_free(self, limit: _Limit, most: int) -> float:
        return self._times_sent[-most] + limit.window if most <= len(self._times_sent) else -inf

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._times_sent.append(now)
        self._own.sent(now)
        for limit in self._learned.values():
            limit.sent(now)

    def room(self, now: float) -> int:
        """Return how many requests may leave at once."""
        if not self._learned and self._slow >= 1.0:  # the usual case
            return self._own.room(now) if self._not_before <= now else 0
        if self.next_at(now) > now:
            return 0
        if self._factor(now) < 1.0:
            return 1
        room = self._own.room(now)
        for limit in self._learned.values():
            room = min(room, limit.room(now))
        return room

    def spacing(self, now: float) -> float:
        """Return the seconds between two requests in the long run."""
        if not self._learned and self._slow >= 1.0:  # the usual case
            return self._own.spacing(now)
        limits = (self._own, *self._learned.values())
        return max(*(limit.spacing(now) for limit in limits), self._slowed_next_at(now) - now)

    def throttled(  # noqa: PLR0913, PLR0917 - what a 429 states, and its times
        self,
        limit: int | None,
        window: float | None,
        retry_after: float,
        sent_at: float,
        now: float,
        policy: str = "",
    ) -> None:
        """Learn from a 429.

        Args:
            limit: requests in `window` seconds, as the reply stated them; None for no figures.
            window: see `limit`.
            retry_after: seconds that the reply asks to wait; 0 for none.
            sent_at: when the refused request left.
            now: the time.
            policy: what the limit counts by; "" if the reply does not state it.
        """
        self._not_before = max(self._not_before, now + retry_after)
        if limit is None or window is None:
            if sent_at > self._slowed_at:
                floor = max(self._own.spacing(now) / _SLOWEST, _TINY)
                self._slow = max(self._factor(now) / 2, min(floor, 1.0))
                self._slowed_at = now
            return
        window = min(window, _LONGEST_WINDOW)
        known = self._learned.pop((policy, window), None)
        if known is not None and known.limit != limit:
            known = None
        if known is not None and sent_at <= self._cut_at:
            self._learned[policy, window] = known
            return
        self._cut_at = now
        self.throttled_in_a_row += 1
        count = sum(at > now - window for at in self._times_sent)
        if len(self._learned) >= _MOST_LIMITS:
            del self._learned[next(iter(self._learned))]
        learned = self._learned[policy, window] = known or _Limit(limit, window, now)
        if count > learned.most(now) or (known is None and count == self._times_sent.maxlen):
            learned.hold(now)  # we filled the window ourselves: rule 3 says how long to wait
            return
        learned.cut(now, _SHRINK)
        silence = window / 10 * 2.0 ** min(self.throttled_in_a_row - 1, 10)
        learned.hold(now)
        self._not_before = max(self._not_before, now + min(silence, window))

    def shift(self, seconds: float) -> None:
        """Move every time that is remembered: the clock is another one from now on."""
        for limit in (self._own, *self._learned.values()):
            limit.shift(seconds)
        self._times_sent = deque((at + seconds for at in self._times_sent), maxlen=_REMEMBERED)
        self._slowed_at += seconds
        self._not_before += seconds
        self._cut_at += seconds

    def __repr__(self) -> str:
        limits = [each for each in (self._own, *self._learned.values()) if each.limit < inf]
        return ", ".join(f"{each.limit:g}/{each.window:g} s" for each in limits)
