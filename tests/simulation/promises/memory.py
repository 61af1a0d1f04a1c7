"""The promise about memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tests.simulation.promises.promise import Promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.scheduler.scheduler import Scheduler
    from tests.simulation.facts import Facts

_EVERY = 400  # steps
_CONTAINERS = (dict, list, set, frozenset, deque, tuple)
_FEW = 80
_OF_EACH = 3
# Bounded by themselves: the times of the last requests, and the durations of past jobs.
_BOUNDED = "_times_sent"
_BOUNDED_MODULE = "ddswait.scheduler.durations"


class Memory(Promise):
    """Counts what the scheduler keeps, in every container that it can be reached from."""

    words = "Memory is bounded by the jobs that are waited for."

    def __init__(self, facts: Facts, scheduler: Scheduler) -> None:
        super().__init__(facts, scheduler)
        self._steps = 0

    def stepped(self, now: float) -> None:
        self._steps += 1
        if self._steps % _EVERY == 0:
            self._count()

    def finished(self, now: float) -> None:
        self._count()

    def _count(self) -> None:
        waits = sum(len(target.waits) for target in self.facts.targets.values())
        most = _FEW + _OF_EACH * waits
        for path, size in sizes(self.scheduler):
            if size > most:
                details = f"{path}: {size} entries, {waits} waits"
                raise self.broken(f"too much is kept in {path}", details)


def sizes(root: object) -> Iterator[tuple[str, int]]:
    """Return (path, number of entries) of each container below an object of ddswait."""
    known: set[int] = set()
    stack: list[tuple[str, Any]] = [(type(root).__name__, root)]
    while stack:
        path, found = stack.pop()
        if id(found) in known:
            continue
        known.add(id(found))
        if isinstance(found, _CONTAINERS):
            yield path, len(found)
            values = found.values() if isinstance(found, dict) else found
            stack.extend((path, each) for each in values if _is_inside(each))
        else:
            stack.extend(
                (f"{path}.{name}", value)
                for name, value in _attributes(found)
                if name != _BOUNDED and _is_inside(value)
            )


def _is_inside(value: object) -> bool:
    module = type(value).__module__
    return isinstance(value, _CONTAINERS) or (
        module.startswith("ddswait.scheduler") and module != _BOUNDED_MODULE
    )


def _attributes(found: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(found, "__dict__", {}).items()
    for base in type(found).__mro__:
        for name in getattr(base, "__slots__", ()):
            if hasattr(found, name):
                yield name, getattr(found, name)
