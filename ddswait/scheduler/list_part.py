"""Which part of the list of running jobs shows ours. Pure.

The rules

1. A list keeps its order, so jobs that were started together stand together in it. If all that it
   may show have been shown by the last list, the next one is read from shortly before the first
   of them to shortly after the last. That saves the pages of other people's jobs.
2. Jobs that begin or end elsewhere move ours. So what the pages have room for beyond ours is left
   on both sides.
3. A part that lacks more of our jobs than it shows is the wrong one: it says nothing about them.
4. If a job that a list lacked is found running, its order may be another one, or it lags. Whole
   lists are read for some minutes; for good, if a list that begins in the middle is refused.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOUBTED = 300.0  # seconds


class Part(NamedTuple):
    """The jobs of a list to read.

    Attributes:
        begin: how many to skip.
        end: how many there are up to the end of the part; inf for all.
    """

    begin: int = 0
    end: float = inf

    def pages(self, total: int, page_size: int) -> int:
        """Return how many pages it has, in a list of so many jobs."""
        return pages_of(min(total, self.end) - self.begin, page_size)

    def is_wrong(self, shown: int, lacked: int) -> bool:
        """Whether our jobs are elsewhere, of which it has shown and lacked so many."""
        return self != WHOLE and lacked > shown


WHOLE = Part()


class Places:
    """Where lists show our jobs, and how many others; the first job of a list is at place 0.

    Attributes:
        first: the place of our first job in the last list.
        last: the place of our last one; -1 if that is not known.
        total: how many jobs that list has.
        shown: how many of ours have been shown by the list that is being read.
    """

    __slots__ = ("_doubted_until", "_first", "_last", "_others", "first", "last", "shown", "total")

    def __init__(self) -> None:
        self._doubted_until = -inf
        self.begin(WHOLE)
        self.forget()

    def begin(self, part: Part) -> None:
        """Begin to read a part of the list."""
        self._first, self._last = inf, -1
        self._others, self.shown = part.begin, 0

    def saw(self, place: int) -> None:
        """Note where the list shows a job of ours."""
        self._first, self._last = min(self._first, place), max(self._last, place)
        self.shown += 1
        self._others -= 1

    def read(self, jobs: int) -> None:
        """Note that a page shows so many jobs, ours among them."""
        self._others += jobs

    def end(self, place: int, total: int) -> int:
        """Note that the list has shown all of ours; return how many others there are.

        Args:
            place: up to which it was read.
            total: how many jobs it has.
        """
        if self.shown:
            self.first, self.last, self.total = int(self._first), self._last, total
        else:
            self.forget()
        return self._others + max(total - place, 0)

    def forget(self) -> None:
        """Let the next list be read as a whole."""
        self.first, self.last, self.total = 0, -1, 0

    def doubt(self, now: float) -> None:
        """Let lists be read as a whole for some minutes; for good if `now` is infinite."""
        self._doubted_until = max(self._doubted_until, now + _DOUBTED)

    def are_known(self, now: float) -> bool:
        """Whether the next list may be read in part."""
        return self.last >= 0 and now >= self._doubted_until


def part_of(known: Sequence[Places], page_size: int) -> Part:
    """Return the part of a list that shows all the places, with room on both sides.

    Args:
        known: places that are known.
        page_size: how many jobs one page shows.
    """
    first = min(each.first for each in known)
    jobs = max(each.last for each in known) + 1 - first
    total = max(each.total for each in known)
    pages = pages_of(jobs, page_size)
    if pages >= pages_of(total, page_size):
        return WHOLE
    room = pages * page_size - jobs
    begin = max(min(first - room // 2, total - pages * page_size), 0)
    return Part(begin, begin + pages * page_size)


def pages_of(jobs: float, page_size: int) -> int:
    """Return how many pages show so many jobs."""
    return int(-(-jobs // page_size))
