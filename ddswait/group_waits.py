"""What a `Waiter` does with several jobs at once: checks what a caller says, then waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.policy import ALL, Policy, parse_wait_for
from ddswait.runtime import groups
from ddswait.service.job_groups import check_job_ids
from ddswait.wait_group import WaitGroup
from ddswait.waits import Waits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from ddswait.outcome import JobOutcome
    from ddswait.runtime.futures import JobFuture
    from ddswait.wait_state import WaitState


class GroupWaits(Waits):
    """Waits for jobs, groups of jobs, and instances."""

    def as_completed(
        self,
        job_ids: Iterable[str] | Mapping[str, str],
        *,
        timeout: float | None = None,
        ready: bool = False,
    ) -> AsyncGenerator[JobOutcome]:
        """Wait for several jobs; yield the outcome of each as it ends.

        Leaving the loop early cancels the other waits when the generator is closed. If you keep a
        reference to it, use `contextlib.aclosing`; if not, the block waits for them until the
        task that ran the loop ends or leaves the block itself.

        Args:
            job_ids: duplicates collapse; a mapping gives each job a label: `{"orders": job_id}`.
            timeout: seconds from the first step of the loop; None takes the waiter's.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs is invalid, or one string is given in place of several;
                then no job is tracked.
        """
        block = self._engine.running()
        unique = check_job_ids(job_ids)
        return groups.as_completed(
            lambda: block.groups.open(self._track_each(unique, timeout, ready=ready))
        )

    async def wait_all(
        self,
        job_ids: Iterable[str] | Mapping[str, str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline per job, not of this call
        wait_for: int | str = "all",
        fail_fast: bool = False,
        ready: bool = False,
    ) -> list[JobOutcome]:
        """Wait for several jobs; return every outcome, in the order of the (unique) job IDs.

        Args:
            job_ids: duplicates collapse; a mapping gives each job a label: `{"orders": job_id}`.
            timeout: seconds from now; None takes the waiter's.
            wait_for: `all`, `any`, or how many jobs must complete: return when they have; jobs
                that have not ended by then are `pending`.
            fail_fast: return as soon as so many jobs cannot complete any more.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs is invalid, one string is given in place of several, or
                there are fewer jobs than `wait_for`; then no job is tracked.
        """
        block = self._engine.running()
        labels = check_job_ids(job_ids)
        policy = Policy(parse_wait_for(wait_for), fail_fast)
        policy.check(len(labels))
        futures = self._track_each(labels, timeout, ready=ready)
        return await groups.wait_all(futures, block.overview.pending_of, policy)

    def track_all(
        self, state: WaitState, policy: Policy = ALL, others: Iterable[GroupWaits] = ()
    ) -> WaitGroup:
        """Begin the waits of a state, or go on with those of an earlier process.

        Deadline, grace and what was seen are those of the state: a job that was seen and is
        unknown now has vanished. What has ended is not polled again. If the deadline has passed,
        each wait that is open gets one last poll.

        Args:
            state: of `WaitState.begin` or `WaitState.from_dict`.
            policy: when the waits are decided.
            others: the waiters of the other services whose jobs are in the state.

        Raises:
            InputError: there are fewer jobs than the policy needs, or jobs of a service that none
                of the waiters asks.
            WaiterClosed: see track().
            WaiterInUse: see track().
        """
        policy.check(len(state.jobs))
        blocks = {self._service: self._engine.running()}
        for each in others:
            blocks[each._service] = each._engine.running()  # noqa: SLF001 - of this very class
        return WaitGroup(blocks, state, policy)

    def _track_each(
        self, labels: Mapping[str, str], timeout: float | None, *, ready: bool
    ) -> list[JobFuture]:
        return [
            self.track(job_id, timeout=timeout, ready=ready, label=label)
            for job_id, label in labels.items()
        ]
