"""Readers of the events of one job: any number, each at its own speed.

A reader that falls behind loses the oldest events, never the last ones: so its memory is bounded,
and it knows how the wait ended. One that nobody refers to any more is forgotten.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from ddswait.events import Polled, Tracked, with_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait.events import Event

LONGEST = 100
"""How many events a reader may be behind; about a quarter of an hour of a job that moves."""


class JobEvents:
    """An asynchronous iterator over what happens to one job, until no wait for it goes on."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=LONGEST)
        self._changed = asyncio.Event()
        self._is_closed = False
        self._defect: BaseException | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        # Nothing is awaited after an event is taken out, so no cancellation can lose one.
        while not self._events:
            if self._defect is not None:
                raise self._defect
            if self._is_closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()

    def put(self, event: Event) -> None:
        """Append an event."""
        self._events.append(event)
        self._changed.set()

    def close(self, defect: BaseException | None = None) -> None:
        """End the iteration behind the events that wait to be read.

        Args:
            defect: what has broken the waiter, to be raised there; None for nothing.
        """
        self._is_closed = True
        self._defect = defect
        self._changed.set()


class Readers:
    """The readers of one block, by job.

    Args:
        is_waited_for: returns whether a wait for a job goes on.
        whose: returns context and label of the wait for an event, one of several that have
            happened together.
    """

    def __init__(
        self,
        is_waited_for: Callable[[str], bool],
        whose: Callable[[Event, Sequence[Event]], tuple[object, str]],
    ) -> None:
        self._is_waited_for = is_waited_for
        self._whose = whose
        self._readers: dict[str, WeakSet[JobEvents]] = {}

    def __bool__(self) -> bool:
        return bool(self._readers)

    def open(self, job_id: str) -> JobEvents:
        """Return a new reader of what happens to a job from now on."""
        reader = JobEvents()
        self._readers.setdefault(job_id, WeakSet()).add(reader)
        return reader

    def put(self, events: Sequence[Event]) -> None:
        """Hand events to the readers of their jobs, except those that only debugging needs."""
        for event in events:
            readers = self._readers.get(event.job_id)
            if readers and not isinstance(event, Tracked | Polled):
                _, label = self._whose(event, events)
                named = with_label(event, label) if label else event
                for reader in readers:
                    reader.put(named)

    def close_ended(self, job_id: str) -> None:
        """Close the readers of a job if nobody waits for it any more."""
        if job_id in self._readers and not self._is_waited_for(job_id):
            self._close(job_id, None)

    def close_all(self, defect: BaseException | None = None) -> None:
        """Close every reader; see JobEvents.close()."""
        for job_id in list(self._readers):
            self._close(job_id, defect)

    def _close(self, job_id: str, defect: BaseException | None) -> None:
        for reader in self._readers.pop(job_id):
            reader.close(defect)
