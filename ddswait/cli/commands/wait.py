"""`ddswait JOB_ID...`: wait for jobs."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from ddswait.cli import inputs
from ddswait.cli.job_checks import NO_JOB
from ddswait.cli.services import chosen_service
from ddswait.errors import InputError
from ddswait.service import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddswait import Waiter
    from ddswait.cli.named import Named
    from ddswait.cli.options import Options
    from ddswait.cli.run import Run
    from ddswait.cli.target import Target


def run(options: Options) -> int:
    """Wait for all jobs and return the exit code.

    Raises:
        ConfigurationError: the endpoint, the credentials or a file cannot be used.
        InputError: a job ID, a label or a file cannot be used.
    """
    service = chosen_service(options, os.environ)
    jobs = inputs.jobs(
        options.job_ids,
        sys.stdin,
        sys.stderr,
        instances=options.instance,
        ready=options.ready,
        service=service,
    )
    if not jobs and not options.state:
        raise InputError(NO_JOB)
    this, waiters = prepare(jobs, options, service)
    import asyncio  # late, as all that is slow: wrong job IDs and settings are reported first

    return asyncio.run(_wait(this, waiters))


async def _wait(this: Run, waiters: Mapping[str, Waiter]) -> int:
    # In the event loop, which obeys signals: a second one would end the process between its files.
    return this.finish(await this.gate.wait(waiters))


def prepare(
    jobs: Sequence[Named],
    options: Options,
    service: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Run, dict[str, Waiter]]:
    """Return a run that can begin to poll, and the waiter of each service.

    Args:
        jobs: the jobs that the user named.
        options: what the user asked for.
        service: the one that the user chose; "" for none.
        clock: see `Run`.

    Raises:
        ConfigurationError: an endpoint, the credentials or a file cannot be used.
        InputError: a file cannot be used.
    """
    from ddswait.cli.target import find_target

    target = find_target(options, service or DEFAULT)
    # Late: wrong settings are reported before the rest is imported.
    from ddswait.cli.run import Run

    this = Run(jobs, options, service, clock)
    try:
        endpoints = target.endpoints(this.services)
        waiters = _waiters(this, options, target, endpoints)
        this.keeper.begin()
    except BaseException:
        this.keeper.close()
        raise
    if options.verbose:
        from ddswait.cli.output import log_lines

        log_lines.configure(sys.stderr)
    this.begin(endpoints, target.found.project_id, target.found.region)
    return this, waiters


def _waiters(
    this: Run, options: Options, target: Target, endpoints: Mapping[str, str]
) -> dict[str, Waiter]:
    """Return the waiter of each service: each has a rate limit, all have the same credentials."""
    from ddswait import Waiter

    found = target.found
    auths = [found.source.auth]
    if len(endpoints) > 1:
        from ddswait.runtime.shared_credentials import shared  # late: seldom needed

        auths = shared(found.source.auth, len(endpoints))
    return {
        service: Waiter(
            service=service,
            endpoint=endpoint,
            project_id=found.project_id,
            auth=auth,
            auth_source=found.source.name,
            ca_file=found.ca_file,
            grace=options.grace,
            interval=options.interval,
            unreachable_after=options.unreachable_after,
            rate=options.rate,
            durations=this.durations,
            insecure_http=options.insecure_http,
            on_event=this.gate.event,
        )
        for (service, endpoint), auth in zip(endpoints.items(), auths, strict=True)
    }
