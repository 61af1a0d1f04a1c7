"""Brings scheduler, workers, client and callbacks together, from entering to closing.

The public `Waiter` checks what a caller says and hands it on; everything that then happens in the
event loop happens here: futures go down, events come up, in order.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from ddswait.errors import WaiterClosed
from ddswait.events import Ended
from ddswait.runtime.callbacks import Callbacks
from ddswait.runtime.futures import JobFuture
from ddswait.runtime.log import is_verbose, log, log_events
from ddswait.runtime.workers import Workers
from ddswait.scheduler.instance_poll import instance_of
from ddswait.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait.events import Event
    from ddswait.outcome import Outcome
    from ddswait.runtime.callbacks import Callback
    from ddswait.runtime.client import Client
    from ddswait.scheduler.durations import Durations
    from ddswait.scheduler.poll import PollSettings
    from ddswait.scheduler.rate_limiter import RateLimiter


class Engine:
    """Runs one scheduler in the event loop, between start() and close().

    Args:
        client: sends the requests.
        settings: intervals and bounds, in seconds.
        rate_limiter: how many requests may leave.
        durations: how long past jobs took; None when nothing is known yet.
        connections: how many requests may be under way at once.
        on_event: is called with each event; None for nobody.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it brings together
        self,
        client: Client,
        settings: PollSettings,
        rate_limiter: RateLimiter,
        durations: Durations | None,
        connections: int,
        on_event: Callable[[Event], object] | None,
    ) -> None:
        self._client = client
        self._connections = connections
        self._on_event = on_event
        self._scheduler = Scheduler(
            settings,
            random.Random(),  # noqa: S311 - jitter
            renews=client.renews,
            rate_limiter=rate_limiter,
            durations=durations,
        )
        self._scheduler.verbose = on_event is not None or is_verbose()
        self._workers: Workers | None = None
        self._callbacks = Callbacks(self._check_drained)
        self._drained: asyncio.Future[None] | None = None
        self._crash: BaseException | None = None

    def __repr__(self) -> str:
        jobs = f"{len(self._scheduler)} jobs"
        if self._workers is None:
            return f"{jobs}, not running"
        now = self._loop.time()
        limiter = self._scheduler.rate_limiter
        room = f"room for {limiter.room(now)} requests of {limiter!r}"
        delay = self._scheduler.send_at(now) - now
        following = f", next request in {max(delay, 0.0):.1f} s" if delay < float("inf") else ""
        return f"{jobs}, {self._workers.in_flight} in flight, {room}{following}"

    # ---- from entering to closing

    def start(self) -> None:
        """Begin to send, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._workers = Workers(
            self._scheduler, self._client.send, self._happened, self._break, self._connections
        )

    def check_running(self) -> Workers:
        """Return the workers.

        Raises:
            WaiterClosed: they were not started, were closed, or have broken down.
        """
        if self._workers is None:
            raise WaiterClosed("track jobs inside the waiter's `async with` block")
        if self._crash is not None:
            raise WaiterClosed("the waiter has broken down") from self._crash
        return self._workers

    async def drain(self) -> None:
        """Wait until no wait and no callback is pending."""
        if self._scheduler or self._callbacks:
            self._drained = self._loop.create_future()
            await self._drained

    def _check_drained(self) -> None:
        drained = self._drained
        busy = self._scheduler or self._callbacks
        if drained is not None and not (drained.done() or busy):
            drained.set_result(None)

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

    def _break(self, error: BaseException) -> None:
        """Fail every wait rather than let one hang on a defect of ours."""
        self._crash = error
        for future in self._futures():
            if not future.done():
                future.set_exception(error)
                self.cancelled(future)
        log(logging.CRITICAL, "ddswait.broken", exc_info=error)

    # ---- waiting

    def track(
        self, job_id: str, seconds: float, callback: Callback | None, *, ready: bool
    ) -> JobFuture:
        """Begin to wait for a job; see `Waiter.track`.

        Args:
            job_id: a checked job ID.
            seconds: from now until the wait times out.
            callback: is called once with the outcome; None for nobody.
            ready: whether to wait for the job's instance as well.

        Raises:
            WaiterClosed: nothing is running.
        """
        workers = self.check_running()
        now = self._loop.time()
        deadline = now + seconds
        future = JobFuture(self, self._loop, job_id, callback, deadline if ready else None)
        if events := self._scheduler.subscribers.subscribe(job_id, deadline, future, now):
            self._happened(events)
        else:
            workers.recheck_cuts()
        workers.wake(now)
        return future

    def pending(self) -> list[Outcome]:
        """Return what is known about each job still waited for, as `pending` outcomes."""
        if self._workers is None:
            return []
        now = self._loop.time()
        return [poll.pending(now) for poll in self._scheduler.subscribers]

    def _futures(self) -> list[JobFuture]:
        return [
            each for each in self._scheduler.subscribers.everyone() if isinstance(each, JobFuture)
        ]

    # ---- what the scheduler and the futures report

    def _happened(self, events: Sequence[Event]) -> None:
        log_events(events)
        for event in events:
            if isinstance(event, Ended):
                for future in event.subscribers:
                    if isinstance(future, JobFuture):
                        future.settle(event.outcome)
                self._check_drained()
            if self._on_event is not None:
                self._tell(self._on_event, event)

    @staticmethod
    def _tell(on_event: Callable[[Event], object], event: Event) -> None:
        try:
            on_event(event)
        except Exception:  # noqa: BLE001 - whatever an application's hook does
            log(logging.ERROR, "ddswait.on_event_failed", job_id=event.job_id, exc_info=True)

    def cancelled(self, future: JobFuture) -> None:
        """Take note that a wait was cancelled; for `JobFuture` to call."""
        self._scheduler.subscribers.unsubscribe(future.job_id, future)
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
        self._happened(
            self._scheduler.subscribers.subscribe_instance(outcome, deadline, future, now)
        )
        if self._workers is not None:
            self._workers.wake(now)
