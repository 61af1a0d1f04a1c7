"""The status line of a log: how many waits go on, what has ended, and what ends next. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.output.text import left_text, problem_text, state_text, things, totals
from ddswait.cli.time_left import rounded
from ddswait.duration_text import duration

if TYPE_CHECKING:
    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.scheduler.durations import Durations


def status_line(table: JobTable, now: float, durations: Durations) -> str:
    """Return the status line.

    Args:
        table: all jobs; some waits go on.
        now: the time, in seconds since 1970.
        durations: how long jobs usually take.
    """
    running = [entry for entry in table if entry.outcome is None]
    left = {entry.job_id: entry.time_left(now, durations) for entry in running}
    reached = (entry for entry in running if not entry.problem)
    first = min(reached, key=lambda entry: _order(entry, left[entry.job_id]), default=None)
    if len(table) == 1 and running:
        entry = running[0]
        what = _progress(entry, now, left[entry.job_id])
        return f"{safe(entry.name)}: {', '.join([_state(entry), *what])}"
    counts = [f"{number} {state}" for state, number in Counter(map(_state, running)).most_common()]
    if ended := totals(table.tally):
        counts.append(ended)
    soonest = ""
    if first is not None:
        what = _progress(first, now, left[first.job_id])
        soonest = f"; next {', '.join([safe(first.name), *what])}"
    return f"{things(table)}: {', '.join(counts)}{soonest}"


def _state(entry: Entry) -> str:
    if entry.problem:
        return problem_text(entry.problem)
    return safe(state_text(entry)).lower()


def _progress(entry: Entry, now: float, left: float | None) -> list[str]:
    """Return how far a job is; its age if that is not known."""
    known = []
    if entry.job and entry.job.progress is not None:
        known.append(f"{_percent(entry)} %")
    if left is not None:
        known.append(f"{left_text(left)} left" if rounded(left) else "soon over")
    return known or [f"{duration(entry.age(now))} old"]


def _percent(entry: Entry) -> int:
    return entry.job.progress or 0 if entry.job else 0


def _order(entry: Entry, left: float | None) -> tuple[bool, float]:
    """Return what sorts jobs by their ends: by the time left, and those without by progress."""
    return (True, -_percent(entry)) if left is None else (False, left)
