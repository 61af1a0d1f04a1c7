"""What the log of a task shows: each change of a few jobs, or a line a minute about many."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NoReturn

from ddswait.cli.escaping import safe
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.event_lines import MANY, EventLines
from ddswait.cli.output.status_line import status_line
from ddswait.cli.output.text import things
from ddswait.duration_text import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.events import Event
    from ddswait.outcome import Outcome
    from ddswait.scheduler.durations import Durations
    from ddswait.wait_state import WaitState

FEW = 10
"""Jobs up to which each change has a line."""

_EVERY = 60.0  # seconds between two lines about many jobs


class TaskLog:
    """The log of one task; each line about a job holds its ID.

    Args:
        write: writes a line.
        state: of the waits when they begin.
        durations: how long jobs usually take.
    """

    def __init__(
        self, write: Callable[[str], object], state: WaitState, durations: Durations
    ) -> None:
        self._write = write
        self._durations = durations
        now = time.time()
        self._table = JobTable([Named(each.key, each.label) for each in state.jobs], now)
        self._table.restore(state)
        few = len(state.jobs) <= FEW
        self._lines = EventLines(len(state.jobs) if few else MANY, full_names=True)
        self._is_short = few
        ended = len(state.jobs) - len(state.open)
        earlier = f", of which {ended:,} ended before" if ended else ""
        left = state.deadline - now
        limit = f"for up to {duration(left)}" if left > 0 else "for one last poll"
        write(f"waiting for {things(self._table)}{earlier}, {limit}")

    def event(self, event: Event) -> None:
        """Take an event of the waiter."""
        self._table.take(event, time.time())
        if line := self._lines.event(event, self._table.entry_of(event)):
            self._write(line)

    def outcome(self, outcome: Outcome) -> None:
        """Take the outcome of a wait."""
        entry = self._table.settle(outcome, time.time())
        if line := self._lines.outcome(entry, outcome):
            self._write(line)
        elif self._is_short:  # what ends at the deadline has no line on a terminal
            self._write(f"{safe(entry.full_name)}  {outcome.facts.label}: {safe(outcome.message)}")

    async def every_minute(self) -> NoReturn:
        """Write a line a minute if there are many jobs, until the task is cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            if not self._is_short:
                self._write(status_line(self._table, time.time(), self._durations))


def changes(before: WaitState, after: WaitState) -> list[str]:
    """Return the lines about what ended between two pokes of a sensor.

    Args:
        before: what was known before the second one.
        after: what is known now, of the same jobs.
    """
    ended = [now for was, now in zip(before.jobs, after.jobs, strict=True) if not was.outcome]
    news = [each.outcome for each in ended if each.outcome]
    if not news:
        return []
    if len(after.jobs) > FEW:
        return [f"{len(after.jobs) - len(after.open):,} of {len(after.jobs):,} waits have ended"]
    return [
        f"{safe(each.full_name)}  {each.facts.label}{'' if each.ok else f': {safe(each.message)}'}"
        for each in news
    ]
