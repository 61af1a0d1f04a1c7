"""What runs in one `async with` block of a waiter: scheduler, futures, callbacks.

Futures go down, events come up, in order. Whatever ends a wait, its futures are settled first;
only then do logs, hooks and callbacks hear of it, and nothing that they raise comes back.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from ddswait.events import Ended
from ddswait.runtime.callbacks import Callbacks
from ddswait.runtime.channel import channel_for
from ddswait.runtime.drain import Drain
from ddswait.runtime.futures import Callers, InstanceFuture, JobFuture, Pending, WaitFuture
from ddswait.runtime.groups import Groups
from ddswait.runtime.log import is_enabled, log
from ddswait.runtime.overview import Overview
from ddswait.runtime.readers import Readers
from ddswait.runtime.reporter import Reporter
from ddswait.runtime.shared_time import SharedTime
from ddswait.runtime.tasks import LIMIT, Tasks, without_task
from ddswait.scheduler.instance_poll import instance_of
from ddswait.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.job import EarlierWait
    from ddswait.outcome import Outcome
    from ddswait.runtime.callbacks import Callback
    from ddswait.runtime.parts import Parts


class Block:
    """Runs one scheduler in the running event loop, until it is stopped.

    Args:
        parts: what the blocks of one waiter share.

    Attributes:
        loop: in which it runs.
        tasks: its callbacks.
        groups: the loops over outcomes that go on.
        defect: what has broken it; None for nothing.
        is_stopped: whether it is being closed.
        overview: of its waits.
        readers: of what happens to a job.
    """

    def __init__(self, parts: Parts) -> None:
        self.loop = asyncio.get_running_loop()
        self.tasks = Tasks(self.loop)
        self._drain = Drain(self.loop, lambda: self.is_busy)
        self.groups = Groups(self._drain.wake)
        self.defect: BaseException | None = None
        self.is_stopped = False
        self._parts = parts
        self._channel = channel_for(parts)
        self._closes_channel = False
        self._context = without_task(copy_context())
        self._scheduler = Scheduler(
            parts.settings,
            random.Random(),  # noqa: S311 - jitter
            rate_limiter=self._channel.rate_limiter,
            renewal=self._channel.renewal,
            durations=parts.durations,
            patiences=parts.patiences,
        )
        self._scheduler.verbose = parts.on_event is not None or is_enabled(logging.DEBUG)
        self._futures = Pending()
        self._callers = Callers(self)
        self._time = SharedTime(self.loop)
        self._callbacks = Callbacks(self.loop, self.tasks, self._drain.check)
        self.overview = Overview(self.loop, self._scheduler.subscribers, self._context)
        self.readers = Readers(self.overview.is_waited_for, self.overview.whose)
        self._reporter = Reporter(
            self.loop, parts.on_event, self.overview.whose, self._futures.__len__
        )
        self._releasing: asyncio.Task[None] | None = None
        self._channel.enter(self._scheduler, self)

    def __repr__(self) -> str:
        now = self.loop.time()
        limiter = self._scheduler.rate_limiter
        room = f"room for {limiter.room(now)} requests of {limiter!r}"
        delay = self._scheduler.send_at(now) - now
        following = f", next request in {max(delay, 0.0):.1f} s" if delay < float("inf") else ""
        jobs = f"{len(self._scheduler)} jobs"
        return f"{jobs}, {self._channel.workers.in_flight} in flight, {room}{following}"

    # ---- waiting

    def track(  # noqa: PLR0913 - as `Waiter.track`
        self,
        job_id: str,
        seconds: float,
        callback: Callback | None,
        earlier: EarlierWait | None = None,
        *,
        ready: bool,
        label: str = "",
    ) -> JobFuture:
        """Begin to wait for a job, for so many seconds from now; see `Waiter.track`."""
        now = self._time.now()
        deadline = now + seconds
        caller = self._callers.current(callback, deadline if ready else None, label)
        future = JobFuture(caller, self.loop, job_id)
        subscribers = self._scheduler.subscribers
        joins = job_id in subscribers.jobs
        events = subscribers.subscribe(job_id, deadline, future, now, earlier)
        self._futures.add(future)
        if events:
            self.happened(events)
        elif joins:
            self._channel.workers.recheck_cuts()
        self._channel.wake(self._scheduler, now)
        return future

    def track_instance(
        self, begin: Outcome, seconds: float, callback: Callback | None, label: str = ""
    ) -> InstanceFuture:
        """Begin to wait for an instance without a job; see `Waiter.track_instance`.

        Args:
            begin: of outcome_without_job().
            seconds: from now until the wait times out.
            callback: is called once with the outcome; None for nobody.
            label: the caller's name for the instance, or "".
        """
        now = self.loop.time()
        caller = self._callers.current(callback, None, label)
        future = InstanceFuture(caller, self.loop, instance_of(begin))
        self._futures.add(future)
        self._poll_instance(future, begin, now + seconds)
        return future

    # ---- what the futures report

    def settled(self) -> None:
        """Take note that a wait has ended; for `WaitFuture` to call."""
        self._futures.done()

    def given_up(self, future: WaitFuture[Any]) -> None:
        """Take note that nobody wants a wait any more; for `WaitFuture` to call."""
        self._futures.done()
        if not self.is_stopped and self.defect is None:
            self._scheduler.subscribers.unsubscribe(future.job_id, future)
            self.readers.close_ended(future.job_id)
        self._drain.check()

    def call_back(self, callback: Callback, outcome: Outcome, context: Context) -> None:
        """Have a callback called; for `WaitFuture` to call."""
        self._callbacks.call(callback, outcome, context)

    def wait_for_instance(self, future: WaitFuture[Any], outcome: Outcome, deadline: float) -> None:
        """Settle a wait when the instance of its job is ready; for `WaitFuture` to call."""
        if not instance_of(outcome):
            future.settle(outcome)
            return
        self._poll_instance(future, outcome, deadline)

    def _poll_instance(self, future: WaitFuture[Any], outcome: Outcome, deadline: float) -> None:
        now = self.loop.time()
        subscribers = self._scheduler.subscribers
        self.happened(subscribers.subscribe_instance(outcome, deadline, future, now))
        self._channel.wake(self._scheduler, now)

    # ---- what the channel reports

    def happened(self, events: Sequence[Event]) -> None:
        """Take what happened to the waits: settle those that have ended, then report it."""
        if self.readers:
            self.readers.put(events)
        for event in events:
            if isinstance(event, Ended):
                self._settle(event)
                self.readers.close_ended(event.job_id)
        self._reporter.report(events)
        self._drain.check()

    def _settle(self, ended: Ended) -> None:
        try:
            for future in ended.subscribers:
                if isinstance(future, WaitFuture):
                    future.settle(ended.outcome)
        except Exception as error:  # noqa: BLE001 - a defect of ddswait
            self.broken(error)

    def surprised(self, error: Exception) -> None:
        """Fail the waits that were lost when the scheduler could not take a reply."""
        known = set(self._scheduler.subscribers.everyone())
        lost = [each for each in self._futures if each not in known]
        self._fail(lost, _as_exception(error))
        log(logging.ERROR, "ddswait.reply_not_understood", exc_info=error)

    def broken(self, error: BaseException) -> None:
        """Fail every wait rather than let one hang on a defect of ours."""
        if self.is_stopped:
            return
        self.defect = self.defect or error
        fit = _as_exception(error)
        self._fail(list(self._futures), fit)
        self.readers.close_all(fit)
        self._leave_channel()
        log(logging.CRITICAL, "ddswait.broken", exc_info=error)

    def _fail(self, futures: Sequence[WaitFuture[Any]], error: Exception) -> None:
        for future in futures:
            future.fail(error)
            self.readers.close_ended(future.job_id)
        self._drain.check()

    # ---- leaving

    @property
    def is_busy(self) -> bool:
        """Whether a wait or a callback is pending."""
        return bool(len(self._futures) or len(self._callbacks))

    async def drain(self) -> None:
        """Wait until no wait and no callback is pending, and none has followed."""
        await self._drain.wait(self.groups)

    def stop(self) -> None:
        """Cancel every wait, and begin nothing any more; release() does the rest."""
        if self.is_stopped:
            return
        self.is_stopped = True
        self._leave_channel()
        for future in self._futures:
            with suppress(RuntimeError):  # an event loop that is closed calls nobody any more
                future.cancel()
        with suppress(RuntimeError):
            self.readers.close_all()

    def _leave_channel(self) -> None:
        if self._channel.leave(self._scheduler):
            self._closes_channel = True

    def parts_after(self) -> Parts:
        """Return the parts of the waiter, with what was learned in this block."""
        return self._channel.parts_after(self._parts, is_last=self._closes_channel)

    def spare_current(self) -> None:
        """Let release() spare the task that is running, because it waits for that."""
        self.tasks.spare_current()
        if self._closes_channel:
            self._channel.tasks.spare_current()

    def spare_nobody(self) -> bool:
        """Let release() wait for every task; return whether there are any."""
        self.tasks.spare_nobody()
        if not self._closes_channel:
            return bool(self.tasks)
        self._channel.tasks.spare_nobody()
        return bool(self.tasks) or bool(self._channel.tasks)

    def release(self) -> asyncio.Task[None]:
        """Return the task that ends all others and closes every connection."""
        if self._releasing is None or self._releasing.done():
            self._releasing = asyncio.Task(
                self._release(), loop=self.loop, name="ddswait closing", context=self._context
            )
        return self._releasing

    async def _release(self) -> None:
        await self._callbacks.begin_all()
        left = await self.tasks.close()
        if self._closes_channel:
            left += await self._channel.release()
        if left:
            log(logging.ERROR, "ddswait.tasks_left", tasks=", ".join(left), seconds=LIMIT)

    async def disconnect(self) -> None:
        """Close every connection, if no other block uses them."""
        if self._closes_channel:
            await self._channel.disconnect()


def _as_exception(error: BaseException) -> Exception:
    """Return an error that a future takes, and that ends no task."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    fit = RuntimeError(f"broken down by {type(error).__name__}")
    fit.__cause__ = error
    return fit
