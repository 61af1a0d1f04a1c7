"""When one list request pays in place of many polls. Pure.

The rules

1. A list never ends a wait, nor does it make a job unknown: a job that is missing from it is
   polled individually, and only that reply is believed. So pages that shift while they are
   read, lists that lag, and other people's tasks cost requests, and never a job.
2. A list is believed only for so long: `PollSettings.trust` seconds after its last single
   poll a job is polled individually, whatever lists say.
3. All the jobs together want polls at the density of their summed hazard (poll_interval.py).
   One list costs its pages, and shows all of them. So it pays when the pages are fewer than
   (sum of sqrt(h))^2 / sum of h: the number of jobs, if all are alike.
4. New jobs are looked up in a list first, when there are more of them than pages.
5. A list is given up when as many pages are left as jobs to be seen: other people's tasks, or
   a total that is wrong. It has then said nothing about the jobs that it did not show. The
   number of pages is believed for some minutes: other people's tasks end.
6. A list has one page more than its first page announced, at most: a total may grow for ever.
7. A list that is slower than single polls is given up, and none is requested for some minutes.
   Single polls take the rate limit's spacing each; for few jobs, HELD intervals are as good.
8. Jobs wait for a list for HELD intervals at most.
9. Refused once (no permission, no such API), refused for good.
10. A list has ended when it has shown all that it may show. It may be read in part (list_part.py).
"""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

from ddswait.scheduler import poll_interval, retry_delay
from ddswait.scheduler.list_part import WHOLE, pages_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from ddswait.scheduler.list_part import Part

HELD = 3.0
"""Poll intervals for which jobs wait for a list at most."""

_SHORTEST = 1.0
# Lists take a quarter of a scarce rate; the rest is for the polls that they lead to.
_PAGES_PER_REQUEST = 3.0
_COUNT_HOLDS = 300.0  # seconds for which a number of pages is believed
_CONSIDERED_EVERY = 5.0  # seconds: working out whether a list pays costs something, too


