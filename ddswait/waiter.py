"""The public `Waiter`: checks what a caller says, and hands it to the engine."""

from __future__ import annotations

import logging
import os
from math import isfinite
from typing import TYPE_CHECKING, Any, Self

from ddswait.errors import InputError
from ddswait.runtime import groups
from ddswait.runtime.block import Parts
from ddswait.runtime.client import Client
from ddswait.runtime.engine import Engine
from ddswait.runtime.log import log
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.service import service_named
from ddswait.service.job_ids import check_job_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
    from types import TracebackType

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.outcome import Outcome
    from ddswait.runtime.callbacks import Callback
    from ddswait.runtime.futures import JobFuture


class Waiter:
    """Waits for any number of DDS jobs in one event loop.

    Use it as `async with`. Leaving the block normally waits for everything that is still pending,
    as `asyncio.TaskGroup` does; leaving it by an exception cancels what is pending. Any task of
    the event loop may use the waiter inside the block. After that it can be entered again: it
    keeps the durations and rate limits that it has learned.

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
        connections = max(1, connections)
        service = service_named()
        client = Client(
            service,
            endpoint,
            project_id,
            auth,
            connections=connections,
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
            location=client.location,
            list_page_size=service.page_size,
        )
        durations = Durations() if durations is None else durations
        limiter = RateLimiter(*parse_rate(rate))
        parts = Parts(client, settings, limiter, durations, connections, on_event)
        self._engine = Engine(parts)

    @classmethod
    def from_env(cls, **settings: Any) -> Self:  # noqa: ANN401 - those of the class
        """Return a waiter with endpoint, project and credentials from where users keep them.

        It reads files, and when it finds nothing else it blocks for up to a second, until the
        metadata service of an ECS has replied.

        Args:
            **settings: the arguments of `Waiter`, and `region`, `iam_endpoint`, `cloud` (of
                clouds.yaml), `source` ("metadata"); nothing that is given here is looked for.

        Raises:
            ConfigurationError: something is missing or unusable; the message names the source
                and says what to do.
        """
        from ddswait.credentials import chain  # not every waiter needs it
        from ddswait.credentials.settings import ExplicitSettings

        named: dict[str, Any] = {
            name: settings.pop(name, None) or ""
            for name in ExplicitSettings._fields
            if name != "insecure_http"
        }
        explicit = ExplicitSettings(**named, insecure_http=bool(settings.get("insecure_http")))
        target = chain.resolve(os.environ, explicit, settings.pop("auth", None))
        for warning in target.source.warnings:
            log(logging.WARNING, "ddswait.configuration_warning", message_text=warning)
        return cls(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.source.auth,
            ca_file=target.ca_file,
            auth_source=target.source.name,
            **settings,
        )

    async def __aenter__(self) -> Self:
        await self._engine.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._engine.leave(normally=kind is None)

    def __repr__(self) -> str:
        return f"<Waiter {self._engine!r}>"

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
            job_id: the `job_id` of the reply that started the job.
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
            WaiterInUse: that block runs in another event loop.
        """
        check_job_id(job_id)
        seconds = self._timeout if timeout is None else _seconds("timeout", timeout)
        return self._engine.running().track(job_id, seconds, callback, ready=ready)

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        ready: bool = False,
    ) -> Job:
        """Wait for a job and return its final record.

        Args:
            job_id: the `job_id` of the reply that started the job.
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

        Leaving the loop early cancels the other waits when the generator is closed. If you keep a
        reference to it, use `contextlib.aclosing`; if not, the block waits for them until the
        task that ran the loop ends or leaves the block itself.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from the first step of the loop; None takes the waiter's.
            ready: wait for each instance as well; see track().

        Raises:
            InputError: one of the job IDs is invalid; then no job is tracked.
        """
        block = self._engine.running()
        unique = _unique(job_ids)
        return groups.as_completed(
            lambda: block.groups.open(self._track_all(unique, timeout, ready=ready))
        )

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
        block = self._engine.running()
        futures = self._track_all(_unique(job_ids), timeout, ready=ready)
        return await groups.wait_all(futures, block.pending_of, fail_fast=fail_fast)

    def _track_all(
        self, job_ids: Sequence[str], timeout: float | None, *, ready: bool
    ) -> list[JobFuture]:
        return [self.track(job_id, timeout=timeout, ready=ready) for job_id in job_ids]

    def pending(self) -> list[Outcome]:
        """Return what is known about each job still waited for, as `pending` outcomes."""
        return self._engine.pending()

    async def close(self) -> None:
        """Cancel what is pending, and return when every task and connection is released.

        It may be called at any time, any number of times, from a callback as well. It takes ten
        seconds at most, even if a credential provider ignores that it is cancelled. If the caller
        is cancelled meanwhile, everything is released before the cancellation is raised.

        Raises:
            WaiterInUse: the block was entered in another event loop, which does not run now.
        """
        await self._engine.close()


def _unique(job_ids: Iterable[str]) -> list[str]:
    return [check_job_id(job_id) for job_id in dict.fromkeys(job_ids)]


def _seconds(name: str, value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise InputError(f"invalid {name} {value!r}: give seconds, more than 0 and finite")
    return float(value)
