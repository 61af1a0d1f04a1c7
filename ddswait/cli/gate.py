"""The asyncio part of the command line: waits for a group until it is decided, or stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import TYPE_CHECKING, Any

from ddswait.cli import exit_codes as verdict
from ddswait.cli.output import live
from ddswait.cli.output.printer import OutputClosed
from ddswait.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait import Waiter
    from ddswait.cli.job_table import JobTable
    from ddswait.cli.output.printer import Printer
    from ddswait.cli.state import Keeper
    from ddswait.events import Event

OUTPUT_CLOSED = 141  # what a shell makes of SIGPIPE
_LAST_LOOK = 1.0  # seconds for a run whose deadline has passed before it began


class Gate:
    """Waits for a group until its policy is met, a signal comes, or nobody reads the output.

    Args:
        ledger: the jobs; it is kept up to date.
        policy: when the group is decided.
        printer: shows what happens.
        keeper: keeps the state, or does nothing.
        deadline: when the wait times out, in seconds since 1970.
        heartbeat: seconds of silence after which a sign of life is given.
        ready: whether a job's instance must be ready, too.
    """

    def __init__(  # noqa: PLR0913 - the parts that it brings together
        self,
        table: JobTable,
        policy: verdict.Policy,
        printer: Printer,
        keeper: Keeper,
        *,
        deadline: float,
        heartbeat: float,
        ready: bool = False,
    ) -> None:
        self._table = table
        self._policy = policy
        self._printer = printer
        self._keeper = keeper
        self._deadline = deadline
        self._heartbeat = heartbeat
        self._ready = ready
        self._stopped: asyncio.Future[int] | None = None

    def event(self, event: Event) -> None:
        """Take an event of the waiter."""
        self._table.take(event, time.time())
        try:
            self._printer.event(event)
        except OutputClosed:
            self._stop(OUTPUT_CLOSED)
        self._keeper.soon()

    def _stop(self, code: int) -> None:
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(code)

    async def wait(self, waiter: Waiter) -> int:
        """Wait until the group is decided, or something stops it; return the exit code."""
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, 128 + number)
        self._printer.start()
        self._call_again(self._show_life)
        try:
            async with waiter:
                await self._until_stopped(waiter)
        finally:
            self._printer.stop(time.time())
        return self._stopped.result()

    async def _until_stopped(self, waiter: Waiter) -> None:
        assert self._stopped is not None  # noqa: S101 - set by wait()
        collecting = asyncio.create_task(self._collect(waiter))
        either: set[asyncio.Future[Any]] = {collecting, self._stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        self._let_go(waiter)  # before the cancelling ends what is known of them
        collecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await collecting
        self._stop(self._decision().code)
        await waiter.close()

    async def _collect(self, waiter: Waiter) -> None:
        for _, outcome in self._table.ended:
            self._show(outcome)
        left = max(self._deadline - time.time(), _LAST_LOOK)
        open_ends = [] if self._decision().over else self._table.open
        ending = waiter.as_completed(open_ends, timeout=left, ready=self._ready)
        async with contextlib.aclosing(ending) as ended:
            async for outcome in ended:
                self._settle(outcome)
                if self._decision().over:
                    self._let_go(waiter)
                    return

    def _let_go(self, waiter: Waiter) -> None:
        """Account for every job that has not ended, whatever ends the run."""
        pending = {outcome.job_id: outcome for outcome in waiter.pending()}
        for job_id in self._table.open:
            entry = self._table[job_id]
            told = entry.told
            if told is None or (told.ok and self._ready and not entry.instance_told):
                told = pending.get(job_id) or Outcome(
                    job_id, OutcomeKind.PENDING, entry.job, "not ended yet"
                )
            self._settle(told)

    def _settle(self, outcome: Outcome) -> None:
        self._table.settle(outcome, time.time())
        self._table[outcome.job_id].ready = self._ready
        self._keeper.soon()
        self._show(outcome)

    def _show(self, outcome: Outcome) -> None:
        try:
            self._printer.outcome(self._table[outcome.job_id], outcome)
        except OutputClosed:
            self._stop(OUTPUT_CLOSED)

    def _decision(self) -> verdict.Decision:
        return verdict.decide(self._table.tally, len(self._table), self._policy)

    def _call_again(self, call: Callable[[], float]) -> None:
        """Call now, and again after as many seconds as it returns, until the end."""
        if self._stopped is not None and not self._stopped.done():
            asyncio.get_running_loop().call_later(call(), self._call_again, call)

    def _show_life(self) -> float:
        printer = self._printer
        if printer.live is not None:
            printer.draw(time.time())
            return live.EVERY
        left = printer.last_line_at + self._heartbeat - time.monotonic()
        if left > 0:
            return left
        printer.heartbeat(time.time())
        return self._heartbeat
