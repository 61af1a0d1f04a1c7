"""One run of the command line: makes its parts, and writes its files at the end."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from ddswait import history
from ddswait.cli import defaults, signals
from ddswait.cli.exit_codes import OUTPUT_CLOSED
from ddswait.cli.gate import Gate
from ddswait.cli.instances import check_ready
from ddswait.cli.job_checks import NO_JOB
from ddswait.cli.job_table import JobTable
from ddswait.cli.output import failures, live
from ddswait.cli.output.printer import OutputClosed, Printer
from ddswait.cli.output.text import things
from ddswait.cli.reports import files
from ddswait.cli.reports.run_facts import RunFacts
from ddswait.cli.resume import given_command, resume_command
from ddswait.cli.state import Keeper, State
from ddswait.duration_text import duration, exact
from ddswait.errors import ConfigurationError, InputError
from ddswait.policy import Policy, decide
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.rate_limiter import parse_rate
from ddswait.service import DEFAULT
from ddswait.storage import hint_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddswait.cli.job_table import Entry
    from ddswait.cli.named import Named
    from ddswait.cli.options import Options


class Run:
    """The parts of one run.

    Args:
        jobs: the jobs that the user named.
        options: what the user asked for.
        service: the one that the user chose for jobs which name none; "" for none.
        clock: a monotonic clock, in seconds: lines of a log begin with the time elapsed.

    Attributes:
        durations: how long jobs took, those of this run included.
        keeper: saves the state.
        gate: waits for the jobs.
        services: the services that are asked.

    Raises:
        ConfigurationError: the history cannot be used.
        InputError: the state or another file cannot be used, or there are too few jobs for
            `--wait-for`.
    """

    def __init__(
        self,
        jobs: Sequence[Named],
        options: Options,
        service: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        files.check(options)
        now = time.time()
        self._options = options
        self._policy = Policy(options.wait_for, options.fail_fast)
        state = State(options.state) if options.state else None
        try:
            table = self._prepare(state, jobs, now, service)
        except BaseException:
            if state is not None:
                state.close()
            raise
        self._table = table
        self.services = table.services
        self._given = {each.job_id for each in jobs}
        self._facts = RunFacts()
        self._printer = Printer(options.output, table, quiet=options.quiet, clock=clock)
        self.durations = (
            history.load(options.history, self._warn) if options.history else Durations()
        )
        if state is not None and state.warning:
            self._warn(state.warning)
        if state is not None and options.timeout and state.timeout not in {None, options.timeout}:
            self._warn(
                f"--timeout {exact(options.timeout)} is not used: the first deadline in --state "
                f"{state}, in {duration(self._deadline - now)}, still applies; for another one, "
                "use another file"
            )
        self.keeper = Keeper(state, table, self._printer.error)
        self.gate = Gate(
            table,
            self._policy,
            self._printer,
            self.keeper,
            deadline=self._deadline,
            heartbeat=options.heartbeat,
            durations=self.durations,
            ready=options.ready,
        )

    def _prepare(
        self, state: State | None, jobs: Sequence[Named], now: float, service: str
    ) -> JobTable:
        """Return the jobs of this run, and set its deadline."""
        options = self._options
        self._deadline = now + (options.timeout or defaults.TIMEOUT)
        if state is None:
            table = JobTable(jobs, now, service or DEFAULT)
        else:
            table = state.table(jobs, now, service, ready=options.ready)
            self._deadline = state.deadline(options.timeout, defaults.TIMEOUT, now)
        if not table:
            raise InputError(NO_JOB)
        self._policy.check(len(table), "--wait-for")
        check_ready(table.entries, ready=options.ready)
        return table

    def _warn(self, text: str) -> None:
        self._printer.error(f"ddswait: warning: {text}")

    def begin(self, endpoints: Mapping[str, str], project_id: str, region: str = "") -> None:
        """Say what the run waits for, and start the live view if there is a terminal.

        Args:
            endpoints: the endpoint of each service.
            project_id: of the jobs, or "" if the credentials have one.
            region: its name, or "".
        """
        endpoint = ", ".join(endpoints.values())
        self._facts = RunFacts(endpoint=endpoint, region=region, project=project_id)
        left = [entry for entry in self._table if entry.outcome is None]
        ended = len(self._table) - len(left)
        earlier = f" ({ended} ended in an earlier run)" if ended else ""
        others = len([entry for entry in left if entry.job_id not in self._given])
        if others and self._given:
            earlier = f", {others} of them from --state{earlier}"
        project = f"project {project_id}" if project_id else "the project of the credentials"
        seconds = self._deadline - time.time()
        limit = f"for up to {duration(seconds)}" if seconds > 0 else "for one last poll"
        signals.hold()  # from this line on, a signal ends the run as it should
        jobs = _at_endpoints(left, endpoints, earlier)
        nothing_left = _nothing_left(self._table, self._policy)
        self._printer.note(nothing_left or f"waiting for {jobs}, {project}, {limit}")
        most = max(Counter(entry.service for entry in left).values(), default=0)
        if problem := _rate_problem(most, self._options.rate, seconds):
            self._warn(problem)
        lines_only = self._options.quiet or self._options.verbose
        note = self._printer.note
        if not lines_only and (console := live.console(sys.stderr, note)) is not None:
            view = live.LiveView(
                console, self._table, self.durations, self._deadline, self._options.wait_for
            )
            self._printer.show_live(view)

    def finish(self, code: int) -> int:
        """Write every file, explain what did not complete, and return the exit code.

        Standard error gets what went wrong first; the last line has the totals.
        """
        now, printer, options, table = time.time(), self._printer, self._options, self._table
        self.keeper.now()
        title, width = "to resume:", printer.width
        left = width and width - len(title) - 1
        resume = resume_command(table, options, left) if code else []
        facts = self._facts._replace(
            code=code, ended=now, command=given_command(options), resume=resume
        )
        problems = files.write(options, table, facts, os.environ)
        problems += self._save_history()
        try:
            printer.document(code)
        except OutputClosed:
            code = OUTPUT_CLOSED
        for problem in problems:
            self._warn(problem)
        if files.is_github(options, os.environ):
            from ddswait.cli.reports import github  # late: only in a GitHub workflow

            printer.commands(github.commands(table, code))
        explained = failures.failures(table, printer.width, printer.told)
        printer.details("what did not complete", explained, now)
        if code != 0:
            printer.note(failures.given_up(table))
            printer.command(title, resume)
        printer.totals(code)
        self.keeper.close()
        return code

    def _save_history(self) -> list[str]:
        path = self._options.history
        if not path:
            return []
        try:
            history.save(path, self.durations)
        except OSError as error:
            return [f"--history {path} was not written: {error.strerror}: {hint_for(error)}"]
        except ConfigurationError as error:
            return [f"--history {path} was not written: {error}"]
        return []


def _nothing_left(table: JobTable, policy: Policy) -> str:
    """Return why a resumed run waits for nothing; "" if it waits."""
    ended = [entry for entry, _ in table.ended]
    if not decide(table.tally, len(table), policy).over:
        return ""
    begin = "nothing is left to wait for:"
    if len(ended) == len(table):
        return f"{begin} {things(ended)} ended in an earlier run"
    return (
        f"{begin} {len(ended)} of {things(table)} ended in an earlier run, which decides this one"
    )


def _at_endpoints(left: Sequence[Entry], endpoints: Mapping[str, str], earlier: str) -> str:
    """Return how many jobs are waited for, and where: each service has its own endpoint."""
    if len(endpoints) == 1:
        return f"{things(left)}{earlier} at {next(iter(endpoints.values()))}"
    of = {name: [entry for entry in left if entry.service == name] for name in endpoints}
    return ", ".join(f"{things(of[name])} of {name} at {endpoints[name]}" for name in of) + earlier


def _rate_problem(jobs: int, rate: str, seconds: float) -> str:
    """Return a warning if a rate cannot reach every job once before the deadline; else ""."""
    requests, window = parse_rate(rate)
    needed = jobs * window / requests
    if not 0 < seconds < needed:
        return ""
    return (
        f"{jobs:,} jobs at --rate {rate} need at least {duration(needed)}, but the wait ends after "
        f"{duration(seconds)}: use a higher rate or a longer --timeout, or some jobs time out "
        "without being polled"
    )
