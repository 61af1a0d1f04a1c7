"""One run of the command line: its parts are made, used, and their files written."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

from ddswait import Waiter, history
from ddswait.cli import exit_codes as verdict
from ddswait.cli import inputs as reading
from ddswait.cli import options, resume
from ddswait.cli.gate import OUTPUT_CLOSED, Gate
from ddswait.cli.job_table import JobTable
from ddswait.cli.output import live
from ddswait.cli.output.failures import failures
from ddswait.cli.output.printer import OutputClosed, Printer
from ddswait.cli.output.text import duration
from ddswait.cli.reports import files
from ddswait.cli.state import Keeper, State
from ddswait.errors import ConfigurationError, InputError
from ddswait.scheduler.durations import Durations

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ddswait.cli.inputs import Named
    from ddswait.credentials.chain import Target

USUAL_TIMEOUT = 3600.0


def run(jobs: Sequence[Named], target: Target, arguments: argparse.Namespace) -> int:
    """Wait for all jobs and return the exit code."""
    try:
        this = Run(jobs, arguments)
        waiter = Waiter(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.found.key,
            auth_source=target.found.source,
            ca_file=target.ca_file,
            grace=arguments.grace,
            interval=arguments.interval,
            unreachable_after=arguments.unreachable_after,
            rate=arguments.rate,
            durations=this.durations,
            insecure_http=arguments.insecure_http,
            on_event=this.gate.event,
        )
        this.keeper.begin()
    except (ConfigurationError, InputError) as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    if arguments.verbose:
        from ddswait.cli.output import log_lines as logs

        logs.configure(sys.stderr)
    this.begin(target.endpoint, target.project_id)
    return this.finish(asyncio.run(this.gate.wait(waiter)))


class Run:
    """The parts of one run.

    Args:
        jobs: those that were named.
        arguments: as `options.parser` reads them.

    Raises:
        ConfigurationError: the history cannot be used.
        InputError: the state or another file cannot be used, or the group makes no sense.
    """

    def __init__(self, jobs: Sequence[Named], arguments: argparse.Namespace) -> None:
        files.check(arguments)
        now = time.time()
        self._arguments = arguments
        state = State(arguments.state) if arguments.state else None
        table = JobTable(jobs, now)
        if state is not None:
            table = state.table(jobs, now, ready=arguments.ready)
        policy = verdict.Policy(arguments.wait_for, arguments.fail_fast)
        _check_group(table, policy)
        self._table = table
        self._deadline = now + (arguments.timeout or USUAL_TIMEOUT)
        if state is not None:
            self._deadline = state.deadline(arguments.timeout, USUAL_TIMEOUT, now)
        self._printer = Printer(arguments.output, table, quiet=arguments.quiet)
        self.durations = Durations()
        if arguments.history:
            self.durations = history.load(arguments.history, self._warn)
        self.keeper = Keeper(state, table, self._printer.error)
        self.gate = Gate(
            table,
            policy,
            self._printer,
            self.keeper,
            deadline=self._deadline,
            heartbeat=arguments.heartbeat,
            ready=arguments.ready,
        )

    def _warn(self, text: str) -> None:
        self._printer.error(f"ddswait: warning: {text}")

    def begin(self, endpoint: str, project_id: str) -> None:
        """Tell what is waited for, and choose how to show it."""
        table = self._table
        open_ends = len(table.open)
        many = "1 job" if open_ends == 1 else f"{open_ends} jobs"
        known = len(table) - open_ends
        ended = f" ({known} ended before)" if known else ""
        project = project_id or "of the credentials"
        left = self._deadline - time.time()
        until = f"for up to {duration(left)}" if left > 0 else "one last look"
        self._printer.note(f"waiting for {many}{ended} at {endpoint}, project {project}, {until}")
        lines_only = self._arguments.quiet or self._arguments.verbose
        if not lines_only and (console := live.console(sys.stderr)) is not None:
            view = live.LiveView(console, table, self.durations, self._deadline)
            self._printer.show_live(view)

    def finish(self, code: int) -> int:
        """Write every file, explain what did not complete, and return the exit code."""
        now, printer, arguments = time.time(), self._printer, self._arguments
        self.keeper.now()
        wrong = files.write(arguments, self._table, code, now, os.environ)
        wrong += self._keep_history()
        try:
            printer.summary(code)
        except OutputClosed:
            code = OUTPUT_CLOSED
        for each in wrong:
            self._warn(each)
        if files.is_github(arguments, os.environ):
            from ddswait.cli.reports import github

            printer.errors(github.commands(self._table, code))
        printer.errors(failures(self._table, code, printer.width))
        if code != 0:
            printer.errors(resume.resume(self._table, arguments, options.parser()))
        return code

    def _keep_history(self) -> list[str]:
        path = self._arguments.history
        if not path:
            return []
        try:
            history.save(path, self.durations)
        except (OSError, ConfigurationError) as error:
            return [f"--history {path} was not written: {error}"]
        return []


def _check_group(table: JobTable, policy: verdict.Policy) -> None:
    if not len(table):
        raise InputError(reading.NO_JOB)
    if policy.needed and policy.needed > len(table):
        only = "there is 1 job" if len(table) == 1 else f"there are {len(table)} jobs"
        raise InputError(f"--wait-for {policy.needed}: {only} only: ask for fewer")
