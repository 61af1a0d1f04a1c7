"""Waiting for several futures at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ddswait.outcome import NotCompletedOutcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from ddswait.outcome import JobOutcome
    from ddswait.runtime.futures import JobFuture


class Groups:
    """The loops over outcomes that go on in one block.

    A loop that was left by `break` cancels its waits when its generator is closed. As long as
    somebody still refers to the generator, that does not happen by itself. So the end of the
    block asks for loops that nobody can go on with: those whose task has ended, or leaves the
    block.

    Args:
        changed: is called when a loop may have been left.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._groups: dict[Group, None] = {}

    def open(self, futures: Sequence[JobFuture]) -> Group:
        """Return the group of a new loop."""
        group = Group(futures, self)
        self._groups[group] = None
        return group

    def discard(self, group: Group) -> None:
        """Forget a loop."""
        self._groups.pop(group, None)

    def ended(self, _: asyncio.Task[Any]) -> None:
        """Take note that a task with a loop has ended."""
        self._changed()

    def close_left(self, leaving: asyncio.Task[Any] | None) -> None:
        """Cancel the waits of the loops that nobody goes on with.

        Args:
            leaving: the task that leaves the block.
        """
        for group in list(self._groups):
            if group.task is None or group.task is leaving or group.task.done():
                group.close()


class Group:
    """The futures of one loop.

    Attributes:
        futures: of unique jobs.
        task: the one that took the last step of the loop.
    """

    def __init__(self, futures: Sequence[JobFuture], groups: Groups) -> None:
        self.futures = futures
        self.task: asyncio.Task[Any] | None = None
        self._groups = groups

    def step(self) -> None:
        """Take note of the task that takes a step."""
        task = asyncio.current_task()
        if task is not self.task and task is not None:
            task.add_done_callback(self._groups.ended)
        self.task = task

    def close(self) -> None:
        """Cancel what has not ended."""
        self._groups.discard(self)
        for future in self.futures:
            future.cancel()


async def as_completed(begin: Callable[[], Group]) -> AsyncGenerator[JobOutcome]:
    """Yield the outcome of each future as it ends; leaving early cancels the rest.

    Args:
        begin: returns the group; called at the first step.

    Raises:
        BaseException: the defect that broke the waiter, so that no job is taken for `pending`.
    """
    ended: asyncio.Queue[Any] = asyncio.Queue()  # of JobFuture, which asyncio's types do not know
    group = begin()
    try:
        for future in group.futures:
            future.add_done_callback(ended.put_nowait)
        for _ in group.futures:
            group.step()
            yield _outcome_of(await ended.get())
    finally:
        group.close()


async def wait_all(
    futures: Sequence[JobFuture], pending: Callable[[JobFuture], JobOutcome], *, fail_fast: bool
) -> list[JobOutcome]:
    """Return every outcome, in the order of the futures, and cancel the waits that go on.

    Args:
        futures: of unique jobs.
        pending: returns what is known about the job of a wait that goes on.
        fail_fast: return as soon as one wait ends otherwise than in `completed`.
    """
    when = asyncio.FIRST_EXCEPTION if fail_fast else asyncio.ALL_COMPLETED
    try:
        if futures:
            await asyncio.wait(futures, return_when=when)
        return [_outcome_of(each) if each.done() else pending(each) for each in futures]
    finally:
        for future in futures:
            future.cancel()


def _outcome_of(future: JobFuture) -> JobOutcome:
    if future.outcome is None and not future.cancelled():
        future.result()  # done without an outcome: a defect, which is raised here
    return future.outcome or NotCompletedOutcome(
        future.job_id, OutcomeKind.PENDING, message="cancelled", label=future.label
    )
