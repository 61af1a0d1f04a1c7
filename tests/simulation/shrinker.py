"""Makes the plan of a history shorter as long as it breaks the same promise."""

from __future__ import annotations

from dataclasses import fields, replace
from time import process_time
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import FaultPlan, JobPlan, Plan, WaitPlan
from tests.simulation.promises.promise import BrokenPromiseError
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_RUNS = 3000
_MOST_SECONDS = 60.0  # of CPU
_PARTS = ("waits", "faults")
_KEPT = {"seed", "jobs", "waits", "faults", "job", "kind", "variant"}
_ROUNDED = {"at", "timeout", "leaves_after", "created", "lasts", "begin", "end", "visible_after"}
_TOO_LONG = 1e8  # stands for never


def break_of(plan: Plan) -> BrokenPromiseError | None:
    """Run a plan; return the promise that it breaks, None for no promise."""
    try:
        World(plan).run()
    except BrokenPromiseError as error:
        return error
    return None


class Shrinker:
    """Shortens one plan.

    Args:
        plan: to shorten; it breaks a promise.
        error: the promise that it breaks.
    """

    def __init__(self, plan: Plan, error: BrokenPromiseError) -> None:
        self._plan = plan
        self._kind = (error.promise, error.reason)
        self._runs = 0
        self._until = process_time() + _MOST_SECONDS

    def shortest(self) -> Plan:
        """Return a plan of which no part can be left out or made simpler."""
        while not self._is_tired():
            before = self._plan
            for part in _PARTS:
                self._drop(part)
            self._accept(self._plan.without_idle_jobs())
            self._simplify()
            if self._plan == before:
                break
        return self._plan

    def _is_tired(self) -> bool:
        return self._runs >= _MOST_RUNS or process_time() > self._until

    def _accept(self, plan: Plan) -> bool:
        if plan == self._plan or self._is_tired():
            return False
        self._runs += 1
        error = break_of(plan)
        if error is None or (error.promise, error.reason) != self._kind:
            return False
        self._plan = plan
        return True

    def _drop(self, part: str) -> None:
        """Leave out waits or faults: first half of them, at last one by one."""
        size = max(1, len(getattr(self._plan, part)) // 2)
        while size:
            begin = 0
            while begin < len(getattr(self._plan, part)):
                kept = getattr(self._plan, part)
                shorter = kept[:begin] + kept[begin + size :]
                if not self._accept(replace(self._plan, **{part: shorter})):
                    begin += size
            size //= 2

    def _simplify(self) -> None:
        for changes in _simpler(self._plan, Plan(self._plan.seed)):
            self._accept(replace(self._plan, **changes))
        for part, usual in (
            ("jobs", JobPlan()),
            ("waits", WaitPlan(0)),
            ("faults", FaultPlan("")),
        ):
            for index in range(len(getattr(self._plan, part))):
                self._simplify_one(part, index, usual)

    def _simplify_one(self, part: str, index: int, usual: Any) -> None:
        for changes in _simpler(getattr(self._plan, part)[index], usual):
            parts = list(getattr(self._plan, part))
            parts[index] = replace(parts[index], **changes)
            changed: dict[str, Any] = {part: tuple(parts)}
            self._accept(replace(self._plan, **changed))


def _simpler(found: Any, usual: Any) -> Iterator[dict[str, Any]]:
    """Return changes, each of which makes a part of a plan simpler."""
    for field in fields(found):
        name, value = field.name, getattr(found, field.name)
        if name in _KEPT:
            continue
        if value != getattr(usual, name):
            yield {name: getattr(usual, name)}
        if name in _ROUNDED and value < _TOO_LONG:
            yield from ({name: each} for each in _rounder(value))


def _rounder(value: float) -> Iterator[float]:
    for digits in (-2, -1, 0, 1):
        rounded = round(value, digits)
        if rounded != value:
            yield rounded
    if value > 1:
        yield round(value / 2, 1)
