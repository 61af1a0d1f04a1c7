"""What a `Waiter` waits for: checks what a caller says, and hands it to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.arguments import check_call, seconds
from ddswait.errors import InputError
from ddswait.scheduler.instance_poll import outcome_without_job
from ddswait.service.job_groups import check_label
from ddswait.service.job_ids import check_instance_id, check_job_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ddswait.job import EarlierWait, Instance, Job
    from ddswait.outcome import JobOutcome, Outcome
    from ddswait.runtime.engine import Engine
    from ddswait.runtime.futures import InstanceFuture, JobFuture
    from ddswait.runtime.readers import JobEvents


class Waits:
    """Waits for jobs and instances.

    Args:
        engine: runs the waits.
        timeout: seconds after which a wait times out, unless its call says otherwise.
        service: the name of the service that is asked.
    """

    def __init__(self, engine: Engine, timeout: float, service: str) -> None:
        self._engine = engine
        self._timeout = timeout
        self._service = service

    def track(  # noqa: PLR0913 - each is one that the documents name
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        callback: Callable[[JobOutcome], Awaitable[object] | object] | None = None,
        ready: bool = False,
        earlier: EarlierWait | None = None,
        label: str = "",
    ) -> JobFuture:
        """Begin to wait for a job, and return the future of its final record.

        A job that is tracked several times is polled once for all; each future has its own
        deadline, and cancelling one does not affect the others.

        Args:
            job_id: the `job_id` of the reply that started the job.
            timeout: seconds from now; None takes the waiter's.
            callback: is called once with the `Outcome`, whatever it is, in the event loop; it may
                be a coroutine function. What it raises goes to the event loop's exception handler,
                and affects no wait. It is not called for a wait that is cancelled.
            ready: after the job, wait until its instance is ready with no pending actions, so
                that the service takes the next operation. After a creation or a restoration two
                polls, at least ten seconds apart, must agree: a backup begins by itself then.
            earlier: what is known from an earlier wait that is resumed, in another process for
                example; None for a new wait. It has no effect on a job that is tracked already.
            label: your name for the job, such as `orders`; it is in the outcome, the errors, the
                events and the log lines.

        Returns:
            A future that holds the final `Job`, or raises a `WaitError`; its `outcome` is the
            `Outcome`. asyncio does not warn about a failure that nobody retrieves: it is logged.

        Raises:
            InputError: the job ID, the timeout or the callback is invalid.
            WaiterClosed: the waiter is not, or no longer, in its `async with` block.
            WaiterInUse: that block runs in another event loop.
        """
        check_job_id(job_id)
        if callback is not None:
            check_call("callback", callback)
        block = self._engine.running()
        return block.track(
            job_id,
            self._seconds(timeout),
            callback,
            earlier,
            ready=ready,
            label=label and check_label(label),
        )

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        ready: bool = False,
        label: str = "",
    ) -> Job:
        """Wait for a job and return its final record.

        Args:
            job_id: the `job_id` of the reply that started the job.
            timeout: seconds from now; None takes the waiter's.
            ready: wait for the instance as well; see track().
            label: your name for the job; see track().

        Raises:
            JobFailed: the service reported that the job failed; `error.job` is the final record.
            WaitError: one of its other kinds: see `ddswait.errors`.
            InputError: the job ID or the timeout is invalid.
        """
        return await self.track(job_id, timeout=timeout, ready=ready, label=label)

    def track_instance(
        self,
        instance_id: str,
        *,
        timeout: float | None = None,
        callback: Callable[[Outcome], Awaitable[object] | object] | None = None,
        earlier: EarlierWait | None = None,
        label: str = "",
    ) -> InstanceFuture:
        """Begin to wait until an instance is ready, without a job, and return its future.

        It is ready when its status is `normal`, or the word of its service, with no pending
        actions, in two polls at least ten seconds apart: the service backs up a new instance by
        itself. Only at the deadline, one poll is enough.

        Args:
            instance_id: such as the `id` of the reply to a prepaid order, which names no job.
            timeout: seconds from now; None takes the waiter's.
            callback: see track(). The outcome has the `instance`, an empty `job_id` and no `job`.
            earlier: see track(); of an instance, `waited` counts alone.
            label: your name for the instance; see track().

        Returns:
            A future that holds the `Instance`, or raises a `WaitError`: `InstanceNotReady` if it
            will not become ready without help, `JobNotFound` if it is not known after the grace,
            `JobVanished`, `WaitTimedOut`, `Unreachable` or `Refused`.

        Raises:
            InputError: the instance ID or the timeout is invalid.
            WaiterClosed: see track().
            WaiterInUse: see track().
        """
        check_instance_id(instance_id)
        if callback is not None:
            check_call("callback", callback)
        block = self._engine.running()
        begin = outcome_without_job(instance_id, earlier.waited if earlier else 0.0)
        return block.track_instance(begin, self._seconds(timeout), callback, check_label(label))

    async def wait_for_instance(
        self,
        instance_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        label: str = "",
    ) -> Instance:
        """Wait until an instance is ready, without a job, and return it.

        Args:
            instance_id: see track_instance().
            timeout: seconds from now; None takes the waiter's.
            label: your name for the instance; see track().

        Raises:
            WaitError: the instance is not ready; see track_instance().
            InputError: the instance ID or the timeout is invalid.
        """
        return await self.track_instance(instance_id, timeout=timeout, label=label)

    def pending(self) -> list[Outcome]:
        """Return what is known about each wait that goes on, as `pending` outcomes."""
        return self._engine.pending()

    def status(self, job_id: str) -> Outcome | None:
        """Return what is known about a job now, as a `pending` outcome.

        Args:
            job_id: of a job that is waited for.

        Returns:
            None if no wait for the job, or with `ready=True` for its instance, goes on: keep
            the outcome of the future or of the callback yourself.

        Raises:
            InputError: the job ID is invalid.
        """
        return self._engine.status(check_job_id(job_id))

    def events(self, job_id: str) -> JobEvents:
        """Return an asynchronous iterator over what happens to a job from now on.

            async for event in waiter.events(job_id): ...

        It gives the records of `ddswait.events` that concern the job, without `Tracked` and
        `Polled`, and ends when no wait for the job goes on: behind its last `Ended`, or when the
        last wait is cancelled. Reading alone does not wait for a job. There may be any number of
        readers. One that is a hundred events behind loses the oldest; cancelling loses none.

        Args:
            job_id: of a job that is waited for; status() says what is known about it by now.

        Raises:
            InputError: the job ID is invalid, or nobody waits for the job.
            WaiterClosed: see track().
            WaiterInUse: see track().
        """
        block = self._engine.running()
        if not block.overview.is_waited_for(check_job_id(job_id)):
            raise InputError(f"nobody waits for job {job_id!a}: call track() before events()")
        return block.readers.open(job_id)

    def _seconds(self, timeout: float | None) -> float:
        return self._timeout if timeout is None else seconds("timeout", timeout)
