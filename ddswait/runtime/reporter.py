"""Reports events to the log and to the application's hook, each in the context of its caller.

The waits of an event are settled before it is reported. A log or a hook that raises, or that does
something with the waiter, costs that one call.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ddswait.events import Ended, PollFailed
from ddswait.runtime.futures import WaitFuture
from ddswait.runtime.log import is_enabled, log, log_fields
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
        subscriber_of: returns the future of whoever waits for a job; None for nobody.
        pending: returns how many waits go on.
        context: of events that concern no job.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        hook: Callable[[Event], object] | None,
        subscriber_of: Callable[[str], object],
        pending: Callable[[], int],
        context: Context,
    ) -> None:
        self._loop = loop
        self._hook = hook
        self._subscriber_of = subscriber_of
        self._pending = pending
        self._context = context
        self._levels = Levels()
        self._events: deque[tuple[Event, Context]] = deque()
        self._is_reporting = False

    def report(self, events: Sequence[Event]) -> None:
        """Report what happened, oldest first; what a hook brings about comes after that."""
        # The context is found before any hook runs: a hook may end the wait that it belongs to.
        self._events.extend((event, self._context_of(event, events)) for event in events)
        if self._is_reporting:
            return
        self._is_reporting = True
        try:
            while self._events:
                self._report(*self._events.popleft())
        finally:
            self._is_reporting = False

    def _context_of(self, event: Event, together: Sequence[Event]) -> Context:
        """Return the context of the subscriber of an event whose deadline is the earliest.

        Args:
            event: what happened.
            together: all that has happened at once: if a wait has ended, its end names it.
        """
        waiting = self._subscriber_of(event.job_id)
        knows = isinstance(event, Ended | PollFailed) and event.subscribers
        for each in [event] if knows or not event.job_id else together:
            of_whom = each.subscribers if isinstance(each, Ended | PollFailed) else ()
            if of_whom and each.job_id == event.job_id:
                waiting = of_whom[0]
                break
        return waiting.context if isinstance(waiting, WaitFuture) else self._context

    def _report(self, event: Event, context: Context) -> None:
        level = self._levels.of(event, self._pending())
        # Asked first, because building a line costs more than everything else here.
        is_logged = is_enabled(level)
        if is_logged or self._hook is not None:
            context.copy().run(self._tell, event, level if is_logged else None)

    def _tell(self, event: Event, level: int | None) -> None:
        if level is not None:
            line = line_of(event, self._pending())
            self._call(partial(log_fields, level, line.name, line.fields))
        if self._hook is None:
            return
        if error := self._call(partial(self._hook, event)):
            name = "ddswait.on_event_failed"
            self._call(partial(log, logging.ERROR, name, job_id=event.job_id, exc_info=error))

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
