"""The asyncio part of the command line: waits until a group of jobs is decided, or stopped.

A job's outcome arrives in one way: its future. Events report progress only.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ddswait.cli import signals
from ddswait.cli.exit_codes import OUTPUT_CLOSED, Decision, decide
from ddswait.cli.job_table import key_of, outcome_of
from ddswait.cli.named import instance_of
from ddswait.cli.output import live
from ddswait.cli.output.printer import OutputClosed
from ddswait.cli.output.status_line import status_line
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddswait import Waiter
    from ddswait.cli.exit_codes import Policy
    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.printer import Printer
    from ddswait.cli.state import Keeper
    from ddswait.events import Event
    from ddswait.outcome import Outcome
    from ddswait.runtime.futures import WaitFuture
    from ddswait.scheduler.durations import Durations

_LAST_POLL = 1.0  # seconds for a run whose deadline has passed before it began


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
        self._futures: dict[str, WaitFuture[Any]] = {}
        self._stop_code: int | None = None
        self._over = asyncio.Event()
        self._defect: BaseException | None = None

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
        return self._decision().code if self._stop_code is None else self._stop_code

    async def _wait(self, waiters: Mapping[str, Waiter]) -> None:
        self._repeat(self._show_life)
        try:
            async with AsyncExitStack() as entered:
                for waiter in waiters.values():
                    await entered.enter_async_context(waiter)
                self._begin(waiters)
                await self._over.wait()
                self._end(waiters.values())
                await asyncio.gather(*(waiter.close() for waiter in waiters.values()))
                if self._defect is not None:
                    raise self._defect
        finally:
            self._printer.stop(time.time())

    def _begin(self, waiters: Mapping[str, Waiter]) -> None:
        """Show the jobs that ended in an earlier run, and track the others."""
        for entry, outcome in self._table.ended:
            self._show(entry, outcome)
        if self._decision().over:
            self._over.set()
            return
        now = time.time()
        timeout = max(self._deadline - now, _LAST_POLL)
        for key in self._table.open:
            future: WaitFuture[Any]
            entry = self._table[key]
            waiter = waiters[entry.service]
            earlier = entry.earlier(now)
            if instance_id := instance_of(key):
                future = waiter.track_instance(
                    instance_id, timeout=timeout, earlier=earlier, label=entry.label
                )
            else:
                entry.visible_at = now if entry.job else None
                future = waiter.track(
                    key, timeout=timeout, ready=self._ready, earlier=earlier, label=entry.label
                )
            self._futures[key] = future
            future.add_done_callback(self._settled)

    def _settled(self, future: WaitFuture[Any]) -> None:
        """Take the outcome of a wait that ended, unless the run is over already."""
        if self._over.is_set():
            return
        if future.outcome is None:  # the waiter has broken down
            self._defect = future.exception()
            self._over.set()
            return
        try:
            self._settle(future.outcome)
        except Exception as error:  # noqa: BLE001 - a defect of ddswait must not let the run hang
            self._defect = error
        if self._defect or self._decision().over:
            self._over.set()

    def _end(self, waiters: Iterable[Waiter]) -> None:
        """Settle everything that is still open: each has an outcome, whatever ends the run."""
        pending = {key_of(outcome): outcome for each in waiters for outcome in each.pending()}
        for key in self._table.open:
            future = self._futures.get(key)
            ended = future.outcome if future else None
            self._settle(ended or pending.get(key) or self._not_polled(key))

    def _not_polled(self, key: str) -> Outcome:
        what = "instance" if instance_of(key) else "job"
        message = f"the {what} was not waited for in this run"
        return outcome_of(key, OutcomeKind.PENDING, self._table[key].job, message)

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

    def _decision(self) -> Decision:
        return decide(self._table.tally, len(self._table), self._policy)

    def _stop(self, code: int) -> None:
        """End the run with an exit code of its own; the first one counts."""
        if self._stop_code is None:
            self._stop_code = code
        self._over.set()

    def _repeat(self, call: Callable[[], float]) -> None:
        """Call now, and again after as many seconds as it returns, until the run is over."""
        if not self._over.is_set():
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
