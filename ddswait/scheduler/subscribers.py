"""Who waits for what, and whose look is due when. Pure.

A watch is in one of three places: in the timetable until its look is due, then among the ready
until it leaves, and then under way (`by` is set). An entry of the timetable is stale, and
skipped, when its job has gone or is due at another time.
"""

from __future__ import annotations

from bisect import insort
from math import inf
from typing import TYPE_CHECKING

from ddswait.scheduler.delay_queue import DelayQueue
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.ready_queue import ReadyQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.poll import Poll

_STALE_ENTRIES = 64  # too few to be worth a clean-up


class Subscribers:
    """All watches of jobs, and waits for instances, of one agenda.

    Args:
        wanted: tells the interval that a watch wants by now; see ready.py.

    Attributes:
        watches: by job ID.
        readying: the waits for instances, by owner.
        ready: those whose look is due and has not left.
    """

    def __init__(self, wanted: Callable[[Poll, float], float]) -> None:
        self.watches: dict[str, JobPoll] = {}
        self.readying: dict[object, InstancePoll] = {}
        self.ready = ReadyQueue(wanted)
        self._timetable = DelayQueue()
        self._others: dict[str, list[tuple[float, object]]] = {}

    def __len__(self) -> int:
        return len(self.watches) + len(self.readying)

    def __iter__(self) -> Iterator[Poll]:
        yield from self.watches.values()
        yield from self.readying.values()

    # ---- who waits

    def add(self, watch: JobPoll) -> None:
        """Enter the watch of a job that nobody waited for."""
        self.watches[watch.job_id] = watch
        self._timetable.push(watch)

    def add_readiness(self, readiness: InstancePoll) -> None:
        """Enter a wait for an instance."""
        self.readying[readiness.owner] = readiness
        self._timetable.push(readiness)

    def join(self, watch: JobPoll, deadline: float, owner: object) -> None:
        """Let one more owner wait for a job."""
        others = self._others.setdefault(watch.job_id, [])
        if deadline >= watch.deadline:
            insort(others, (deadline, owner), key=_deadline)
            return
        others.insert(0, (watch.deadline, watch.owner))
        watch.deadline, watch.owner = deadline, owner
        if watch.by is not None:
            watch.by = min(watch.by, deadline)
        elif watch.due > deadline:
            watch.due = deadline
            self._timetable.push(watch)

    def release(self, job_id: str, owner: object) -> Poll | None:
        """Let one owner go; return what nobody waits for any more, which is then to be dropped."""
        if (readiness := self.readying.get(owner)) is not None:
            return readiness
        watch = self.watches.get(job_id)
        if watch is None:
            return None
        if watch.owner is owner:
            return None if self.hand_on(watch) else watch
        others = self._others.get(job_id, [])
        others[:] = [entry for entry in others if entry[1] is not owner]
        return None

    def others_of(self, watch: Poll) -> list[tuple[float, object]]:
        """Return (deadline, owner) of all but the first who waits, the earliest deadline first."""
        return self._others.get(watch.job_id, []) if isinstance(watch, JobPoll) else []

    def hand_on(self, watch: Poll) -> bool:
        """Hand a watch to the owner with the next deadline; return whether there was one."""
        if others := self.others_of(watch):
            watch.deadline, watch.owner = others.pop(0)
            return True
        return False

    def drop(self, watch: Poll) -> None:
        """Forget a watch that has ended."""
        if isinstance(watch, JobPoll):
            del self.watches[watch.job_id]
            self._others.pop(watch.job_id, None)
        else:
            del self.readying[watch.owner]
        watch.due = inf
        self.ready.discard(watch)
        if len(self._timetable) > 2 * len(self) + _STALE_ENTRIES:
            waiting = (each for each in self if each.by is None)
            self._timetable.rebuild(each for each in waiting if each not in self.ready)

    def owners(self) -> Iterator[object]:
        """Return all who wait."""
        for watch in self:
            yield watch.owner
            yield from (owner for _, owner in self.others_of(watch))

    # ---- whose look is due

    def due_at(self) -> float:
        """Return when the next look is due, -inf when one is overdue; inf when none is."""
        return -inf if self.ready else self.scheduled()

    def scheduled(self) -> float:
        """Return when the next look is due of those that are not ready; inf when none is."""
        while (entry := self._timetable.first()) is not None:
            due, _, watch = entry
            if watch.due == due and watch.by is None:
                return due
            self._timetable.pop()
        return inf

    def pop(self) -> Poll:
        """Take out the watch whose time scheduled() has returned."""
        return self._timetable.pop()[2]

    def put_off(self, watch: Poll, due: float | None = None) -> None:
        """Let a watch wait for its time; `due` changes it."""
        if due is not None:
            watch.due = due
        self.ready.discard(watch)
        self._timetable.push(watch)

    def call(self, watch: Poll, now: float) -> None:
        """Make a watch ready: its look is due now."""
        watch.due = min(now, watch.due)
        self.ready.add(watch)


def _deadline(entry: tuple[float, object]) -> float:
    return entry[0]
