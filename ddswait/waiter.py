"""The public `Waiter`: futures, callbacks and groups over one scheduler."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Self

from ddswait.errors import InputError, WaiterClosed
from ddswait.events import Ended
from ddswait.runtime import groups
from ddswait.runtime.callbacks import Callbacks
from ddswait.runtime.client import Client
from ddswait.runtime.futures import JobFuture
from ddswait.runtime.log import is_verbose, log, log_event
from ddswait.runtime.workers import Workers
from ddswait.scheduler.instance_poll import instance_of
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service import service_named
from ddswait.service.job_ids import check_job_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
    from types import TracebackType

    from ddswait.credentials.keys import CredentialProvider, Key
    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.outcome import Outcome
    from ddswait.runtime.callbacks import Callback
    from ddswait.scheduler.durations import Durations

__all__ = ["Waiter"]


class Waiter:
    """Waits for any number of DDS jobs in one event loop.

    Use it as `async with`. Leaving the block normally waits for everything that is still pending,
    as `asyncio.TaskGroup` does; leaving it by an exception cancels what is pending.

    Args:
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of the credentials' leases.
        auth: a `Token` or an `AccessKey`; or credentials that renew themselves: a `Password`,
            `EcsMetadata`, or a `CredentialProvider` of your own.
        timeout: seconds after which a wait times out, unless track() says otherwise.
        grace: seconds from tracking for which an unknown job ID is tolerated.
        interval: seconds, about how often a visible job is polled.
        unreachable_after: seconds without a successful poll after which a wait ends.
        request_timeout: seconds after which one request is given up.
        connections: how many requests may be under way at once.
        rate: how many requests may be sent, such as `10/s` or `200/5m`; limits that the API
            states are learned.
        durations: how long past jobs took (`ddswait.history.load`); learns from these.
        insecure_http: accept an endpoint beyond this machine that is not https.
        ca_file: certificates (PEM) to trust instead of the system's.
        auth_source: where `auth` comes from, in words, for messages; from_env() sets it.
        on_event: is called with each event of `ddswait.events`, in the event loop; it must not
            block.

    Raises:
        ConfigurationError: endpoint, project ID or CA file are unusable.
        InputError: a number is not positive and finite.
    """

    def __init__(  # noqa: PLR0913 - each is one of the knobs that the documents name
        self,
        *,
        endpoint: str,
        project_id: str = "",
        auth: Key | CredentialProvider,
        timeout: float = 3600.0,
        grace: float = 60.0,
        interval: float = 10.0,
        unreachable_after: float = 600.0,
        request_timeout: float = 30.0,
        connections: int = 64,
        rate: str = "10/s",
        durations: Durations | None = None,
        insecure_http: bool = False,
        ca_file: str = "",
        auth_source: str = "",
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        self._connections = max(1, connections)
        service = service_named()
        self._client = Client(
            service,
            endpoint,
            project_id,
            auth,
            connections=self._connections,
            insecure_http=insecure_http,
            ca_file=ca_file,
            auth_source=auth_source,
        )
        self._timeout = _seconds("timeout", timeout)
        settings = PollSettings(
            interval=_seconds("interval", interval),
            grace=_seconds("grace", grace),
            unreachable_after=_seconds("unreachable_after", unreachable_after),
            request_timeout=_seconds("request_timeout", request_timeout),
            location=self._client.location,
            list_page_size=service.page_size,
        )
        self._scheduler = Scheduler(
            settings,
            random.Random(),  # noqa: S311 - jitter
            renews=self._client.renews,
            rate_limiter=RateLimiter(*parse_rate(rate)),
            durations=durations,
        )
        self._scheduler.verbose = on_event is not None or is_verbose()
        self._on_event = on_event
        self._workers: Workers | None = None
        self._callbacks = Callbacks(self._check_drained)
        self._drained: asyncio.Future[None] | None = None
        self._crash: BaseException | None = None

    @classmethod
    def from_env(cls, **settings: Any) -> Self:  # noqa: ANN401 - those of the class
        """Return a waiter with endpoint, project and credentials from where users keep them.

        It reads files, and when it finds nothing else it blocks for up to a second, until the
        metadata service of an ECS has answered.

        Args:
            **settings: the arguments of `Waiter`, and `region`, `iam_endpoint`, `cloud` (of
                clouds.yaml), `source` ("metadata"); nothing that is given here is looked for.

        Raises:
            ConfigurationError: something is missing or unusable; the message names the source
                and says what to do.
        """
        from ddswait.credentials import chain as credentials  # not every waiter looks for settings
        from ddswait.credentials.settings import Given
        from ddswait.credentials.source import Found, Own

        named: dict[str, Any] = {
            name: settings.pop(name, None) or ""
            for name in Given._fields
            if name != "insecure_http"
        }
        given = Given(**named, insecure_http=bool(settings.get("insecure_http")))
        auth = settings.pop("auth", None)
        own = Own(project_id=getattr(auth, "project_id", None) or "")
        found = None if auth is None else Found("the caller", auth, own)
        target = credentials.locate(os.environ, given, found)
        for warning in target.found.warnings:
            log(logging.WARNING, "ddswait.configuration_warning", message_text=warning)
        return cls(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.found.key,
            ca_file=target.ca_file,
            auth_source=target.found.source,
            **settings,
        )

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._workers = Workers(
            self._scheduler, self._client.send, self._happened, self._break, self._connections
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                await self._drain()
        finally:
            await self.close()

    def __repr__(self) -> str:
        jobs = f"{len(self._scheduler)} jobs"
        if self._workers is None:
            return f"<Waiter {jobs}, not running>"
        now = self._loop.time()
        limiter = self._scheduler.rate_limiter
        room = f"room for {limiter.room(now)} requests of {limiter!r}"
        delay = self._scheduler.send_at(now) - now
        following = f", next request in {max(delay, 0.0):.1f} s" if delay < inf else ""
        return f"<Waiter {jobs}, {self._workers.in_flight} in flight, {room}{following}>"

    # ---- waiting

    def track(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        callback: Callback | None = None,
        ready: bool = False,
    ) -> JobFuture:
        """Begin to wait for a job, and return the future of its final record.

        A job that is tracked several times is polled once for all; each future has its own
        deadline, and cancelling one does not affect the others.

        Args:
            job_id: the `job_id` that DDS answered.
            timeout: seconds from now; None takes the waiter's.
            callback: is called once with the `Outcome`, whatever it is, in the event loop; it may
                be a coroutine function. Exceptions that it raises are logged and affect no wait.
                It is not called for a wait that is cancelled.
            ready: after the job, wait until its instance is `normal` with no pending actions, so
                that DDS takes the next operation.

        Returns:
            A future that holds the final `Job`, or raises a `WaitError`; its `outcome` is the
            `Outcome`. asyncio does not warn about a failure that nobody retrieves: it is logged.

        Raises:
            InputError: the job ID or the timeout is invalid.
            WaiterClosed: the waiter is not, or no longer, in its `async with` block.
        """
        workers = self._running()
        check_job_id(job_id)
        seconds = self._timeout if timeout is None else _seconds("timeout", timeout)
        now = self._loop.time()
        deadline = now + seconds
        future = JobFuture(self, self._loop, job_id, callback, deadline if ready else None)
        if events := self._scheduler.subscribe(job_id, deadline, future, now):
            self._happened(events)
        else:
            workers.recheck_cuts()
        workers.wake()
        return future

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        ready: bool = False,
    ) -> Job:
        """Wait for a job and return its final record.

        Args:
            job_id: the `job_id` that DDS answered.
            timeout: seconds from now; None takes the waiter's.
            ready: wait for the instance as well; see track().

        Raises:
            JobFailed: DDS reported that the job failed; `error.job` is the final record.
            WaitError: one of its other kinds: see `ddswait.errors`.
            InputError: the job ID or the timeout is invalid.
        """
        return await self.track(job_id, timeout=timeout, ready=ready)

    def as_completed(
        self, job_ids: Iterable[str], *, timeout: float | None = None, ready: bool = False
    ) -> AsyncGenerator[Outcome]:
        """Wait for several jobs; yield the outcome of each as it ends.

        Leaving the loop early cancels the other waits.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from the first step of the loop; None takes the waiter's.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs is invalid; then no job is tracked.
        """
        self._running()
        unique = _unique(job_ids)
        return groups.as_completed(lambda: self._track_all(unique, timeout, ready=ready))

    async def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline per job, not of this call
        fail_fast: bool = False,
        ready: bool = False,
    ) -> list[Outcome]:
        """Wait for several jobs; return every outcome, in the order of the (unique) job IDs.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from now; None takes the waiter's.
            fail_fast: return at the first outcome that is not `completed`; jobs that have not
                ended by then are `pending`.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs is invalid; then no job is tracked.
        """
        self._running()
        futures = self._track_all(_unique(job_ids), timeout, ready=ready)
        return await groups.wait_all(futures, self.pending, fail_fast=fail_fast)

    def _track_all(
        self, job_ids: Sequence[str], timeout: float | None, *, ready: bool
    ) -> list[JobFuture]:
        return [self.track(job_id, timeout=timeout, ready=ready) for job_id in job_ids]

    def pending(self) -> list[Outcome]:
        """Return what is known about each job still waited for, as `pending` outcomes."""
        return [] if self._workers is None else self._scheduler.pending(self._loop.time())

    async def close(self) -> None:
        """Cancel what is pending and release every connection; may be called twice."""
        workers, self._workers = self._workers, None
        if workers is None:
            return
        for future in self._futures():
            future.cancel()
        await workers.close()
        await self._callbacks.close()
        await self._client.close()

    # ---- what the scheduler and the futures report

    def _running(self) -> Workers:
        if self._workers is None:
            raise WaiterClosed("track jobs inside the waiter's `async with` block")
        if self._crash is not None:
            raise WaiterClosed("the waiter has broken down") from self._crash
        return self._workers

    def _futures(self) -> list[JobFuture]:
        return [each for each in self._scheduler.subscribers() if isinstance(each, JobFuture)]

    def _happened(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Ended):
                for future in event.subscribers:
                    if isinstance(future, JobFuture):
                        future.settle(event.outcome)
                self._check_drained()
            log_event(event)
            if self._on_event is not None:
                self._tell(self._on_event, event)

    @staticmethod
    def _tell(on_event: Callable[[Event], object], event: Event) -> None:
        try:
            on_event(event)
        except Exception:  # noqa: BLE001 - whatever an application's hook does
            log(logging.ERROR, "ddswait.on_event_failed", job_id=event.job_id, exc_info=True)

    def _break(self, error: BaseException) -> None:
        """Fail every wait rather than let one hang on a defect of ours."""
        self._crash = error
        for future in self._futures():
            if not future.done():
                future.set_exception(error)
                self.cancelled(future)
        log(logging.CRITICAL, "ddswait.broken", exc_info=error)

    def cancelled(self, future: JobFuture) -> None:
        """Take note that a wait was cancelled; for `JobFuture` to call."""
        self._scheduler.unsubscribe(future.job_id, future)
        self._check_drained()

    def call_back(self, callback: Callback, outcome: Outcome) -> None:
        """Have a callback called; for `JobFuture` to call."""
        self._callbacks.call(callback, outcome)

    def wait_for_instance(self, future: JobFuture, outcome: Outcome, deadline: float) -> None:
        """Settle a wait when the instance of its job is ready; for `JobFuture` to call."""
        if not instance_of(outcome):
            future.settle(outcome)
            return
        now = self._loop.time()
        self._happened(self._scheduler.subscribe_instance(outcome, deadline, future, now))
        if self._workers is not None:
            self._workers.wake()

    async def _drain(self) -> None:
        if self._scheduler or self._callbacks:
            self._drained = self._loop.create_future()
            await self._drained

    def _check_drained(self) -> None:
        drained = self._drained
        busy = self._scheduler or self._callbacks
        if drained is not None and not (drained.done() or busy):
            drained.set_result(None)


def _unique(job_ids: Iterable[str]) -> list[str]:
    return [check_job_id(job_id) for job_id in dict.fromkeys(job_ids)]


def _seconds(name: str, value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise InputError(f"invalid {name} {value!r}: give seconds, more than 0 and finite")
    return float(value)
