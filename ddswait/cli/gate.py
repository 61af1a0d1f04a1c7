"""The asyncio part of the command line: waits until a group of jobs is decided, or stopped.

A job's outcome arrives in one way: the group of waits. Events report progress only.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ddswait.cli import signals
from ddswait.cli.exit_codes import OUTPUT_CLOSED, exit_code
from ddswait.cli.job_table import key_of
from ddswait.cli.output import live
from ddswait.cli.output.printer import OutputClosed
from ddswait.cli.output.status_line import status_line
from ddswait.policy import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddswait import Waiter
    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.printer import Printer
    from ddswait.cli.state import Keeper
    from ddswait.events import Event
    from ddswait.outcome import Outcome
    from ddswait.policy import Policy
    from ddswait.scheduler.durations import Durations
    from ddswait.wait_group import WaitGroup


class Gate:
    """Waits until a policy is met, a signal comes, or nobody reads the output.

    Args:
        table: the jobs; it is kept up to date.
        policy: when the group is decided.
        printer: shows what happens.
        keeper: saves the state.
        deadline: when the wait times out, in seconds since 1970.
        heartbeat: seconds after which a log gets a status line.
        durations: how long jobs usually take.
        ready: whether to wait for the instance of each job too.
    """

    def __init__(  # noqa: PLR0913 - the parts that it brings together
        self,
        table: JobTable,
        policy: Policy,
        printer: Printer,
        keeper: Keeper,
        *,
        deadline: float,
        heartbeat: float,
        durations: Durations,
        ready: bool = False,
    ) -> None:
        self._table = table
        self._policy = policy
        self._printer = printer
        self._keeper = keeper
        self._deadline = deadline
        self._heartbeat = heartbeat
        self._durations = durations
        self._ready = ready
        self._group: WaitGroup | None = None
        self._stop_code: int | None = None
        self._is_over = False

    def event(self, event: Event) -> None:
        """Take an event of the waiter."""
        self._table.take(event, time.time())
        try:
            self._printer.event(event)
        except OutputClosed:
            self._stop(OUTPUT_CLOSED)
        self._keeper.soon()

    async def wait(self, waiters: Mapping[str, Waiter]) -> int:
        """Wait until the group is decided or something stops the run; return the exit code.

        Args:
            waiters: the waiter of each service.
        """
        loop = asyncio.get_running_loop()
        with signals.obeyed(loop, self._stop, self._printer):
            await self._wait(waiters)
        return self._code() if self._stop_code is None else self._stop_code

    def _code(self) -> int:
        decision = decide(self._table.tally, len(self._table), self._policy)
        return 0 if decision.ok else exit_code(self._table.tally)

    async def _wait(self, waiters: Mapping[str, Waiter]) -> None:
        self._repeat(self._show_life)
        try:
            async with AsyncExitStack() as entered:
                for waiter in waiters.values():
                    await entered.enter_async_context(waiter)
                self._group = self._begin(waiters)
                if self._stop_code is not None:
                    self._group.stop()
                async for outcome in self._group:
                    self._settle(outcome)
                for outcome in self._group.outcomes:
                    if self._table[key_of(outcome)].outcome is None:
                        self._settle(outcome)
                await asyncio.gather(*(waiter.close() for waiter in waiters.values()))
        finally:
            self._is_over = True
            self._printer.stop(time.time())

    def _begin(self, waiters: Mapping[str, Waiter]) -> WaitGroup:
        """Show the jobs that ended in an earlier run, and track the others."""
        for entry, outcome in self._table.ended:
            self._show(entry, outcome)
        now = time.time()
        for key in self._table.open:
            entry = self._table[key]
            entry.visible_at = now if entry.job else None
        state = self._table.state(self._deadline, None, ready=self._ready)
        first, *others = waiters.values()
        return first.track_all(state, self._policy, others=others)

    def _settle(self, outcome: Outcome) -> None:
        entry = self._table.settle(outcome, time.time())
        entry.ready = self._ready
        self._keeper.soon()
        self._show(entry, outcome)

    def _show(self, entry: Entry, outcome: Outcome) -> None:
        try:
            self._printer.outcome(entry, outcome)
        except OutputClosed:
            self._stop(OUTPUT_CLOSED)

    def _stop(self, code: int) -> None:
        """End the run with an exit code of its own; the first one counts."""
        if self._stop_code is None:
            self._stop_code = code
        if self._group is not None:
            self._group.stop()

    def _repeat(self, call: Callable[[], float]) -> None:
        """Call now, and again after as many seconds as it returns, until the run is over."""
        if not self._is_over:
            asyncio.get_running_loop().call_later(call(), self._repeat, call)

    def _show_life(self) -> float:
        printer = self._printer
        if printer.live is not None:
            printer.draw(time.time())
            return live.EVERY
        left = printer.until_status(self._heartbeat)
        if left > 0:
            return left
        printer.status(status_line(self._table, time.time(), self._durations))
        return self._heartbeat
