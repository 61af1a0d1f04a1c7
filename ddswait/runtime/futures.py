"""One caller's wait: the future that `track()` or `track_instance()` returns, and who asked."""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ddswait.job import Instance, Job
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.runtime.tasks import without_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.runtime.callbacks import Callback

_MISSING = object()
_Result = TypeVar("_Result")


class FutureHost(Protocol):
    """Whoever made a future: the block."""

    def settled(self) -> None:
        """Take note that a wait has ended."""

    def given_up(self, future: WaitFuture[Any]) -> None:
        """Take note that nobody wants a wait any more."""

    def call_back(self, callback: Callback, outcome: Outcome, context: Context) -> None:
        """Have a callback called."""

    def wait_for_instance(self, future: WaitFuture[Any], outcome: Outcome, deadline: float) -> None:
        """Settle a wait when the instance of its completed job is ready."""


class Caller:
    """Who asked for a wait, in which context, and what else they want.

    Most waits have neither a callback nor wait for an instance. Those that are asked for in the
    same context share one caller, so the context costs them no memory.

    Attributes:
        host: made the future.
        context: of the call of `track()`: context variables such as a request ID.
        callback: is called with the outcome; None for nobody.
        ready_by: the deadline of the wait for the instance; None when nobody waits for it.
    """

    __slots__ = ("callback", "context", "host", "ready_by")

    def __init__(
        self,
        host: FutureHost,
        context: Context,
        callback: Callback | None = None,
        ready_by: float | None = None,
    ) -> None:
        self.host = host
        self.context = context
        self.callback = callback
        self.ready_by = ready_by


class Callers:
    """Makes callers that share their contexts.

    Args:
        host: makes the futures.
    """

    def __init__(self, host: FutureHost) -> None:
        self._plain = Caller(host, Context())

    def current(self, callback: Callback | None, ready_by: float | None) -> Caller:
        """Return whoever is running now as a caller.

        Args:
            callback: see `Caller`.
            ready_by: see `Caller`.
        """
        plain, context = self._plain, without_task(copy_context())
        if not _is_same(plain.context, context):
            self._plain = plain = Caller(plain.host, context)
        if callback is None and ready_by is None:
            return plain
        return Caller(plain.host, plain.context, callback, ready_by)


def _is_same(one: Context, other: Context) -> bool:
    """Return whether both contexts hold the same objects.

    Not `one == other`: that would compare the values of an application, by its own code.
    """
    if len(one) != len(other):
        return False
    missing: Any = _MISSING
    variable: ContextVar[Any]
    for variable in one:  # noqa: SIM110 - all() costs as much as the rest of this
        if other.get(variable, missing) is not one[variable]:
            return False
    return True


class WaitFuture(asyncio.Future[_Result]):
    """A future of what a wait ends with.

    A subclass with slots: a callback per future to learn of its cancellation would cost more
    memory than everything else.

    Attributes:
        job_id: the job that is waited for; "" for an instance without a job.
        outcome: how the wait ended; None while it goes on, or when it was cancelled.
    """

    __slots__ = ("_caller", "job_id", "outcome")

    def __init__(self, caller: Caller, loop: asyncio.AbstractEventLoop, job_id: str) -> None:
        asyncio.Future.__init__(self, loop=loop)  # super() is an eighth slower
        self.job_id = job_id
        self.outcome: Outcome | None = None
        self._caller = caller

    @property
    def context(self) -> Context:
        """The context of the call of `track()` or `track_instance()`."""
        return self._caller.context

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ANN401 - asyncio's own signature
        """Stop waiting; the waits of others for the same job go on."""
        if not super().cancel(msg):
            return False
        self._caller.host.given_up(self)
        return True

    def set_result(self, result: _Result) -> None:
        """Resolve the future by hand: whoever does that wants the wait no longer."""
        super().set_result(result)
        self._caller.host.given_up(self)

    def set_exception(self, exception: type[BaseException] | BaseException) -> None:
        """Fail the future by hand; see set_result()."""
        super().set_exception(exception)
        self._caller.host.given_up(self)

    def settle(self, outcome: Outcome) -> None:
        """Resolve the future, and have the callback called."""
        if self.done():
            return
        caller = self._caller
        ok = outcome.kind is OutcomeKind.COMPLETED
        if ok and caller.ready_by is not None:
            deadline, caller.ready_by = caller.ready_by, None
            caller.host.wait_for_instance(self, outcome, deadline)
            return
        self.outcome = outcome
        if ok:
            result: Any = outcome.result()
            super().set_result(result)
        else:
            super().set_exception(outcome.error())
            self.exception()  # retrieved: the log has the failure, so asyncio need not warn
        caller.host.settled()
        if caller.callback is not None:
            caller.host.call_back(caller.callback, outcome, caller.context)

    def fail(self, error: Exception) -> None:
        """Fail the future, because ddswait itself has failed."""
        if not self.done():
            super().set_exception(error)
            self._caller.host.settled()


class JobFuture(WaitFuture[Job]):
    """A future of the final record of a job."""

    __slots__ = ()


class InstanceFuture(WaitFuture[Instance]):
    """A future of an instance that takes the next operation.

    Attributes:
        instance_id: the instance that is waited for.
    """

    __slots__ = ("instance_id",)

    def __init__(self, caller: Caller, loop: asyncio.AbstractEventLoop, instance_id: str) -> None:
        super().__init__(caller, loop, "")
        self.instance_id = instance_id


class Pending:
    """The futures that are not done yet, in the order of track().

    A list that forgets those that are done once they outnumber the others: an entry of a set or
    a dict would cost five times as much memory.

    Attributes:
        add: appends a future.
    """

    def __init__(self) -> None:
        self._futures: list[WaitFuture[Any]] = []
        self._done = 0
        self.add = self._futures.append

    def __len__(self) -> int:
        return len(self._futures) - self._done

    def __iter__(self) -> Iterator[WaitFuture[Any]]:
        return iter([future for future in self._futures if not future.done()])

    def done(self) -> None:
        """Take note that one of the futures is done; to be called once for each."""
        self._done += 1
        if 2 * self._done > len(self._futures):
            self._futures[:] = self
            self._done = 0
