"""One caller's wait: the future that `track()` returns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from ddswait.job import Job
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from ddswait.runtime.callbacks import Callback


class FutureHost(Protocol):
    """Whoever made a future: the engine."""

    def cancelled(self, future: JobFuture) -> None:
        """Take note that a wait was cancelled."""

    def call_back(self, callback: Callback, outcome: Outcome) -> None:
        """Have a callback called."""

    def wait_for_instance(self, future: JobFuture, outcome: Outcome, deadline: float) -> None:
        """Settle a wait when the instance of its completed job is ready."""


class JobFuture(asyncio.Future[Job]):
    """A future of the final record.

    A subclass with slots: a callback per future to learn of its cancellation would cost more
    memory than everything else.

    Attributes:
        job_id: the job that is waited for.
        outcome: how the wait ended; None while it goes on, or when it was cancelled.
    """

    __slots__ = ("_callback", "_host", "_ready_by", "job_id", "outcome")

    def __init__(
        self,
        host: FutureHost,
        loop: asyncio.AbstractEventLoop,
        job_id: str,
        callback: Callback | None,
        ready_by: float | None = None,
    ) -> None:
        super().__init__(loop=loop)
        self.job_id = job_id
        self.outcome: Outcome | None = None
        self._host = host
        self._callback = callback
        self._ready_by = ready_by

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ANN401 - asyncio's own signature
        """Stop waiting; the waits of others for the same job go on."""
        if not super().cancel(msg):
            return False
        self._host.cancelled(self)
        return True

    def settle(self, outcome: Outcome) -> None:
        """Resolve the future, and have the callback called."""
        if self.done():
            return
        ok = outcome.kind is OutcomeKind.COMPLETED
        if ok and self._ready_by is not None:
            deadline, self._ready_by = self._ready_by, None
            self._host.wait_for_instance(self, outcome, deadline)
            return
        self.outcome = outcome
        if ok:
            self.set_result(outcome.result())
        else:
            self.set_exception(outcome.error())
            self.exception()  # retrieved: the log has the failure, so asyncio need not warn
        if self._callback is not None:
            self._host.call_back(self._callback, outcome)
