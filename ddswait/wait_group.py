"""The waits of a `WaitState` in one process, under one policy."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ddswait.errors import InputError
from ddswait.outcome import OutcomeKind
from ddswait.policy import decide
from ddswait.runtime.groups import Deciding, outcome_of
from ddswait.scheduler.instance_poll import outcome_without_job

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from ddswait.outcome import Outcome
    from ddswait.policy import Decision, Policy
    from ddswait.runtime.block import Block
    from ddswait.runtime.futures import WaitFuture
    from ddswait.wait_state import JobState, WaitState

_NOT_WAITED_FOR = "the {} was not waited for in this run"


class WaitGroup:
    """Waits that are decided together; made by `Waiter.track_all`.

        async for outcome in group: ...  # as the waits end, until the policy is decided
        outcomes = await group.wait()  # the same without the loop

    What had ended when the state was made is not polled again, and is in `outcomes` only. When the
    group is decided, or the loop is left, the waits that go on are cancelled: their outcomes are
    `pending`. There may be one loop only.

    Args:
        blocks: run the waits, by the service that each asks.
        state: of the waits.
        policy: when they are decided.
    """

    def __init__(self, blocks: Mapping[str, Block], state: WaitState, policy: Policy) -> None:
        now = time.time()
        self._blocks = blocks
        self._begun = state.resumed(now)
        self._policy = policy
        self._ended_at: dict[str, float] = {}
        self._pending: dict[str, Outcome] = {}
        self._futures: dict[str, WaitFuture[Any]] = {}
        jobs = self._begun.jobs
        self._known = list(jobs)
        _check_services(self._begun.open, blocks)
        tally = Counter(each.outcome.kind for each in jobs if each.outcome is not None)
        if not decide(tally, len(jobs), policy).over:
            self._begin(now)
        self._deciding = Deciding(list(self._futures.values()), policy, tally)

    def _begin(self, now: float) -> None:
        state = self._begun
        # A deadline that has passed is now: the first poll is the last one.
        left = max(state.deadline - now, 0.0)
        for each in state.open:
            earlier, block = each.earlier(now), self._blocks[each.service]
            future: WaitFuture[Any]
            if each.instance_id:
                begin = outcome_without_job(each.instance_id, earlier.waited)
                future = block.track_instance(begin, left, None, each.label)
            else:
                future = block.track(
                    each.job_id, left, None, earlier, ready=state.ready, label=each.label
                )
            self._futures[each.key] = future
            future.add_done_callback(partial(self._note_end, each.key))

    def _note_end(self, key: str, _: WaitFuture[Any]) -> None:
        self._ended_at[key] = time.time()

    @property
    def decision(self) -> Decision:
        """Whether the policy is decided by now, and met."""
        return self._deciding.decision

    @property
    def state(self) -> WaitState:
        """What is known now, for another process to go on with."""
        self._update()
        return replace(self._begun, jobs=tuple(self._known))

    def _update(self) -> None:
        now = time.time()
        self._known = [self._now(each, now) for each in self._known]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each wait, in the order of the state; `pending` for those that go on."""
        return [self._outcome(each) for each in self._begun.jobs]

    def __aiter__(self) -> AsyncGenerator[Outcome]:
        return self._as_completed()

    async def _as_completed(self) -> AsyncGenerator[Outcome]:
        try:
            while (future := await self._deciding.next()) is not None:
                yield outcome_of(future)
        finally:
            self._cancel()

    async def wait(self) -> list[Outcome]:
        """Wait until the policy is decided, and return `outcomes`."""
        async for _ in self:
            pass
        return self.outcomes

    def stop(self) -> None:
        """Let the loop, or wait(), end after what has ended by now."""
        self._deciding.stop()

    def _cancel(self) -> None:
        """Cancel the waits that go on; what is known about them is kept."""
        self._update()
        for job in self._begun.open:
            future = self._futures.get(job.key)
            if future is not None and not future.done():
                self._pending[job.key] = self._blocks[job.service].overview.pending_of(future)
                future.cancel()

    def _outcome(self, job: JobState) -> Outcome:
        if job.outcome is not None:
            return job.outcome
        if job.key in self._pending:
            return self._pending[job.key]
        future = self._futures.get(job.key)
        if future is None:
            what = "instance" if job.instance_id else "job"
            return job.ended(OutcomeKind.PENDING, _NOT_WAITED_FOR.format(what))
        if future.done():
            return outcome_of(future)
        return self._blocks[job.service].overview.pending_of(future)

    def _now(self, job: JobState, now: float) -> JobState:
        """Return what is known about a job now: the same record if that is what was known."""
        future = self._futures.get(job.key)
        if future is None or job.outcome is not None:
            return job
        if future.done():
            return self._ended(job, future, now)
        seen, age = self._blocks[job.service].overview.seen(future)
        if seen is None or seen is job.job:
            return job
        return replace(job, job=seen, created_at=job.created_at if age is None else now - age)

    def _ended(self, job: JobState, future: WaitFuture[Any], now: float) -> JobState:
        outcome = future.outcome
        if outcome is None:  # it was cancelled
            return job
        ended_at = self._ended_at.get(job.key, now)
        seen = outcome.job or job.job
        return replace(job, job=seen, outcome=outcome, ended_at=ended_at, ready=self._begun.ready)


def _check_services(jobs: Iterable[JobState], blocks: Mapping[str, Block]) -> None:
    """Check that each job has a waiter of its service.

    Raises:
        InputError: one has none.
    """
    for job in jobs:
        if job.service not in blocks:
            asked = " and ".join(blocks)
            raise InputError(
                f"{job.key} is of {job.service}, but the waiter asks {asked}: make a waiter with "
                f"service={job.service!r}, or pass it to track_all(others=)"
            )
