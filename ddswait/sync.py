"""A synchronous door for scripts: one call that runs an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

from ddswait.discovery import check_names
from ddswait.errors import WaiterInUse
from ddswait.service.job_groups import check_job_ids
from ddswait.waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.discovery import EnvSettings
    from ddswait.outcome import JobOutcome


def wait_sync(
    job_ids: Iterable[str] | Mapping[str, str],
    *,
    wait_for: int | str = "all",
    fail_fast: bool = False,
    ready: bool = False,
    **settings: Unpack[EnvSettings],
) -> list[JobOutcome]:
    """Wait for jobs in a program that does not use asyncio; return every outcome in their order.

    It blocks until every wait has ended. Ctrl-C cancels the waits and raises
    `KeyboardInterrupt`; the jobs themselves go on.

    Args:
        job_ids: duplicates collapse; a mapping gives each job a label: `{"orders": job_id}`.
        wait_for: `all`, `any`, or how many jobs must complete; see `Waiter.wait_all`.
        fail_fast: return as soon as so many jobs cannot complete any more; jobs that have not
            ended by then are `pending`.
        ready: wait for each instance as well; see `Waiter.track`.
        **settings: the arguments of `Waiter.from_env`, such as `timeout=1800`.

    Raises:
        TypeError: a setting does not exist.
        InputError: one of the job IDs or settings is invalid; then nothing is polled.
        ConfigurationError: the endpoint, the project or the credentials are missing or unusable.
        WaiterInUse: an event loop runs in this thread, as in a notebook or in a coroutine.
    """
    check_names("wait_sync", settings, ("wait_for", "fail_fast", "ready"))
    if _is_loop_running():
        raise WaiterInUse(
            "wait_sync() runs an event loop of its own, but one is running in this thread already: "
            "use `await waiter.wait_all(job_ids)` of a Waiter there"
        )
    labels = check_job_ids(job_ids)
    jobs = job_ids if isinstance(job_ids, Mapping) else list(labels)

    async def wait() -> list[JobOutcome]:
        async with waiter:
            return await waiter.wait_all(jobs, wait_for=wait_for, fail_fast=fail_fast, ready=ready)

    waiter = Waiter.from_env(**settings)
    try:
        return asyncio.run(wait())
    except KeyboardInterrupt:
        # asyncio chains it to the cancellation of its own task, which tells nobody anything.
        raise KeyboardInterrupt from None


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
