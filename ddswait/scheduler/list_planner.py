"""One list request for many jobs: when it pays, and what it told. Pure.

The rules

1. A list never ends a wait, nor does it make a job unknown: a job that is not in it is asked
about singly, and only that reply is believed. So pages that shift while they are read,
lists that lag, and other people's tasks cost questions, and never a job.
2. A list is believed only for so long: `PollSettings.trust` seconds after the last single look a job is
looked at singly, whatever lists say.
3. All the jobs together want looks at the density of their summed hazard (see pace.py). One
sweep costs its pages, and looks at all of them. So it pays when the pages are fewer than
(sum of sqrt(h))^2 / sum of h: the number of jobs, if all are alike.
4. Jobs that are new are looked for in a list first, when there are more of them than pages.
5. A sweep is given up when as many pages are left as jobs to be seen: other people's tasks, or a
total that lies. It has then told nothing of the jobs that it did not show. The number of pages is
believed for some minutes: other people's tasks end.
6. Refused once (403, 404), refused for good.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

from ddswait.scheduler import poll_interval as pace
from ddswait.scheduler import retry_delay as pauses

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

PAGE = 100  # the most that ListTasks returns at once
_SHORTEST = 1.0
_REST = 3.0  # pages: lists take a quarter of a scarce budget, the rest is for what they point at
_COUNT_HOLDS = 300.0  # seconds for which a number of pages is believed
_CONSIDERED_EVERY = 5.0  # seconds: whether a sweep would pay is a question that costs, too


class ListPlanner:
    """The state of the sweeps of one agenda.

    Attributes:
        allowed: whether lists may be asked for at all.
        offset: of the next page to ask for; None while no sweep is under way.
        asked: whether a page is under way.
        seen: the job IDs that this sweep has listed.
        expected: the job IDs that it may list.
        due: when the next sweep is due; inf for none.
        given_up: whether the last sweep ended before its last page.
        unlisted: the job IDs that a list should have held and did not: it lags, pages shifted, or
            it leaves their status out. They are looked at singly until a list holds them again.
    """

    __slots__ = (
        "_considered_at",
        "_counted_at",
        "_faults",
        "_pages",
        "allowed",
        "asked",
        "due",
        "expected",
        "given_up",
        "offset",
        "seen",
        "unlisted",
    )

    def __init__(self) -> None:
        self.allowed = True
        self.offset: int | None = None
        self.asked = False
        self.seen: set[str] = set()
        self.expected: set[str] = set()
        self.unlisted: set[str] = set()
        self.due = inf
        self.given_up = False
        self._pages = 1
        self._counted_at = -inf
        self._faults = 0
        self._considered_at = -inf

    @property
    def page_due(self) -> bool:
        """Whether a sweep is under way and none of its pages is."""
        return self.offset is not None and not self.asked

    def pays_for(self, newcomers: int) -> bool:
        """Whether to look for so many new jobs in a list."""
        return self.allowed and self._faults == 0 and newcomers > self._pages

    def begin(self, expected: Iterable[str]) -> None:
        """Begin a sweep that may list these jobs."""
        self.offset = 0
        self.asked = False
        self.seen = set()
        self.expected = set(expected)
        self.due = inf

    def page(self, listed: int, total: int, now: float) -> bool:
        """Note a page; return whether it was the last one to ask for."""
        assert self.offset is not None  # noqa: S101 - only an asked page comes back
        self.asked = False
        self._faults = 0
        self._pages = max(1, _pages(total))
        self._counted_at = now
        self.offset += listed
        left = _pages(total - self.offset) if listed > 0 else 0
        self.given_up = 0 < left >= len(self.expected - self.seen)
        if left > 0 and not self.given_up:
            return False
        self.offset = None
        return True

    def failed(self, now: float, random: Random, retry_after: float = 0.0) -> None:
        """Note that a page did not come: the sweep is given up, and another one is due later."""
        self._faults += 1
        self.offset, self.asked = None, False
        self.due = now + pauses.after_fault(self._faults, retry_after, random)

    def forbid(self) -> None:
        """Ask for no list any more."""
        self.allowed = False
        self.offset, self.asked, self.due = None, False, inf

    def should_consider(self, now: float) -> bool:
        """Whether to work out if a sweep pays, since none is planned; at most every few seconds."""
        if not self.allowed or self.due < inf or self.offset is not None:
            return False
        if now - self._considered_at < _CONSIDERED_EVERY:
            return False
        self._considered_at = now
        if now - self._counted_at > _COUNT_HOLDS:
            self._pages = 1
        return True

    def plan(self, hazards: Iterable[float], interval: float, spacing: float, now: float) -> None:
        """Work out when the next sweep is due.

        Args:
            hazards: of the jobs that it would serve.
            interval: the user's.
            spacing: seconds between two questions that the budget allows.
            now: the time.
        """
        total = roots = 0.0
        count = 0
        for hazard in hazards:
            total += hazard
            roots += sqrt(hazard)
            count += 1
        self.due = inf
        if not self.allowed or count < 2 or self._pages * total >= roots * roots:  # noqa: PLR2004
            return
        pause = sqrt(2 * pace.cost(interval) * self._pages / total)
        least = max(_SHORTEST, _REST * self._pages * spacing)
        self.due = now + max(min(pause, pace.bounds(interval, 0.0)[1]), least)


def _pages(tasks: int) -> int:
    return -(-tasks // PAGE)
