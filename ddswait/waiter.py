"""The public `Waiter`: futures, callbacks and groups over one agenda."""

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
from ddswait.runtime.log import is_close as log_is_close
from ddswait.runtime.log import log, log_event
from ddswait.runtime.workers import Workers
from ddswait.scheduler.instance_poll import instance_of
from ddswait.scheduler.job_poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.scheduler.scheduler import Scheduler
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


class Waiter:
    """Waits for any number of DDS jobs in one event loop.

    To be used as `async with`. Leaving the block normally waits for what is still pending, as
    `asyncio.TaskGroup` does; leaving it by an exception cancels what is pending.

    Args:
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of the credentials' leases.
        auth: a `Token` or an `AccessKey`; or what renews while waiting: a `Password`,
            `EcsMetadata`, or `CredentialProvider` of your own.
        timeout: seconds after which a wait times out, unless track() says otherwise.
        grace: seconds from tracking for which an unknown job ID is tolerated.
        interval: seconds, about how often a visible job is looked at.
        unreachable_after: seconds without one good look after which a wait ends.
        request_timeout: seconds after which one look is given up.
        connections: how many looks may be under way at once.
        rate: how many questions may leave, as in `10/s` or `200/5m`; limits that the API states
            are learned.
        durations: what is known of past jobs (`ddswait.history.load`), and learns from these.
        insecure_http: accept an endpoint beyond this machine that is not https.
        ca_file: certificates (PEM) to trust instead of the system's.
        auth_source: where `auth` was found, in words, for messages; from_env() says so.
        on_event: is called with each event of `ddswait.events`, in the event loop; it must not
            block.

    Raises:
        ConfigurationError: endpoint, project ID or CA file are unusable.
        InputError: a number is not positive and finite.
    """

    def __init__(  # noqa: PLR0913 - each is one of the knobs that the README names
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
        connections = max(1, connections)
        self._client = Client(
            endpoint,
            project_id,
            auth,
            connections=connections,
            insecure_http=insecure_http,
            ca_file=ca_file,
            auth_source=auth_source,
        )
        self._timeout = _seconds("timeout", timeout)
        rules = PollSettings(
            interval=_seconds("interval", interval),
            grace=_seconds("grace", grace),
            unreachable_after=_seconds("unreachable_after", unreachable_after),
            request_timeout=_seconds("request_timeout", request_timeout),
            place=self._client.place,
        )
        self._connections = connections
        renews = self._client.renews
        self._scheduler = Scheduler(
            rules,
            random.Random(),  # noqa: S311 - jitter
            renews=renews,
            budget=RateLimiter(*parse_rate(rate)),
            durations=durations,
        )
        self._scheduler.closely = on_event is not None or log_is_close()
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
                clouds.yaml), `source` ("metadata"); what is given here is not looked for.

        Raises:
            ConfigurationError: something is missing or unusable; the message names source and
                mend.
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
        pause = self._scheduler.asks_at(now) - now
        look = f", next look in {max(pause, 0.0):.1f} s" if pause < inf else ""
        budget = f"{self._scheduler.budget.left(now)} questions left of {self._scheduler.budget!r}"
        return f"<Waiter {jobs}, {self._workers.in_flight} in flight, {budget}{look}>"

    def track(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        callback: Callback | None = None,
        ready: bool = False,
    ) -> JobFuture:
        """Begin to wait for a job, and return the future of its final record.

        The same job tracked several times is looked at once for all; each future has its own
        deadline, and cancelling one leaves the others alone.

        Args:
            job_id: what DDS answered as `job_id`.
            timeout: seconds from now; None takes the waiter's.
            callback: is called once with the `Outcome`, whatever it is, in the event loop; it may
                be a coroutine function. What it raises is logged and harms nobody. It is not
                called for a wait that is cancelled.
            ready: after the job, wait until its instance is `normal` with no pending actions, so
                that DDS takes the next operation.

        Returns:
            A future that holds the final `Job`, or raises a `WaitError`. A failure that nobody
            retrieves is no asyncio warning: it has been logged.

        Raises:
            InputError: the job ID or the timeout cannot be one.
            WaiterClosed: the waiter is not, or no longer, in its `async with` block.
        """
        carrier = self._running()
        check_job_id(job_id)
        seconds = self._timeout if timeout is None else _seconds("timeout", timeout)
        now = self._loop.time()
        wait = JobFuture(self, self._loop, job_id, callback, now + seconds if ready else None)
        events = self._scheduler.track(job_id, now + seconds, wait, now)
        if events:
            self._happened(events)
        else:
            carrier.clip()
        carrier.wake()
        return wait

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        ready: bool = False,
    ) -> Job:
        """Wait for a job and return its final record.

        Args:
            job_id: what DDS answered as `job_id`.
            timeout: seconds from now; None takes the waiter's.
            ready: wait for the instance as well; see track().

        Raises:
            JobFailed: DDS reported `Failed`; `error.job` is the final record.
            WaitError: one of its other kinds: see `ddswait.errors`.
            InputError: the job ID or the timeout cannot be one.
        """
        return await self.track(job_id, timeout=timeout, ready=ready)

    def as_completed(
        self,
        job_ids: Iterable[str],
        *,
        timeout: float | None = None,
        ready: bool = False,
    ) -> AsyncGenerator[Outcome]:
        """Wait for several jobs; yield the outcome of each as it ends.

        Leaving the loop early lets the rest go.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from the first step of the loop; None takes the waiter's.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs cannot be one; then none is tracked.
        """
        self._running()
        unique = [check_job_id(job_id) for job_id in dict.fromkeys(job_ids)]
        return groups.each(self, unique, timeout, ready=ready)

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
            fail_fast: return at the first outcome that is not `completed`; what has not ended by
                then is `pending`.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs cannot be one; then none is tracked.
        """
        unique = list(dict.fromkeys(job_ids))
        return await groups.every(self, unique, timeout, fail_fast=fail_fast, ready=ready)

    def pending(self) -> list[Outcome]:
        """Return what is known of each job still waited for, as `pending` outcomes."""
        if self._workers is None:
            return []
        now = self._loop.time()
        return [each.pending(now) for each in self._scheduler]

    async def close(self) -> None:
        """Cancel what is pending and release every connection; may be called twice."""
        carrier, self._workers = self._workers, None
        if carrier is None:
            return
        for wait in list(self._scheduler.owners()):
            if isinstance(wait, JobFuture):
                wait.cancel()
        await carrier.close()
        await self._callbacks.close()
        await self._client.close()

    def _running(self) -> Workers:
        if self._workers is None:
            raise WaiterClosed("track jobs inside the waiter's `async with` block")
        if self._crash is not None:
            raise WaiterClosed("the waiter has broken down") from self._crash
        return self._workers

    def _happened(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Ended):
                for wait in event.subscribers:
                    if isinstance(wait, JobFuture):
                        wait.settle(event.outcome)
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
        log(logging.CRITICAL, "ddswait.broken", exc_info=error)
        for wait in list(self._scheduler.owners()):
            if isinstance(wait, JobFuture) and not wait.done():
                wait.set_exception(error)
                self.let_go(wait)

    def let_go(self, wait: JobFuture) -> None:
        """Stop waiting for one caller; for `JobFuture` to call."""
        self._scheduler.release(wait.job_id, wait)
        self._check_drained()

    def call_back(self, callback: Callback, outcome: Outcome) -> None:
        """Have a callback called; for `JobFuture` to call."""
        self._callbacks.call(callback, outcome)

    def make_ready(self, wait: JobFuture, outcome: Outcome, by: float) -> None:
        """Settle a wait when the instance of its completed job is ready; for `JobFuture` to call."""
        if not instance_of(outcome):
            wait.settle(outcome)
            return
        self._happened(self._scheduler.make_ready(outcome, by, wait, self._loop.time()))
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


def _seconds(name: str, value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise InputError(f"{name} is {value!r}: give seconds, more than 0 and finite")
    return float(value)
