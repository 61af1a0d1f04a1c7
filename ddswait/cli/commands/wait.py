"""`ddswait JOB_ID...`: wait for jobs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ddswait.cli import inputs
from ddswait.cli.job_checks import NO_JOB
from ddswait.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait import Waiter
    from ddswait.cli.named import Named
    from ddswait.cli.options import Options
    from ddswait.cli.run import Run


def run(options: Options) -> int:
    """Wait for all jobs and return the exit code.

    Raises:
        ConfigurationError: the endpoint, the credentials or a file cannot be used.
        InputError: a job ID, a label or a file cannot be used.
    """
    jobs = inputs.jobs(
        options.job_ids,
        sys.stdin,
        sys.stderr,
        instances=options.instance,
        ready=options.ready,
    )
    if not jobs and not options.state:
        raise InputError(NO_JOB)
    this, waiter = prepare(jobs, options)
    import asyncio  # late, as all that is slow: wrong job IDs and settings are reported first

    return asyncio.run(_wait(this, waiter))


async def _wait(this: Run, waiter: Waiter) -> int:
    # In the event loop, which obeys signals: a second one would end the process between its files.
    return this.finish(await this.gate.wait(waiter))


def prepare(
    jobs: Sequence[Named], options: Options, clock: Callable[[], float] = time.monotonic
) -> tuple[Run, Waiter]:
    """Return a run that can begin to poll, and its waiter.

    Args:
        jobs: the jobs that the user named.
        options: what the user asked for.
        clock: see `Run`.

    Raises:
        ConfigurationError: the endpoint, the credentials or a file cannot be used.
        InputError: a file cannot be used.
    """
    from ddswait.cli.target import find_target

    target = find_target(options)
    # Late: wrong settings are reported before the rest is imported.
    from ddswait import Waiter
    from ddswait.cli.run import Run

    this = Run(jobs, options, clock)
    waiter = Waiter(
        endpoint=target.endpoint,
        project_id=target.project_id,
        auth=target.source.auth,
        auth_source=target.source.name,
        ca_file=target.ca_file,
        grace=options.grace,
        interval=options.interval,
        unreachable_after=options.unreachable_after,
        rate=options.rate,
        durations=this.durations,
        insecure_http=options.insecure_http,
        on_event=this.gate.event,
    )
    this.keeper.begin()
    if options.verbose:
        from ddswait.cli.output import log_lines

        log_lines.configure(sys.stderr)
    this.begin(target.endpoint, target.project_id, target.region)
    return this, waiter
