"""Which jobs the live view shows, and in which order.

Failed jobs come first, the latest at the top, then those that run, the soonest to end at the top,
then those that completed. If not all fit, failed jobs leave half of the lines to those that run.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddswait.cli.job_table import Entry


class Groups(NamedTuple):
    """The jobs in the order in which they are shown."""

    failed: list[Entry]
    running: list[Entry]
    completed: list[Entry]


class Shown(NamedTuple):
    """The jobs that have a row, and what is said of the others; "" if there are none."""

    entries: list[Entry]
    rest: str


def grouped(entries: Iterable[Entry], left: Mapping[str, float | None]) -> Groups:
    """Return the jobs in their order.

    Args:
        entries: the jobs.
        left: for how long each that runs will still run, by its ID, in seconds.
    """
    groups = Groups([], [], [])
    for entry in entries:
        end = entry.end
        if end is None:
            groups.running.append(entry)
        elif end.ok:
            groups.completed.append(entry)
        else:
            groups.failed.append(entry)
    for ended in (groups.failed, groups.completed):
        ended.sort(key=lambda entry: entry.ended_at or 0.0, reverse=True)

    def to_end(entry: Entry) -> tuple[float, float]:
        seconds = left.get(entry.job_id)
        progress = (entry.job.progress if entry.job else None) or 0
        return (inf if seconds is None else seconds, -progress)

    groups.running.sort(key=to_end)
    return groups


def shown(groups: Groups, room: int, height: Callable[[Entry], int]) -> Shown:
    """Return the jobs that fit.

    Args:
        groups: all jobs.
        room: how many lines there are.
        height: how many lines a job needs.
    """
    everyone = [entry for group in groups for entry in group]
    if sum(map(height, everyone)) <= room:
        return Shown(everyone, "")
    room = max(room - 1, 1)  # the line about the others
    share = room // 2 if groups.running else room
    failed = _first(groups.failed, share, height)
    running = _first(groups.running, room - _lines(failed, height), height)
    failed = _first(groups.failed, room - _lines(running, height), height)
    completed = _first(
        groups.completed, room - _lines(failed, height) - _lines(running, height), height
    )
    picked = Groups(failed, running, completed)
    return Shown([entry for group in picked for entry in group], _rest(groups, picked))


def _first(entries: list[Entry], room: int, height: Callable[[Entry], int]) -> list[Entry]:
    """Return as many of the first jobs as have room."""
    for number, entry in enumerate(entries):
        room -= height(entry)
        if room < 0:
            return entries[:number]
    return entries


def _lines(entries: list[Entry], height: Callable[[Entry], int]) -> int:
    return sum(map(height, entries))


def _rest(groups: Groups, picked: Groups) -> str:
    failed, running, completed = (
        len(group) - len(some) for group, some in zip(groups, picked, strict=True)
    )
    # Those that run concern people most.
    hidden = ((running, "running"), (failed, "failed"), (completed, "completed"))
    counts = [(number, name) for number, name in hidden if number]
    if not counts:
        return ""
    (number, name), *others = counts
    return f"... and {number} more {name}" + "".join(f", {n} {of}" for n, of in others)
