"""Waiting for several jobs at once, over one waiter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait.outcome import Outcome, OutcomeKind
from ddswait.runtime.futures import JobFuture

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from ddswait.job import Job
    from ddswait.waiter import Waiter


async def each(
    waiter: Waiter,
    job_ids: Sequence[str],
    timeout: float | None,  # noqa: ASYNC109 - a deadline per job
    *,
    ready: bool = False,
) -> AsyncGenerator[Outcome]:
    """Track unique, checked job IDs; yield the outcome of each as it ends.

    Raises:
        BaseException: the defect that broke the waiter down, so that none is taken for `pending`.
    """
    ended: asyncio.Queue[asyncio.Future[Job]] = asyncio.Queue()
    waits = [waiter.track(job_id, timeout=timeout, ready=ready) for job_id in job_ids]
    try:
        for wait in waits:
            wait.add_done_callback(ended.put_nowait)
        for _ in waits:
            done = await ended.get()
            assert isinstance(done, JobFuture)  # noqa: S101 - tells mypy what track() returns
            if done.outcome is None and not done.cancelled():
                done.result()  # no outcome, and yet done: a defect, which is raised here
            yield done.outcome or Outcome(done.job_id, OutcomeKind.PENDING, message="let go")
    finally:
        for wait in waits:
            wait.cancel()


async def every(
    waiter: Waiter,
    job_ids: Sequence[str],
    timeout: float | None,  # noqa: ASYNC109
    *,
    fail_fast: bool,
    ready: bool = False,
) -> list[Outcome]:
    """Return the outcomes of unique job IDs in their order; see `Waiter.wait_all`."""
    outcomes: dict[str, Outcome] = {}
    ended = waiter.as_completed(job_ids, timeout=timeout, ready=ready)
    async for outcome in ended:
        outcomes[outcome.job_id] = outcome
        if fail_fast and not outcome.ok:
            known = set(job_ids)
            outcomes |= {one.job_id: one for one in waiter.pending() if one.job_id in known}
            await ended.aclose()
            break
    return [outcomes[job_id] for job_id in job_ids]
