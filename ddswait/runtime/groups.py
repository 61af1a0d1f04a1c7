"""Waiting for several futures at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ddswait.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

    from ddswait.runtime.futures import JobFuture


async def as_completed(track: Callable[[], Sequence[JobFuture]]) -> AsyncGenerator[Outcome]:
    """Yield the outcome of each future as it ends; leaving early cancels the rest.

    Args:
        track: returns the futures; called at the first step.

    Raises:
        BaseException: the defect that broke the waiter, so that no job is taken for `pending`.
    """
    ended: asyncio.Queue[Any] = asyncio.Queue()  # of JobFuture, which asyncio's types do not know
    futures = track()
    try:
        for future in futures:
            future.add_done_callback(ended.put_nowait)
        for _ in futures:
            yield _outcome_of(await ended.get())
    finally:
        for future in futures:
            future.cancel()


async def wait_all(
    futures: Sequence[JobFuture], pending: Callable[[], Iterable[Outcome]], *, fail_fast: bool
) -> list[Outcome]:
    """Return every outcome, in the order of the futures, and cancel the waits that go on.

    Args:
        futures: of unique jobs.
        pending: returns what is known about each job that has not ended.
        fail_fast: return as soon as one wait ends otherwise than in `completed`.
    """
    when = asyncio.FIRST_EXCEPTION if fail_fast else asyncio.ALL_COMPLETED
    try:
        if futures:
            await asyncio.wait(futures, return_when=when)
        known = {outcome.job_id: outcome for outcome in pending()} if fail_fast else {}
        return [_outcome_of(each) if each.done() else known[each.job_id] for each in futures]
    finally:
        for future in futures:
            future.cancel()


def _outcome_of(future: JobFuture) -> Outcome:
    if future.outcome is None and not future.cancelled():
        future.result()  # done without an outcome: a defect, which is raised here
    return future.outcome or Outcome(future.job_id, OutcomeKind.PENDING, message="cancelled")
