"""Reports events to the log and to the application's hook, each in the context of its caller.

The waits of an event are settled before it is reported. A log or a hook that raises, or that does
something with the waiter, costs that one call.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ddswait.events import with_label
from ddswait.runtime.exception_handler import report_error
from ddswait.runtime.log import is_enabled, is_silent, log_fields
from ddswait.runtime.log_events import Levels, line_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from contextvars import Context

    from ddswait.events import Event


class Reporter:
    """Reports what happens in one block.

    Args:
        loop: in which the events happen.
        hook: is called with each event; None for nobody.
        whose: returns context and label of the wait for the job of an event, one of several
            that have happened together.
        pending: returns how many waits go on.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        hook: Callable[[Event], object] | None,
        whose: Callable[[Event, Sequence[Event]], tuple[Context, str]],
        pending: Callable[[], int],
    ) -> None:
        self._loop = loop
        self._hook = hook
        self._whose = whose
        self._pending = pending
        self._levels = Levels()
        self._events: deque[tuple[Event, tuple[Context, str]]] = deque()
        self._is_reporting = False

    def report(self, events: Sequence[Event]) -> None:
        """Report what happened, oldest first; what a hook brings about comes after that."""
        # The context is found before any hook runs: a hook may end the wait that it belongs to.
        self._events.extend((event, self._whose(event, events)) for event in events)
        if self._is_reporting:
            return
        self._is_reporting = True
        try:
            while self._events:
                self._report(*self._events.popleft())
        finally:
            self._is_reporting = False

    def _report(self, event: Event, whose: tuple[Context, str]) -> None:
        context, label = whose
        if label:
            event = with_label(event, label)
        level = self._levels.of(event, self._pending())
        # Asked first, because building a line costs more than everything else here.
        is_logged = not is_silent(context) and is_enabled(level)
        if is_logged or self._hook is not None:
            context.copy().run(self._tell, event, level if is_logged else None)

    def _tell(self, event: Event, level: int | None) -> None:
        if level is not None:
            line = line_of(event, self._pending())
            self._call(partial(log_fields, level, line.name, line.fields))
        if self._hook is None:
            return
        if error := self._call(partial(self._hook, event)):
            whose = f" of job {event.job_id}" if event.job_id else ""
            message = f"on_event raised for {type(event).__name__}{whose}; no wait is affected"
            self._call(partial(report_error, message, error))

    def _call(self, call: Callable[[], object]) -> BaseException | None:
        """Call the application's code; return what it raised."""
        try:
            call()
        except (SystemExit, KeyboardInterrupt) as error:
            # They are to end the program, not the poll that happened to be under way. So the loop
            # raises them, as soon as the present step is over.
            self._loop.call_soon(_raise, error)
        except BaseException as error:  # noqa: BLE001 - a hook may raise anything
            return error
        return None


def _raise(error: BaseException) -> NoReturn:
    raise error
