"""The asyncio part of the command line: signals in, outcomes out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from ddswait import Waiter, history
from ddswait.cli import explain, files, live, options, reading, verdict
from ddswait.cli.ledger import Ledger
from ddswait.cli.output import OutputClosed, Printer
from ddswait.cli.text import duration
from ddswait.durations import Durations
from ddswait.errors import ConfigurationError, InputError
from ddswait.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from ddswait.cli.reading import Named
    from ddswait.cli.state import State
    from ddswait.credentials import Target
    from ddswait.events import Event

_OUTPUT_CLOSED = 141  # what a shell makes of SIGPIPE
_USUAL_TIMEOUT = 3600.0
_LAST_LOOK = 1.0  # seconds for a run whose deadline has passed before it began
_SAVE_EVERY = 0.3  # seconds between two writes of the state


def run(jobs: Sequence[Named], target: Target, arguments: argparse.Namespace) -> int:
    """Wait for all jobs and return the exit code."""
    try:
        files.check(arguments)
        state = _state(arguments)
        ledger = state.ledger(jobs, time.time()) if state else Ledger(jobs, time.time())
        policy = verdict.Policy(arguments.wait_for, arguments.fail_fast)
        _check_group(ledger, policy)
        durations = history.load(arguments.history) if arguments.history else Durations()
        gate = Gate(ledger, policy, arguments, state, durations)
        waiter = Waiter(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.found.key,
            ca_file=target.ca_file,
            grace=arguments.grace,
            interval=arguments.interval,
            unreachable_after=arguments.unreachable_after,
            rate=arguments.rate,
            durations=durations,
            insecure_http=arguments.insecure_http,
            on_event=gate.event,
        )
        gate.save()
    except (ConfigurationError, InputError) as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    except OSError as error:
        sys.stderr.write(f"ddswait: error: --state cannot be written: {error.strerror}\n")
        return options.USAGE
    if arguments.verbose:
        from ddswait.cli import logs

        logs.configure(sys.stderr)
    gate.begin(target.endpoint, target.project_id)
    try:
        code = asyncio.run(gate.wait(waiter))
    except KeyboardInterrupt:  # a second Ctrl-C, while the first one was being obeyed
        code = 130
    return gate.finish(code)


def _check_group(ledger: Ledger, policy: verdict.Policy) -> None:
    if not len(ledger):
        raise InputError(reading.NO_JOB)
    if policy.needed and policy.needed > len(ledger):
        raise InputError(
            f"--wait-for {policy.needed}: there are {len(ledger)} jobs only: ask for fewer"
        )


def _state(arguments: argparse.Namespace) -> State | None:
    if not arguments.state:
        return None
    from ddswait.cli.state import State

    return State(arguments.state)


class Gate:
    """Waits for a group until its policy is met, a signal comes, or nobody reads the output."""

    def __init__(
        self,
        ledger: Ledger,
        policy: verdict.Policy,
        arguments: argparse.Namespace,
        state: State | None,
        durations: Durations,
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._arguments = arguments
        self._state = state
        self._durations = durations
        self._printer = Printer(arguments.output, ledger, quiet=arguments.quiet)
        self._stopped: asyncio.Future[int] | None = None
        self._save_handle: asyncio.TimerHandle | None = None
        self._save_failed = False
        usual = _USUAL_TIMEOUT
        now = time.time()
        if state is not None:
            self._deadline = state.deadline(arguments.timeout, usual, now)
        else:
            self._deadline = now + (arguments.timeout or usual)

    def begin(self, endpoint: str, project_id: str) -> None:
        """Tell what is waited for."""
        ledger = self._ledger
        open_ends = len(ledger.open)
        many = "1 job" if open_ends == 1 else f"{open_ends} jobs"
        known = len(ledger) - open_ends
        ended = f" ({known} ended before)" if known else ""
        project = project_id or "of the credentials"
        left = max(self._deadline - time.time(), 0.0)
        self._printer.note(
            f"waiting for {many}{ended} at {endpoint}, project {project}, "
            f"for up to {duration(left)}"
        )
        console = (
            None if self._arguments.quiet or self._arguments.verbose else live.console(sys.stderr)
        )
        if console is not None:
            self._printer.live = live.LiveView(console, ledger, self._durations, self._deadline)

    def event(self, event: Event) -> None:
        """Take an event of the waiter."""
        self._ledger.take(event, time.time())
        try:
            self._printer.event(event)
        except OutputClosed:
            self._stop(_OUTPUT_CLOSED)
        self._save_soon()

    def _stop(self, code: int) -> None:
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(code)

    def save(self) -> None:
        """Write the state.

        Raises:
            OSError: it cannot be written.
        """
        if self._state is not None:
            self._state.save(self._ledger)

    def _save_soon(self) -> None:
        if self._state is not None and self._save_handle is None:
            loop = asyncio.get_running_loop()
            self._save_handle = loop.call_later(_SAVE_EVERY, self._save_now)

    def _save_now(self) -> None:
        self._save_handle = None
        try:
            self.save()
            self._save_failed = False
        except OSError as error:
            if not self._save_failed:
                self._printer.error(
                    f"ddswait: warning: --state {self._arguments.state} was not written: "
                    f"{error.strerror}; tried again with the next news"
                )
            self._save_failed = True

    async def wait(self, waiter: Waiter) -> int:
        """Wait until the group is decided, or something stops it; return the exit code."""
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, 128 + number)
        self._every(loop, live.EVERY, self._draw)
        self._every(loop, self._arguments.heartbeat, self._beat)
        if self._printer.live is not None:
            self._printer.live.start()
        try:
            async with waiter:
                await self._until_stopped(waiter)
        finally:
            if self._printer.live is not None:
                self._printer.live.stop(time.time())
                self._printer.live = None
        return self._stopped.result()

    async def _until_stopped(self, waiter: Waiter) -> None:
        assert self._stopped is not None  # noqa: S101 - set by wait()
        collecting = asyncio.create_task(self._collect(waiter))
        either: set[asyncio.Future[Any]] = {collecting, self._stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        collecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await collecting
        self._stop(self._decision().code)
        await waiter.close()

    async def _collect(self, waiter: Waiter) -> None:
        for entry in self._ledger:
            if entry.outcome is not None:
                self._show(entry.job_id)
        left = max(self._deadline - time.time(), _LAST_LOOK)
        open_ends = [] if self._decision().over else self._ledger.open
        ending = waiter.as_completed(open_ends, timeout=left, ready=self._arguments.ready)
        async with contextlib.aclosing(ending) as ended:
            try:
                async for outcome in ended:
                    self._settle(outcome)
                    if self._decision().over:
                        return
            finally:
                self._let_go(waiter)

    def _let_go(self, waiter: Waiter) -> None:
        """Account for every job that has not ended, whatever ends the run."""
        pending = {outcome.job_id: outcome for outcome in waiter.pending()}
        for job_id in self._ledger.open:
            entry = self._ledger[job_id]
            told = entry.told
            if told is None or (told.ok and self._arguments.ready):
                told = pending.get(job_id) or Outcome(
                    job_id, OutcomeKind.PENDING, entry.job, "not ended yet"
                )
            self._settle(told)

    def _settle(self, outcome: Outcome) -> None:
        self._ledger.settle(outcome, time.time())
        self._save_soon()
        self._show(outcome.job_id)

    def _show(self, job_id: str) -> None:
        try:
            self._printer.outcome(self._ledger[job_id])
        except OutputClosed:
            self._stop(_OUTPUT_CLOSED)

    def _decision(self) -> verdict.Decision:
        kinds = [
            outcome.kind
            for outcome in self._ledger.outcomes
            if outcome.kind is not OutcomeKind.PENDING
        ]
        return verdict.decide(kinds, len(self._ledger), self._policy)

    def _every(
        self, loop: asyncio.AbstractEventLoop, pause: float, call: Callable[[], None]
    ) -> None:
        def again() -> None:
            if self._stopped is not None and not self._stopped.done():
                call()
                loop.call_later(pause, again)

        loop.call_later(pause, again)

    def _draw(self) -> None:
        if self._printer.live is not None:
            self._printer.live.draw(time.time())

    def _beat(self) -> None:
        if not self._printer.told and self._printer.live is None:
            self._printer.heartbeat(time.time())
        self._printer.told = False

    def finish(self, code: int) -> int:
        """Write every file, explain what did not complete, and return the exit code."""
        now, printer = time.time(), self._printer
        self._save_now()
        if self._arguments.history:
            self._keep_history()
        wrong = files.write(self._arguments, self._ledger, code, now, os.environ)
        try:
            printer.summary(code)
        except OutputClosed:
            code = _OUTPUT_CLOSED
        printer.errors(f"ddswait: warning: {each}" for each in wrong)
        printer.errors(explain.failures(self._ledger))
        printer.errors(explain.resume(self._ledger, self._arguments, options.parser()))
        if files.is_github(self._arguments, os.environ):
            from ddswait.cli import github

            printer.errors(github.commands(self._ledger))
        return code

    def _keep_history(self) -> None:
        try:
            history.save(self._arguments.history, self._durations)
        except (OSError, ConfigurationError) as error:
            path = self._arguments.history
            self._printer.error(f"ddswait: warning: --history {path} was not written: {error}")
