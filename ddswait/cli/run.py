"""The asyncio part of the command line: signals in, outcomes out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any

from ddswait import Waiter, history
from ddswait.cli import options, verdict
from ddswait.cli.output import OutputClosed, Printer, duration
from ddswait.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ddswait.credentials import Target
    from ddswait.durations import Durations
    from ddswait.events import Event
    from ddswait.outcome import Outcome

_OUTPUT_CLOSED = 141  # what a shell makes of SIGPIPE


def run(job_ids: Sequence[str], target: Target, arguments: argparse.Namespace) -> int:
    """Wait for all jobs and return the exit code."""
    printer = Printer(arguments.output, quiet=arguments.quiet)
    if arguments.verbose:
        from ddswait.cli import logs

        logs.configure(sys.stderr)
    gate = Gate(printer)
    durations = None
    try:
        if arguments.history:
            durations = history.load(arguments.history)
        waiter = Waiter(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.found.key,
            ca_file=target.ca_file,
            timeout=arguments.timeout,
            grace=arguments.grace,
            interval=arguments.interval,
            unreachable_after=arguments.unreachable_after,
            rate=arguments.rate,
            durations=durations,
            insecure_http=arguments.insecure_http,
            on_event=gate.event,
        )
    except (ConfigurationError, InputError) as error:
        printer.error(f"ddswait: error: {error}")
        return options.USAGE
    many = "1 job" if len(job_ids) == 1 else f"{len(job_ids)} jobs"
    project = target.project_id or "of the credentials"
    printer.note(
        f"waiting for {many} at {target.endpoint}, project {project}, "
        f"for up to {duration(arguments.timeout)}"
    )
    try:
        code = asyncio.run(gate.wait(waiter, job_ids))
    except KeyboardInterrupt:  # a second Ctrl-C, while the first one was being obeyed
        code = 130
    if durations is not None:
        _keep(arguments.history, durations, printer)
    return code


def _keep(path: str, durations: Durations, printer: Printer) -> None:
    """Write the history; that it cannot be written changes no verdict."""
    try:
        history.save(path, durations)
    except (OSError, ConfigurationError) as error:
        printer.error(f"ddswait: warning: history {path} was not written: {error}")


class Gate:
    """Waits for a group, and stops early on a signal or when nobody reads the output."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._stopped: asyncio.Future[int] | None = None
        self._outcomes: dict[str, Outcome] = {}

    def event(self, event: Event) -> None:
        """Show an event."""
        try:
            self._printer.event(event)
        except OutputClosed:
            self._stop(_OUTPUT_CLOSED)

    def _stop(self, code: int) -> None:
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(code)

    async def wait(self, waiter: Waiter, job_ids: Sequence[str]) -> int:
        """Wait for all jobs, or until something stops it; return the exit code."""
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, 128 + number)
        async with waiter:
            collecting = asyncio.create_task(self._collect(waiter, job_ids))
            either: set[asyncio.Future[Any]] = {collecting, self._stopped}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._stopped.done():
                self._stop(verdict.exit_code(o.kind for o in self._outcomes.values()))
            for outcome in waiter.pending():
                self._outcomes.setdefault(outcome.job_id, outcome)
            collecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await collecting
            await waiter.close()
        return self._finish(job_ids, self._stopped.result())

    async def _collect(self, waiter: Waiter, job_ids: Sequence[str]) -> None:
        async with contextlib.aclosing(waiter.as_completed(job_ids)) as ended:
            async for outcome in ended:
                self._outcomes[outcome.job_id] = outcome
                try:
                    self._printer.outcome(outcome)
                except OutputClosed:
                    self._stop(_OUTPUT_CLOSED)
                    return

    def _finish(self, job_ids: Sequence[str], code: int) -> int:
        outcomes = [self._outcomes[each] for each in job_ids if each in self._outcomes]
        self._printer.pending(outcomes)
        try:
            self._printer.summary(outcomes, code)
        except OutputClosed:
            return _OUTPUT_CLOSED
        return code
