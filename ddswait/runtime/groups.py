"""Waiting for several futures at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, cast

from ddswait.outcome import NotCompletedOutcome, OutcomeKind
from ddswait.policy import decide

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from ddswait.outcome import JobOutcome, Outcome
    from ddswait.policy import Decision, Policy
    from ddswait.runtime.futures import JobFuture, WaitFuture


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
            yield cast("JobOutcome", outcome_of(await ended.get()))
    finally:
        group.close()


class Deciding:
    """Waits under a policy, whose futures are taken as they end, until the policy is decided.

    Args:
        futures: of the waits that go on.
        policy: when they are decided.
        tally: how many waits of the group have ended in which way before.
    """

    def __init__(
        self,
        futures: Sequence[WaitFuture[Any]],
        policy: Policy,
        tally: Mapping[OutcomeKind, int],
    ) -> None:
        self._policy = policy
        self._tally = Counter(tally)
        self._total = len(futures) + self._tally.total()
        self._left = len(futures)
        self._ended: deque[WaitFuture[Any]] = deque()
        self._news = asyncio.Event()
        self._is_stopped = False
        for future in futures:
            future.add_done_callback(self._end)

    @property
    def decision(self) -> Decision:
        """Whether the policy is decided by now."""
        return decide(self._tally, self._total, self._policy)

    def stop(self) -> None:
        """Let nobody wait any longer, whether the policy is decided or not."""
        self._is_stopped = True
        self._news.set()

    def _end(self, future: WaitFuture[Any]) -> None:
        self._left -= 1
        if future.outcome is not None:
            self._tally[future.outcome.kind] += 1
        self._ended.append(future)
        self._news.set()

    async def next(self) -> WaitFuture[Any] | None:
        """Return the next future that is done; None when the policy is decided."""
        while not self._ended:
            # Whoever closes the waiter cancels futures, which decide nothing.
            if self._is_stopped or not self._left or self.decision.over:
                return None
            self._news.clear()
            await self._news.wait()
        return self._ended.popleft()


async def wait_all(
    futures: Sequence[JobFuture], pending: Callable[[JobFuture], Outcome], policy: Policy
) -> list[JobOutcome]:
    """Return every outcome, in the order of the futures, and cancel the waits that go on.

    Args:
        futures: of unique jobs.
        pending: returns what is known about the job of a wait that goes on.
        policy: when to return before every wait has ended.
    """
    deciding = Deciding(futures, policy, {})
    try:
        while (ended := await deciding.next()) is not None:
            outcome_of(ended)
        # The waits are for jobs, so these are outcomes of jobs.
        return [
            cast("JobOutcome", outcome_of(each) if each.done() else pending(each))
            for each in futures
        ]
    finally:
        for future in futures:
            future.cancel()


def outcome_of(future: WaitFuture[Any]) -> Outcome:
    """Return how a wait ended whose future is done.

    Raises:
        BaseException: the defect that broke the waiter, so that no job is taken for `pending`.
    """
    if future.outcome is None and not future.cancelled():
        future.result()  # done without an outcome: a defect, which is raised here
    return future.outcome or NotCompletedOutcome(
        future.job_id, OutcomeKind.PENDING, message="cancelled", label=future.label
    )