class ListPlanner:
    """The state of the lists of one scheduler.

    Args:
        page_size: how many jobs one page shows at most; 0 if the service has no list.

    Attributes:
        page_size: see above.
        allowed: whether lists may be requested at all.
        offset: of the next page to request; None while no list is being read.
        page_under_way: whether a page has been requested and has not come.
        expected: the job IDs that it may show, and has not shown yet, in the order in which they
            were tracked.
        began_at: when this list began.
        due: when the next list is due; inf for none.
        given_up: whether the last list ended before it had shown all that it may show.
        part: of the list that is being read, or of the last one.
        unlisted: the job IDs that a list should have shown and did not: it lags, pages shifted,
            or it leaves their status out. They are polled individually until a list shows them.
    """

    __slots__ = (
        "_considered_at",
        "_counted_at",
        "_failures",
        "_not_before",
        "_pages_left",
        "_total",
        "allowed",
        "began_at",
        "due",
        "expected",
        "given_up",
        "offset",
        "page_size",
        "page_under_way",
        "part",
        "unlisted",
    )

    def __init__(self, page_size: int = 100) -> None:
        self.page_size = page_size
        self.allowed = page_size > 0
        self.offset: int | None = None
        self.page_under_way = False
        self.expected: dict[str, None] = {}
        self.began_at = -inf
        self.unlisted: set[str] = set()
        self.due = inf
        self.given_up = False
        self.part = WHOLE
        self._total = 0  # jobs in the list; 0 for unknown
        self._counted_at = -inf
        self._failures = 0
        self._considered_at = -inf
        self._not_before = -inf  # lists are too slow until then
        self._pages_left: int | None = None  # how many may still be read; None before the first

    @property
    def page_due(self) -> bool:
        """Whether a list is being read and none of its pages is under way."""
        return self.offset is not None and not self.page_under_way

    def pays_for(self, new_jobs: int, now: float) -> bool:
        """Whether so many new jobs are worth a list."""
        usable = self.allowed and self._failures == 0 and now >= self._not_before
        return usable and new_jobs > self._pages(WHOLE)

    def begin(self, expected: Iterable[str], now: float, part: Part = WHOLE) -> None:
        """Begin a list, or a part of it, that may show these jobs."""
        self.part, self.offset = part, part.begin
        self.page_under_way = False
        self.expected = dict.fromkeys(expected)
        self.began_at = now
        self._pages_left = None
        self.due = inf

    def take_page(  # noqa: PLR0913, PLR0917 - what a page says, and what a list may cost
        self,
        offset: int,
        shown: int,
        total: int,
        expected: int,
        interval: float,
        spacing: float,
        now: float,
    ) -> bool:
        """Note a page; return whether it was the last one.

        Args:
            offset: which it was requested at.
            shown: how many jobs it shows.
            total: how many jobs the list has, as it says.
            expected: how many jobs it may show and has not shown, of all that it serves.
            interval: see `plan`.
            spacing: see `plan`.
            now: the time.
        """
        self.page_under_way = False
        self._failures = 0
        self._total = total
        self._counted_at = now
        pages = self.part.pages(total, self.page_size)
        self._pages_left = pages if self._pages_left is None else self._pages_left - 1
        self.offset = offset + shown
        end = min(total, self.part.end)
        left = pages_of(end - self.offset, self.page_size) if shown and expected else 0
        self.given_up = left > 0 and (
            left >= expected
            or self._pages_left <= 0
            or self._is_slow(left, HELD * interval, expected * spacing, now)
        )
        if left > 0 and not self.given_up:
            return False
        self.offset = None
        return True

    def _is_slow(self, left: int, held: float, single: float, now: float) -> bool:
        """Whether the list is too slow, of which `left` pages are left.

        Args:
            left: see above.
            held: seconds for which jobs wait for it.
            single: seconds that single polls would take.
            now: the time.
        """
        pages = self._pages(self.part)
        read = max(1, pages - left)
        seconds = (now - self.began_at) / read * pages
        if seconds <= max(held, single):
            return False
        self._not_before = now + _COUNT_HOLDS
        return True

    def failed(self, now: float, random: Random, retry_after: float = 0.0) -> None:
        """Note that a page did not come: the list is given up, and another one is due later."""
        self._failures += 1
        self.offset, self.page_under_way = None, False
        self.due = now + retry_delay.after_failures(
            self._failures, retry_after, retry_delay.LONGEST, random
        )

    def forbid(self) -> None:
        """Request no list any more."""
        self.allowed = False
        self.offset, self.page_under_way, self.due = None, False, inf

    def should_consider(self, now: float) -> bool:
        """Whether to work out if a list pays, since none is planned; at most every few seconds."""
        if not self.allowed or self.due < inf or self.offset is not None or now < self._not_before:
            return False
        if now - self._considered_at < _CONSIDERED_EVERY:
            return False
        self._considered_at = now
        if now - self._counted_at > _COUNT_HOLDS:
            self._total = 0
        return True

    def plan(
        self,
        hazards: Iterable[float],
        part: Part,
        interval: float,
        spacing: float,
        now: float,
    ) -> None:
        """Work out when the next list is due.

        Args:
            hazards: of the jobs that it would show.
            part: of the list that would be read.
            interval: the user's poll interval, in seconds.
            spacing: seconds between two requests that the rate limiter allows.
            now: the time.
        """
        total = roots = 0.0
        count = 0
        for hazard in hazards:
            total += hazard
            roots += sqrt(hazard)
            count += 1
        self.due = inf
        if not self.allowed or count < 2 or now < self._not_before:  # noqa: PLR2004
            return
        pages = self._pages(part)
        if pages * total >= roots * roots:
            return
        delay = sqrt(2 * poll_interval.cost(interval) * pages / total)
        least = max(_SHORTEST, _PAGES_PER_REQUEST * pages * spacing)
        self.due = now + max(min(delay, poll_interval.bounds(interval, 0.0)[1]), least)

    def _pages(self, part: Part) -> int:
        """Return how many pages a part has, as far as is known."""
        return max(1, part.pages(self._total, self.page_size))

    def follow(self, other: ListPlanner) -> None:
        """Let the next list be due when that of another scheduler is: one serves both."""
        self.due, self._considered_at = other.due, other._considered_at
