"""The public `Waiter`: futures, callbacks and groups over one agenda."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from functools import partial
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Self

from ddswait import api
from ddswait.agenda import Agenda
from ddswait.auth import Lease, Nobody, Password
from ddswait.callbacks import Callbacks
from ddswait.carrier import Carrier
from ddswait.client import Client
from ddswait.errors import InputError, WaiterClosed
from ddswait.events import Ended
from ddswait.job_id import check_job_id
from ddswait.log import log, log_event
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.question import Renew, Renewed
from ddswait.wait import Wait
from ddswait.watch import Rules

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
    from types import TracebackType

    from ddswait.auth import Key
    from ddswait.callbacks import Callback
    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.question import Ask


class Waiter:
    """Waits for any number of DDS jobs in one event loop.

    To be used as `async with`. Leaving the block normally waits for what is still pending, as
    `asyncio.TaskGroup` does; leaving it by an exception cancels what is pending.

    Args:
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of a password's tokens.
        auth: a `Token`, an `AccessKey`, or a `Password`, whose tokens are renewed while waiting.
        timeout: seconds after which a wait times out, unless track() says otherwise.
        grace: seconds from tracking for which an unknown job ID is tolerated.
        interval: seconds, about how often a visible job is looked at.
        unreachable_after: seconds without one good look after which a wait ends.
        request_timeout: seconds after which one look is given up.
        connections: how many looks may be under way at once.
        insecure_http: accept an endpoint beyond this machine that is not https.
        on_event: is called with each event of `ddswait.events`, in the event loop; it must not
            block.

    Raises:
        ConfigurationError: endpoint or project ID are unusable.
        InputError: a number is not positive and finite.
    """

    def __init__(  # noqa: PLR0913 - each is one of the knobs that the README names
        self,
        *,
        endpoint: str,
        project_id: str = "",
        auth: Key | Password,
        timeout: float = 3600.0,
        grace: float = 60.0,
        interval: float = 10.0,
        unreachable_after: float = 600.0,
        request_timeout: float = 30.0,
        connections: int = 64,
        insecure_http: bool = False,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        self._endpoint = api.check_endpoint(endpoint, insecure_http=insecure_http)
        self._password = auth if isinstance(auth, Password) else None
        if self._password is not None:
            api.check_endpoint(self._password.iam_endpoint, insecure_http=insecure_http)
            project_id = project_id or self._password.project_id
        if project_id or self._password is None:
            api.check_project_id(project_id)
        self._project_id = project_id
        self._timeout = _seconds("timeout", timeout)
        rules = Rules(
            interval=_seconds("interval", interval),
            grace=_seconds("grace", grace),
            unreachable_after=_seconds("unreachable_after", unreachable_after),
            request_timeout=_seconds("request_timeout", request_timeout),
            place=f"{self._endpoint} (project {project_id or 'of the token'})",
        )
        self._connections = max(1, connections)
        renews = self._password is not None
        self._agenda = Agenda(rules, random.Random(), renews=renews)  # noqa: S311 - jitter
        key = Nobody() if isinstance(auth, Password) else auth
        self._client = Client(self._connections, api.HEADERS, key)
        self._on_event = on_event
        self._carrier: Carrier | None = None
        self._callbacks = Callbacks(self._check_drained)
        self._drained: asyncio.Future[None] | None = None
        self._crash: BaseException | None = None

    @classmethod
    def from_env(cls, **settings: Any) -> Self:  # noqa: ANN401 - those of the class
        """Return a waiter with endpoint, project and credentials from where users keep them.

        Args:
            **settings: the arguments of `Waiter`; what is given here is not looked for.

        Raises:
            ConfigurationError: something is missing or unusable; the message names source and
                mend.
        """
        from ddswait import credentials  # not every waiter looks for its settings

        endpoint, project_id, found = credentials.locate(
            os.environ, settings.pop("endpoint", ""), "", settings.pop("project_id", "")
        )
        return cls(endpoint=endpoint, project_id=project_id, auth=found.key, **settings)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._carrier = Carrier(
            self._agenda, self._send, self._happened, self._break, self._connections
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
        jobs = f"{len(self._agenda)} jobs"
        if self._carrier is None:
            return f"<Waiter {jobs}, not running>"
        pause = self._agenda.due_at() - self._loop.time()
        look = f", next look in {max(pause, 0.0):.1f} s" if pause < inf else ""
        return f"<Waiter {jobs}, {self._carrier.in_flight} in flight{look}>"

    def track(
        self, job_id: str, *, timeout: float | None = None, callback: Callback | None = None
    ) -> asyncio.Future[Job]:
        """Begin to wait for a job, and return the future of its final record.

        The same job tracked several times is looked at once for all; each future has its own
        deadline, and cancelling one leaves the others alone.

        Args:
            job_id: what DDS answered as `job_id`.
            timeout: seconds from now; None takes the waiter's.
            callback: is called once with the `Outcome`, whatever it is, in the event loop; it may
                be a coroutine function. What it raises is logged and harms nobody. It is not
                called for a wait that is cancelled.

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
        wait = Wait(self, self._loop, job_id, callback)
        now = self._loop.time()
        events = self._agenda.track(job_id, now + seconds, wait, now)
        if events:
            self._happened(events)
        else:
            carrier.clip()
        carrier.wake()
        return wait

    async def wait(self, job_id: str, *, timeout: float | None = None) -> Job:  # noqa: ASYNC109
        """Wait for a job and return its final record.

        Args:
            job_id: what DDS answered as `job_id`.
            timeout: seconds from now; None takes the waiter's.

        Raises:
            JobFailed: DDS reported `Failed`; `error.job` is the final record.
            WaitError: one of its other kinds: see `ddswait.errors`.
            InputError: the job ID or the timeout cannot be one.
        """
        return await self.track(job_id, timeout=timeout)

    def as_completed(
        self,
        job_ids: Iterable[str],
        *,
        timeout: float | None = None,
    ) -> AsyncGenerator[Outcome]:
        """Wait for several jobs; yield the outcome of each as it ends.

        Leaving the loop early lets the rest go.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from the first step of the loop; None takes the waiter's.

        Raises:
            InputError: one of the job IDs cannot be one; then none is tracked.
        """
        self._running()
        return self._each([check_job_id(job_id) for job_id in dict.fromkeys(job_ids)], timeout)

    async def _each(
        self,
        job_ids: list[str],
        timeout: float | None,  # noqa: ASYNC109
    ) -> AsyncGenerator[Outcome]:
        ended: asyncio.Queue[asyncio.Future[Job]] = asyncio.Queue()
        waits = [self.track(job_id, timeout=timeout) for job_id in job_ids]
        try:
            for wait in waits:
                wait.add_done_callback(ended.put_nowait)
            for _ in waits:
                wait = await ended.get()
                assert isinstance(wait, Wait)  # noqa: S101 - tells mypy what track() returns
                yield wait.outcome or Outcome(wait.job_id, OutcomeKind.PENDING, message="let go")
        finally:
            for wait in waits:
                wait.cancel()

    async def wait_all(
        self,
        job_ids: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline per job, not of this call
        fail_fast: bool = False,
    ) -> list[Outcome]:
        """Wait for several jobs; return every outcome, in the order of the (unique) job IDs.

        Args:
            job_ids: duplicates collapse.
            timeout: seconds from now; None takes the waiter's.
            fail_fast: return at the first outcome that is not `completed`; what has not ended by
                then is `pending`.

        Raises:
            InputError: one of the job IDs cannot be one; then none is tracked.
        """
        unique = list(dict.fromkeys(job_ids))
        outcomes: dict[str, Outcome] = {}
        ended = self.as_completed(unique, timeout=timeout)
        async for outcome in ended:
            outcomes[outcome.job_id] = outcome
            if fail_fast and not outcome.ok:
                outcomes |= {each.job_id: each for each in self.pending() if each.job_id in unique}
                await ended.aclose()
                break
        return [outcomes[job_id] for job_id in unique]

    def pending(self) -> list[Outcome]:
        """Return what is known of each job still waited for, as `pending` outcomes."""
        if self._carrier is None:
            return []
        now = self._loop.time()
        return [watch.end(OutcomeKind.PENDING, "not ended yet", now) for watch in self._agenda]

    async def close(self) -> None:
        """Cancel what is pending and release every connection; may be called twice."""
        carrier, self._carrier = self._carrier, None
        if carrier is None:
            return
        for wait in list(self._agenda.owners()):
            if isinstance(wait, Wait):
                wait.cancel()
        await carrier.close()
        await self._callbacks.close()
        await self._client.close()

    def _running(self) -> Carrier:
        if self._carrier is None:
            raise WaiterClosed("track jobs inside the waiter's `async with` block")
        if self._crash is not None:
            raise WaiterClosed("the waiter has broken down") from self._crash
        return self._carrier

    def _send(self, question: Ask | Renew) -> Awaitable[api.Reply | Renewed]:
        if isinstance(question, Renew):
            return self._obtain()
        request = api.show_job(self._endpoint, self._project_id, question.job_id)
        read = partial(api.read_show_job, question.job_id)
        return self._client.send(request, read)

    async def _obtain(self) -> api.Reply | Renewed:
        assert self._password is not None  # noqa: S101 - only then the agenda renews
        from ddswait import iam  # a token or an access key never asks IAM

        client = Client(1, api.HEADERS, Nobody())
        try:
            lease = await client.send(iam.token_request(self._password), iam.read_token)
        finally:
            await client.close()
        if not isinstance(lease, Lease):
            return lease
        self._project_id = self._project_id or lease.project_id
        if not self._project_id:
            return Refusal(201, error_msg="the token names no project: give a project ID")
        self._client.use(lease.key)
        return Renewed(lease.renew_in)

    def _happened(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Ended):
                for wait in event.owners:
                    if isinstance(wait, Wait):
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
        for wait in list(self._agenda.owners()):
            if isinstance(wait, Wait) and not wait.done():
                wait.set_exception(error)
                self.let_go(wait)

    def let_go(self, wait: Wait) -> None:
        """Stop waiting for one caller; for `Wait` to call."""
        self._agenda.release(wait.job_id, wait)
        self._check_drained()

    def call_back(self, callback: Callback, outcome: Outcome) -> None:
        """Have a callback called; for `Wait` to call."""
        self._callbacks.call(callback, outcome)

    async def _drain(self) -> None:
        if self._agenda or self._callbacks:
            self._drained = self._loop.create_future()
            await self._drained

    def _check_drained(self) -> None:
        drained = self._drained
        if drained is not None and not (drained.done() or self._agenda or self._callbacks):
            drained.set_result(None)


def _seconds(name: str, value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise InputError(f"{name} is {value!r}: give seconds, more than 0 and finite")
    return float(value)
