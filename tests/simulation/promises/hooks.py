"""Calls the checkers of all promises, each at the steps that it wants to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.promises import PROMISES
from tests.simulation.promises.promise import Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts


class Hooks:
    """The checkers of one history, and their hooks by the kind of step; see `Promise`.

    Args:
        facts: the evidence.
        scheduler: under test.

    Attributes:
        promises: the checkers.
    """

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        self.promises = [promise(facts, scheduler) for promise in PROMISES]
        self.joined = self._of("joined")
        self.left = self._of("left")
        self.sent = self._of("sent")
        self.taken = self._of("taken")
        self.ended = self._of("ended")
        self.stepped = self._of("stepped")

    def _of(self, name: str) -> list[Callable[..., None]]:
        """Return the hooks of one kind that do something: most promises need few of them."""
        return [
            getattr(promise, name)
            for promise in self.promises
            if getattr(type(promise), name) is not getattr(Promise, name)
        ]
