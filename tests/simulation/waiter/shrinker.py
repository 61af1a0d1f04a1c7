"""Makes a plan shorter as long as it breaks the same promise."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING, Any

from tests.simulation.waiter.ledger import BrokenPromiseError
from tests.simulation.waiter.stage import Interference, Stage
from tests.simulation.waiter.tally import moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.waiter.plan import BlockPlan, Plan, UserPlan

_MOST_SECONDS = 60.0  # of CPU
_TRIED = 60  # moments of each shorter plan


def break_of(plan: Plan, moment: Interference) -> tuple[str, int]:
    """Run a plan; return the reason for which it breaks a promise, or "", and its turns."""
    stage = Stage(plan, moment)
    try:
        stage.run()
    except BrokenPromiseError as error:
        return error.reason, stage.loop.turns
    return "", stage.loop.turns


def shortest(plan: Plan, moment: Interference, reason: str) -> tuple[Plan, Interference]:
    """Return a shorter plan, and the moment at which it breaks the promise for that reason."""
    until = process_time() + _MOST_SECONDS
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for shorter in _shorter(plan):
            if process_time() > until:
                return plan, moment
            if (found := _moment_of(shorter, moment, reason)) is not None:
                plan, moment, is_shorter = shorter, found, True
                break
    return plan, moment


def _moment_of(plan: Plan, moment: Interference, reason: str) -> Interference | None:
    """Return a moment at which a plan breaks the promise: other turns do as well."""
    found, turns = break_of(plan, Interference())
    if found:
        return Interference() if found == reason else None
    if not moment.way:
        return None
    for other in [moment, *moments(turns, max(1, 4 * turns // _TRIED), 0)]:
        tried = other._replace(way=moment.way)
        if break_of(plan, tried)[0] == reason:
            return tried
    return None


def _shorter(plan: Plan) -> Iterator[Plan]:
    """Return plans with one part less, the largest parts first."""
    for place in range(len(plan.blocks)):
        if len(plan.blocks) > 1:
            yield replace(plan, blocks=_without(plan.blocks, place))
        for block in _shorter_blocks(plan.blocks[place]):
            changed = (*plan.blocks[:place], block, *plan.blocks[place + 1 :])
            yield replace(plan, blocks=changed)
    for place in range(len(plan.faults)):
        yield replace(plan, faults=_without(plan.faults, place))
    for name, value in (("life", 0.0), ("hook", ""), ("settle", 0.0), ("backup", 0.0)):
        if getattr(plan, name) != value:
            changes: dict[str, Any] = {name: value}
            yield replace(plan, **changes)


def _shorter_blocks(block: BlockPlan) -> Iterator[BlockPlan]:
    for place, user in enumerate(block.users):
        yield replace(block, users=_without(block.users, place))
        for shorter in _shorter_users(user):
            changed = (*block.users[:place], shorter, *block.users[place + 1 :])
            yield replace(block, users=changed)


def _shorter_users(user: UserPlan) -> Iterator[UserPlan]:
    for place in range(len(user.operations)):
        yield replace(user, operations=_without(user.operations, place))


def _without(parts: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return parts[:place] + parts[place + 1 :]
