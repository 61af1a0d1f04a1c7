"""All lists that one list request serves: those of schedulers that share a rate limiter. Pure."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Protocol

from ddswait.scheduler.list_part import WHOLE, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ddswait.scheduler.list_part import Part, Places
    from ddswait.scheduler.list_planner import ListPlanner
    from ddswait.scheduler.subscribers import Subscribers


class Member(Protocol):
    """The lists of one scheduler, as far as they concern the others."""

    planner: ListPlanner
    places: Places
    subscribers: Subscribers

    def hazards(self, now: float) -> Iterator[float]:
        """Return the hazard rates of its jobs that a list would show."""


class ListGroup:
    """Whether a list pays depends on the jobs of all, so it is planned once for all.

    Args:
        members: returns the lists of each scheduler.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Callable[[], Iterable[Member]]) -> None:
        self._members = members

    def count_jobs(self) -> int:
        """Return how many jobs are waited for."""
        return sum(len(each.subscribers.jobs) for each in self._members())

    def count_new_jobs(self) -> int:
        """Return how many jobs were never polled, and not looked for in a list."""
        return sum(each.subscribers.new_jobs for each in self._members())

    def count_expected(self) -> int:
        """Return how many jobs the list may show that is being read, and has not shown yet."""
        return sum(len(each.planner.expected) for each in self._members())

    def part(self, now: float) -> Part:
        """Return the part of a list that may show the jobs of all."""
        members = [each for each in self._members() if each.subscribers.jobs]
        known = [
            each.places
            for each in members
            if each.places.are_known(now) and not each.subscribers.new_jobs
        ]
        if not known or len(known) < len(members):
            return WHOLE
        return part_of(known, members[0].planner.page_size)

    def hazards(self, now: float) -> Iterator[float]:
        """Return the hazard rates of all jobs that a list would show."""
        return chain.from_iterable(each.hazards(now) for each in self._members())

    def follow(self, leader: Member) -> None:
        """Let the next list of each be due when that of one of them is."""
        for each in self._members():
            each.planner.follow(leader.planner)
