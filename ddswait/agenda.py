"""Every watched job: which question to send next, and when. Pure: no clock, no loop, no socket.

    The rules

    1. One watch, one stream of looks, however many callers wait for the job; at most one look at
       a job is under way.
    2. Whoever is due first is asked about first.
    3. Until the credentials have been accepted lately, questions leave one at a time: a key that
       is refused more than five times in a row is locked for five minutes (API Gateway), so a
       thousand jobs must not find out together.
    4. A refusal that concerns all ends every wait, and every later one without a question.
    5. Credentials that renew are renewed before they end, while the old ones still serve, and
       once upon a 401: one renewal for all, during which no question leaves. What was refused
       with the old key is asked again; a new key that is refused too ends every wait.
    6. A deadline belongs to a caller, an ending to the job: when a caller's deadline passes,
       the others wait on.

An entry of the timetable is stale, and skipped, when its job has gone or is due at another time.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.api import Fault, Reply, Throttled
from ddswait.events import Ended, Event, PollFailed, Progressed, Tracked, UnknownStatus, Visible
from ddswait.job import Job
from ddswait.leasing import Leasing
from ddswait.outcome import Refusal
from ddswait.question import Ask, Renew, Renewed, Rest
from ddswait.timetable import Timetable
from ddswait.watch import LAST_LOOK, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from ddswait.outcome import Outcome
    from ddswait.watch import Rules

_ACCEPTED_LATELY = 10.0  # seconds for which one accepted question vouches for the next ones
_PROBE_PATIENCE = 2.0  # a lone question unanswered for so long no longer holds back the others
_SAYS_NOTHING = (Fault, Throttled, Refusal)  # of the credentials having been accepted
_UNAUTHORIZED = 401
_AGAIN = 0.001  # seconds: at once, and yet later than now
_STALE_ENTRIES = 64  # too few to be worth a clean-up


class Agenda:
    """Many watches, and which of them to look at next.

    Args:
        rules: intervals and bounds, in seconds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        renews: whether the credentials must be obtained first, and can be renewed.
    """

    def __init__(self, rules: Rules, random: Random, *, renews: bool = False) -> None:
        self.rules = rules
        self._random = random
        self._watches: dict[str, Watch] = {}
        self._others: dict[str, list[tuple[float, object]]] = {}
        self._timetable = Timetable()
        self._accepted_at = -inf
        self._probe_until = -inf
        self._refusal: Refusal | None = None
        self._lease = Leasing(renews=renews)
        self._odd_statuses: set[str] = set()

    def __len__(self) -> int:
        return len(self._watches)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._watches

    def __iter__(self) -> Iterator[Watch]:
        return iter(self._watches.values())

    def track(self, job_id: str, deadline: float, owner: object, now: float) -> Sequence[Event]:
        """Begin to watch a job for `owner`, or let `owner` join those who wait for it.

        Args:
            job_id: a checked job ID.
            deadline: when this owner's wait times out.
            owner: comes back in `Ended.owners`; never looked into.
            now: the time.
        """
        watch = self._watches.get(job_id)
        if watch is not None:
            self._join(watch, deadline, owner)
            return ()
        watch = Watch(job_id, now, deadline, owner)
        if self._refusal is not None:
            outcome = watch.refused(self._refusal, now, self.rules)
            return (Ended(job_id, outcome, (owner,)),)
        self._watches[job_id] = watch
        self._timetable.push(watch)
        return (Tracked(job_id),)

    def _join(self, watch: Watch, deadline: float, owner: object) -> None:
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

    def release(self, job_id: str, owner: object) -> None:
        """Let one owner go; when the last one goes, the watch ends without an outcome."""
        watch = self._watches.get(job_id)
        if watch is None:
            return
        if watch.owner is owner:
            self._next_owner(watch)
            return
        others = self._others.get(job_id, [])
        others[:] = [entry for entry in others if entry[1] is not owner]

    def _next_owner(self, watch: Watch) -> bool:
        """Hand the watch to the owner with the next deadline; without one, drop it."""
        others = self._others.get(watch.job_id)
        if others:
            watch.deadline, watch.owner = others.pop(0)
            return True
        self._drop(watch)
        return False

    def _drop(self, watch: Watch) -> None:
        del self._watches[watch.job_id]
        watch.due = inf
        self._others.pop(watch.job_id, None)
        if len(self._timetable) > 2 * len(self._watches) + _STALE_ENTRIES:
            self._timetable.rebuild(each for each in self._watches.values() if each.by is None)

    def owners(self) -> Iterator[object]:
        """Return all who wait."""
        for watch in self._watches.values():
            yield watch.owner
            yield from (owner for _, owner in self._others.get(watch.job_id, ()))

    def due_at(self) -> float:
        """Return when the next look is due; inf when none is."""
        while (entry := self._timetable.first()) is not None:
            due, _, watch = entry
            if watch.due == due and watch.by is None:
                return due
            self._timetable.pop()
        return inf

    def next(self, now: float) -> Ask | Renew | Rest:
        """Return the question to send now, or how long there is none."""
        due = self.due_at()
        lease = self._lease
        if lease.renews and self._watches:
            if lease.starts(now):
                return Renew(now + self.rules.request_timeout)
            if lease.blocked:
                return Rest(lease.due)
            if due > now:
                return Rest(min(due, lease.due))
        if due > now:
            return Rest(due)
        if now - self._accepted_at > _ACCEPTED_LATELY:
            if now < self._probe_until:
                return Rest(self._probe_until)
            self._probe_until = now + _PROBE_PATIENCE
        _, job_id, watch = self._timetable.pop()
        watch.ask(now, self.rules)
        return Ask(job_id, watch, lease.count)

    def take(self, ask: Ask | Renew, reply: Reply | Renewed, now: float) -> Sequence[Event]:
        """Take the answer to a question; return what happened, oldest first."""
        if isinstance(ask, Renew):
            return self._renewed(reply, now)
        assert not isinstance(reply, Renewed)  # noqa: S101 - only Renew is answered by it
        self._note_acceptance(reply, now)
        watch = ask.watch
        if watch.due == inf:
            return ()
        if isinstance(reply, Refusal) and reply.concerns_all:
            return self._refused(ask, reply, now)
        before = watch.record
        outcome = watch.take(reply, now, self.rules, self._random)
        if outcome is None and now < watch.deadline:
            self._timetable.push(watch)
            return self._changes(before, watch, now)
        changes = self._changes(before, watch, now)
        if outcome is not None:
            return [*changes, self._end(watch, outcome)]
        ended = self._expire(watch, now)
        if watch.due < inf:
            watch.due = min(watch.due, watch.deadline)
            self._timetable.push(watch)
        return [*changes, *ended]

    def _refused(self, ask: Ask, refusal: Refusal, now: float) -> Sequence[Event]:
        if refusal.http_status == _UNAUTHORIZED and self._lease.cures(ask.lease, now):
            return self._ask_again(ask.watch, now)
        ask.watch.polls += 1
        if refusal.http_status == _UNAUTHORIZED and self._accepted_at > -inf:
            refusal = replace(refusal, accepted_ago=now - self._accepted_at)
        return self._refuse_all(refusal, now)

    def _ask_again(self, watch: Watch, now: float) -> Sequence[Event]:
        watch.by = None
        ended = self._expire(watch, now)
        if watch.due < inf:
            watch.due = min(now + _AGAIN, watch.deadline)
            self._timetable.push(watch)
        return ended

    def _renewed(self, reply: Reply | Renewed, now: float) -> Sequence[Event]:
        lease = self._lease
        if isinstance(reply, Renewed):
            lease.renewed(reply.renew_in, now)
            self._accepted_at = -inf
            return ()
        if isinstance(reply, Refusal) and lease.blocked:
            return self._refuse_all(reply.for_all(), now)
        cause = reply.cause if isinstance(reply, Fault | Throttled) else str(reply)
        blind = lease.failed(now, self._random)
        if blind < self.rules.unreachable_after:
            return ()
        return [
            self._end(watch, watch.unreached(f"no credentials: {cause}", now, self.rules))
            for watch in list(self._watches.values())
        ]

    def _note_acceptance(self, reply: Reply, now: float) -> None:
        self._probe_until = -inf
        # A throttled or failed question may never have come as far as its credentials.
        if not isinstance(reply, _SAYS_NOTHING):
            self._accepted_at = now
            self._lease.accepted = True

    def _changes(
        self, before: Mapping[str, Any] | None, watch: Watch, now: float
    ) -> Sequence[Event]:
        if watch.cause is not None:
            return (PollFailed(watch.job_id, watch.cause, max(watch.due - now, 0.0)),)
        record = watch.record
        if record is None or record is before:
            return ()
        if before is None:
            return [Visible(watch.job_id, Job.from_record(record)), *self._oddity(record)]
        if record["status"] == before["status"] and record.get("progress") == before.get(
            "progress"
        ):
            return ()
        news = Progressed(watch.job_id, Job.from_record(record), Job.from_record(before))
        return [news, *self._oddity(record)]

    def _oddity(self, record: Mapping[str, Any]) -> Iterator[Event]:
        job = Job.from_record(record)
        if not job.has_known_status and job.status not in self._odd_statuses:
            self._odd_statuses.add(job.status)
            yield UnknownStatus(job.id, job.status)

    def _end(self, watch: Watch, outcome: Outcome) -> Ended:
        others = self._others.get(watch.job_id, ())
        owners = (watch.owner, *(owner for _, owner in others))
        self._drop(watch)
        return Ended(watch.job_id, outcome, owners)

    def _expire(self, watch: Watch, now: float) -> list[Event]:
        """End the waits for this job whose deadline has come."""
        ended: list[Event] = []
        while watch.deadline <= now:
            outcome = watch.timed_out(watch.deadline, now)
            ended.append(Ended(watch.job_id, outcome, (watch.owner,)))
            if not self._next_owner(watch):
                break
        return ended

    def _refuse_all(self, refusal: Refusal, now: float) -> list[Event]:
        self._refusal = refusal
        watches = list(self._watches.values())
        return [self._end(watch, watch.refused(refusal, now, self.rules)) for watch in watches]

    def lapse(self, now: float) -> list[Event]:
        """End the waits whose last look could not even be sent within LAST_LOOK.

        To be called at least once a second while questions are due and none can leave.
        """
        late = [
            watch
            for watch in self._watches.values()
            if watch.by is None and watch.deadline + LAST_LOOK <= now
        ]
        return [event for watch in late for event in self._expire(watch, now)]


def _deadline(entry: tuple[float, object]) -> float:
    return entry[0]
