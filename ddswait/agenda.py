"""Every watched job: which question to send next, and when. Pure: no clock, no loop, no socket.

    The rules

    1. One watch, one stream of looks, however many callers wait for the job; at most one look at
       a job is under way.
    2. All questions pass one budget (budget.py). While it suffices, whoever is due first is asked
       about first; when it does not, whoever is most overdue for its own interval (ready.py).
    3. One list request may take the place of many looks (sweep.py). It never ends a wait.
    4. Until the credentials have been accepted lately, questions leave one at a time (leasing.py):
       a key that is refused more than five times in a row is locked for five minutes (API
       Gateway), so a thousand jobs must not find out together.
    5. A refusal that concerns all ends every wait, and every later one without a question.
    6. Credentials that renew are renewed before they end, while the old ones still serve, and
       once upon a 401: one renewal for all, during which no question leaves. What was refused
       with the old key is asked again; a new key that is refused too ends every wait, and so
       does a renewal that brings the refused key again. A renewal that is refused while the old
       key serves is not asked for again before that is refused too.
    7. A deadline belongs to a caller, an ending to the job: when a caller's deadline passes,
       the others wait on.
    8. A caller who wants the instance of a completed job ready too has looks of its own
       (readiness.py), which go where those at jobs go: one budget, one lease, one refusal. That
       instances may not be looked at says nothing of jobs.
    9. How long past jobs took is learned from every job that completes, and from one list of the
       last month's, if that may be read.

An entry of the timetable is stale, and skipped, when its job has gone or is due at another time.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from ddswait import pace
from ddswait.api import (
    Completed,
    Fault,
    InstanceState,
    Listed,
    NotVisible,
    Running,
    Throttled,
    moment_of,
)
from ddswait.budget import Budget
from ddswait.durations import Durations
from ddswait.events import Ended, Event, ListRefused, Looked, RenewalFailed, Tracked
from ddswait.job import Job
from ddswait.leasing import Leasing
from ddswait.looks import AGAIN, LAST_LOOK
from ddswait.news import News
from ddswait.outcome import Refusal
from ddswait.question import Ask, Look, Renew, Renewed, Rest, Sweep
from ddswait.readiness import Readiness
from ddswait.ready import Ready
from ddswait.sweep import Sweeping
from ddswait.timetable import Timetable
from ddswait.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from random import Random

    from ddswait.api import Reply
    from ddswait.looks import Looks
    from ddswait.outcome import Outcome
    from ddswait.pace import Past
    from ddswait.readiness import State
    from ddswait.watch import Rules

    Answer = Reply | InstanceState | Listed | Renewed

_SAYS_NOTHING = (Fault, Throttled, Refusal)  # of the credentials having been accepted
_OF_OTHERS = (InstanceState, Listed, Renewed)  # answers to other questions than Ask
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_STALE_ENTRIES = 64  # too few to be worth a clean-up
_PLENTY = 100  # questions that may leave at once: so many that their order does not matter
_LAPSE_EVERY = 1.0  # seconds
_CLOCK_EVERY = 60.0  # seconds: to read a Date costs more than all else that a look does
_CLOCK_OFF = 5.0  # seconds: a Date has whole ones, and took its time to come
_PAST_AGAIN = 60.0  # seconds after which to ask for past jobs again, if that failed
_ENOUGH = 5  # past jobs of a name: more of them would tell little more
_FINAL = frozenset({"Completed", "Failed"})
_LONGEST_AGE = 31 * 86400.0  # tasks older than a month cannot be asked about


class Agenda:
    """Many watches, and which of them to look at next.

    Args:
        rules: intervals and bounds, in seconds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        renews: whether the credentials must be obtained first, and can be renewed.
        budget: how many questions may leave; None for ten per second.
        durations: what is known of past jobs; None for nothing yet.

    Attributes:
        closely: whether to tell of each look (`Looked`).
        lists: whether lists may be asked for at all.
    """

    def __init__(
        self,
        rules: Rules,
        random: Random,
        *,
        renews: bool = False,
        budget: Budget | None = None,
        durations: Durations | None = None,
    ) -> None:
        self.rules = rules
        self.budget = budget or Budget()
        self.durations = Durations() if durations is None else durations
        self.closely = False
        self._random = random
        self._watches: dict[str, Watch] = {}
        self._others: dict[str, list[tuple[float, object]]] = {}
        self._readying: dict[object, Readiness] = {}  # by owner
        self._timetable = Timetable()
        self._ready = Ready(self._wanted)
        self._sweeping = Sweeping()
        self._newcomers: set[str] = set()  # never asked about, and not looked for in a list
        self._held: list[Looks] = []  # due, and waiting for the list that is being read
        self._gone: deque[Watch] = deque()  # a list should have held them, and did not
        self._lacked: set[str] = set()  # job IDs of those that have not been looked at since
        self._listed_last = False
        self._past_at: float | None = None  # when to ask for past jobs; inf for not (again)
        self._server_ahead: float | None = None  # seconds since 1970, when our own clock is 0
        self._clock_at = -inf  # when to read the server's clock again
        self._heard_at = -inf  # the API answered anybody, if only with a 429
        self._refusal: Refusal | None = None
        self._blinded: Refusal | None = None  # of looks at instances only
        self._doubt: Refusal | None = None  # the 401 that the renewal under way is to cure
        self._lease = Leasing(renews=renews)
        self._news = News()

    @property
    def lists(self) -> bool:
        """Whether tasks may be listed, as far as is known; set to False to never ask."""
        return self._sweeping.allowed

    @lists.setter
    def lists(self, allowed: bool) -> None:
        if not allowed:
            self._sweeping.forbid()

    def __len__(self) -> int:
        return len(self._watches) + len(self._readying)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._watches

    def __iter__(self) -> Iterator[Looks]:
        yield from self._watches.values()
        yield from self._readying.values()

    # ---- who waits

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
        self._newcomers.add(job_id)
        self._timetable.push(watch)
        return (Tracked(job_id),)

    def make_ready(
        self, outcome: Outcome, deadline: float, owner: object, now: float
    ) -> Sequence[Event]:
        """Begin to look at the instance of a completed job, until it takes the next operation.

        Args:
            outcome: the job's; it names an instance.
            deadline: when this owner's wait times out.
            owner: comes back in `Ended.owners`; has no other such wait.
            now: the time.
        """
        readiness = Readiness(outcome, now, deadline, owner)
        if (refusal := self._refusal or self._blinded) is not None:
            return (_ended(readiness, readiness.refused(refusal, now, self.rules)),)
        self._readying[owner] = readiness
        self._timetable.push(readiness)
        return ()

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
        if (readiness := self._readying.get(owner)) is not None:
            self._drop(readiness)
            return
        watch = self._watches.get(job_id)
        if watch is None:
            return
        if watch.owner is owner:
            self._next_owner(watch)
            return
        others = self._others.get(job_id, [])
        others[:] = [entry for entry in others if entry[1] is not owner]

    def _others_of(self, watch: Looks) -> list[tuple[float, object]]:
        return self._others.get(watch.job_id, []) if isinstance(watch, Watch) else []

    def _next_owner(self, watch: Looks) -> bool:
        """Hand the watch to the owner with the next deadline; without one, drop it."""
        if others := self._others_of(watch):
            watch.deadline, watch.owner = others.pop(0)
            return True
        self._drop(watch)
        return False

    def _drop(self, watch: Looks) -> None:
        if isinstance(watch, Watch):
            del self._watches[watch.job_id]
            self._others.pop(watch.job_id, None)
        else:
            del self._readying[watch.owner]
        watch.due = inf
        for noted in (self._newcomers, self._lacked, self._sweeping.unlisted):
            noted.discard(watch.job_id)
        self._ready.discard(watch)
        if len(self._timetable) > 2 * len(self) + _STALE_ENTRIES:
            waiting = (each for each in self if each.by is None)
            self._timetable.rebuild(each for each in waiting if each not in self._ready)

    def owners(self) -> Iterator[object]:
        """Return all who wait."""
        for watch in self:
            yield watch.owner
            yield from (owner for _, owner in self._others_of(watch))

    # ---- what to ask

    def due_at(self) -> float:
        """Return when the next look is due, -inf when one is overdue; inf when none is."""
        return -inf if self._ready else self._scheduled()

    def asks_at(self, now: float) -> float:
        """Return when the next question may leave, be it a look or a list; inf for none."""
        due = min(self.due_at(), self._list_due_at(now))
        return max(due, self.budget.at(now)) if due < inf else inf

    def _scheduled(self) -> float:
        while (entry := self._timetable.first()) is not None:
            due, _, watch = entry
            if watch.due == due and watch.by is None:
                return due
            self._timetable.pop()
        return inf

    def next(self, now: float) -> Ask | Look | Renew | Sweep | Rest:
        """Return the question to send now, or how long there is none.

        While something is due and cannot leave, that is a second at the most; call lapse() then.
        """
        lease = self._lease
        renews = lease.renews and bool(self._watches or self._readying)
        if renews:
            if lease.starts(now):
                return Renew(now + self.rules.request_timeout)
            if lease.blocked:
                # No question may leave, but deadlines pass: lapse() ends them.
                return Rest(min(lease.due, max(self.due_at(), now + _LAPSE_EVERY)))
        due = min(self.due_at(), self._list_due_at(now))
        if due > now:
            return Rest(min(due, lease.due) if renews else due)
        at = max(self.budget.at(now), lease.ask_at(now))
        if at > now:
            return Rest(min(at, now + _LAPSE_EVERY))
        question = self._question(now)
        if isinstance(question, Rest):
            return question
        lease.asked(now)
        self.budget.spend(now)
        return question

    def _list_due_at(self, now: float) -> float:
        """Return when a page of some list is due; inf when none is."""
        sweeping = self._sweeping
        if not sweeping.allowed or self._server_ahead is None or not self._watches:
            return inf
        past_at = inf if self._past_at is None else self._past_at
        return min(past_at, now if sweeping.page_due else sweeping.due)

    def _question(self, now: float) -> Ask | Look | Sweep | Rest:
        """Return what to ask, now that something is due and may leave."""
        plenty = not self._ready and not self._sweeping.expected
        if plenty and self._scheduled() <= now and self.budget.left(now) >= _PLENTY:
            if question := self._list_question(now):
                return question
            return self._ask(self._timetable.pop()[2], now)  # ranking costs, and would not matter
        self._gather(now)
        # What a list no longer holds has most likely ended: no question is worth more.
        while self._gone:
            gone = self._gone.popleft()
            if gone in self._ready and gone.by is None:
                self._ready.discard(gone)
                return self._ask(gone, now)
        # Where there is budget for one only, lists and single looks take turns: neither starves.
        turn = self._ready.pop(now) if self._listed_last else None
        if turn is None and (question := self._list_question(now)):
            self._listed_last = True
            return question
        self._listed_last = False
        watch = turn or self._ready.pop(now)
        return self._ask(watch, now) if watch is not None else Rest(now + AGAIN)

    def _ask(self, watch: Looks, now: float) -> Ask | Look:
        self._newcomers.discard(watch.job_id)
        watch.ask(now, self.rules, self._heard_at)
        if isinstance(watch, Watch):
            return Ask(watch.job_id, watch, self._lease.count, now)
        assert isinstance(watch, Readiness)  # noqa: S101 - there are no others
        return Look(watch.instance_id, watch, self._lease.count, now)

    def _gather(self, now: float) -> None:
        """Move what is due from the timetable to where urgency is compared."""
        while self._scheduled() <= now:
            watch = self._timetable.pop()[2]
            if watch.job_id in self._sweeping.expected and self._may_list(watch, now):
                self._hold(watch)
            else:
                self._ready.add(watch)

    # ---- lists

    def _list_question(self, now: float) -> Sweep | None:
        sweeping = self._sweeping
        if not sweeping.allowed or self._server_ahead is None:
            return None
        if self._past_at is not None and self._past_at <= now:
            self._past_at = inf
            return self._page("Completed", 0, now)
        if sweeping.page_due:
            return self._page("Running", sweeping.offset or 0, now)
        if sweeping.offset is not None:
            return None
        if not (sweeping.due <= now or sweeping.pays_for(len(self._newcomers))):
            if sweeping.should_consider(now):
                self._plan(now)
            return None
        self._begin_sweep(now)
        return self._page("Running", 0, now)

    def _page(self, status: str, offset: int, now: float) -> Sweep:
        if status == "Running":
            self._sweeping.asked = True
        moment = now + (self._server_ahead or 0.0)
        by = now + self.rules.request_timeout
        return Sweep(status, offset, moment, by, self._lease.count, now)

    def _may_list(self, watch: Looks, now: float) -> bool:
        """Whether a list may stand for the next look at a job."""
        if not isinstance(watch, Watch):
            return False
        if watch.by is not None or now >= watch.deadline or watch.job_id in self._sweeping.unlisted:
            return False
        if watch.record is None:
            return not watch.polls
        return now - watch.asked < self.rules.trust

    def _begin_sweep(self, now: float) -> None:
        """Begin to read the list; what it may tell of waits for it."""
        self._newcomers.clear()
        sweeping = self._sweeping
        sweeping.begin(
            watch.job_id for watch in self._watches.values() if self._may_list(watch, now)
        )
        for watch in self._ready:
            if watch.job_id in sweeping.expected and self._may_list(watch, now):
                self._ready.discard(watch)
                self._hold(watch)

    def _hold(self, watch: Looks) -> None:
        """Let a due watch wait for the list, but not beyond its deadline."""
        self._held.append(watch)
        watch.due = watch.deadline
        self._timetable.push(watch)

    def _plan(self, now: float) -> None:
        """Work out when the next sweep is due, if it pays."""
        unlisted = self._sweeping.unlisted
        self._sweeping.plan(
            (
                watch.hazard(now, self._past_of(watch))
                for watch in self._watches.values()
                if watch.record is not None and watch.job_id not in unlisted
            ),
            self.rules.interval,
            self.budget.spacing(now),
            now,
        )

    def _wanted(self, watch: Looks, now: float) -> float:
        """Return the interval that a watch wants by now, which may be long after its last look."""
        interval = self.rules.interval
        if not isinstance(watch, Watch) or watch.record is None:
            return interval / 4  # a first look at a thousand jobs must not push aside all others
        age, waited = now - watch.born, now - watch.good_at
        return pace.by_now(interval, age, waited, self._past_of(watch), watch.told)

    def _past_of(self, watch: Watch) -> Past | None:
        return None if watch.record is None else self.durations.of(_name(watch.record))

    def _listed(self, sweep: Sweep, reply: Reply | Listed, now: float) -> Sequence[Event]:
        """Take a page of a list, or that there is none."""
        if isinstance(reply, Listed):
            self._accept(sweep, now)
            if sweep.status == "Completed":
                for job in sorted(map(Job.from_record, reply.records), key=_ended_at):
                    self.durations.learn(job)  # the oldest first: the latest are kept
                return ()
            return self._take_page(reply, now)
        if isinstance(reply, Refusal):
            return self._list_refused(sweep, reply, now)
        if isinstance(reply, Throttled):
            self._learn_limit(reply, sweep.at, now)
        retry_after = reply.retry_after if isinstance(reply, Fault | Throttled) else 0.0
        if sweep.status == "Completed":
            self._past_at = now + max(_PAST_AGAIN, retry_after)
            return ()
        self._sweeping.failed(now, self._random, retry_after)
        self._let_held_go(now)
        return ()

    def _take_page(self, page: Listed, now: float) -> Sequence[Event]:
        if self._sweeping.offset is None:
            return ()  # lists were given up meanwhile
        events: list[Event] = []
        for record in page.records:
            job_id = record.get("id")
            watch = self._watches.get(job_id) if isinstance(job_id, str) else None
            if watch is not None and watch.by is None and not _is_final(record):
                events += self._see(watch, record, now)
        if self._sweeping.page(len(page.records), page.total, now):
            self._end_sweep(now)
        return events

    def _see(self, watch: Watch, record: Mapping[str, Any], now: float) -> Sequence[Event]:
        """Take a list's word that a job is running."""
        sweeping = self._sweeping
        sweeping.seen.add(watch.job_id)
        sweeping.unlisted.discard(watch.job_id)
        self._lacked.discard(watch.job_id)
        if not isinstance(record.get("status"), str) or now >= watch.deadline:
            return ()
        before = watch.record
        if before is None:
            self._birth(watch, record, now)
        past = self.durations.of(_name(record)) if before is None else self._past_of(watch)
        watch.listed(record, now, self.rules, self._random, past)
        self._ready.discard(watch)
        self._timetable.push(watch)
        news = self._news.of(before, watch, now)
        return [*news, Looked(watch.job_id, "sweep", watch.due - now)] if self.closely else news

    def _end_sweep(self, now: float) -> None:
        """Ask singly about every job that the list should have held and did not."""
        sweeping = self._sweeping
        for job_id in () if sweeping.given_up else sweeping.expected - sweeping.seen:
            watch = self._watches.get(job_id)
            if watch is None or watch.by is not None:
                continue
            if watch.record is not None:
                sweeping.unlisted.add(job_id)  # until a list holds it again
                self._lacked.add(job_id)
            watch.due = min(now, watch.due)
            self._ready.add(watch)
            self._gone.append(watch)
        sweeping.expected = set()
        self._let_held_go(now)
        self._plan(now)

    def _let_held_go(self, now: float) -> None:
        """Ask singly about every job that waited for the list and was not in it."""
        held, self._held = self._held, []
        self._sweeping.expected = set()
        for watch in held:
            if watch.by is None and watch.due == watch.deadline and now < watch.deadline:
                watch.due = now
                self._ready.add(watch)

    def _list_refused(self, sweep: Sweep, refusal: Refusal, now: float) -> Sequence[Event]:
        """Give up lists for good; but a 401 concerns every question."""
        if refusal.http_status == _UNAUTHORIZED:
            self._sweeping.failed(now, self._random)
            self._let_held_go(now)
            if self._is_cured(refusal, sweep.lease, now):
                return ()
            return self._refuse_all(self._dated(refusal, now), now)
        self._sweeping.forbid()
        self._let_held_go(now)
        return (ListRefused(str(refusal)),)

    # ---- what was answered

    def take(self, ask: Ask | Look | Renew | Sweep, reply: Answer, now: float) -> Sequence[Event]:
        """Take the answer to a question; return what happened, oldest first."""
        if isinstance(ask, Renew):
            assert not isinstance(reply, InstanceState | Listed)  # noqa: S101 - of other questions
            return self._renewed(reply, now)
        self._lease.answered(ask.lease)
        if isinstance(ask, Ask):
            assert not isinstance(reply, _OF_OTHERS)  # noqa: S101
            return self._answered(ask, reply, now)
        if isinstance(ask, Sweep):
            assert not isinstance(reply, InstanceState | Renewed)  # noqa: S101
            return self._listed(ask, reply, now)
        assert isinstance(reply, InstanceState | Fault | Throttled | Refusal)  # noqa: S101
        return self._seen_instance(ask, reply, now)

    def _answered(self, ask: Ask, reply: Reply, now: float) -> Sequence[Event]:
        """Take the answer to a look at a job."""
        watch = ask.watch
        if not isinstance(reply, _SAYS_NOTHING):
            self._accept(ask, now)
            self._learn(watch, reply, now)
        elif isinstance(reply, Throttled):
            reply = self._learn_limit(reply, ask.at, now)
        if watch.due == inf:
            return ()
        if isinstance(reply, Refusal) and reply.concerns_all:
            return self._refused(ask, reply, now)
        return self._looked(watch, reply, now)

    def _looked(self, watch: Watch, reply: Reply, now: float) -> Sequence[Event]:
        before = watch.record
        why = self._why(watch) if self.closely else ""
        self._lacked.discard(watch.job_id)
        outcome = watch.take(reply, now, self.rules, self._random, self._past_of(watch))
        news = self._news.of(before, watch, now)
        if self.closely:
            pause = 0.0 if outcome else watch.due - now
            news = [*news, Looked(watch.job_id, why, pause)]
        if outcome is not None:
            return [*news, self._end(watch, outcome)]
        if now < watch.deadline:
            self._timetable.push(watch)
            return news
        ended = self._expire(watch, now)
        if watch.due < inf:
            watch.due = min(watch.due, watch.deadline)
            self._timetable.push(watch)
        return [*news, *ended]

    def _seen_instance(self, look: Look, reply: State, now: float) -> Sequence[Event]:
        """Take the answer to a look at an instance."""
        readiness = look.readiness
        if isinstance(reply, InstanceState):
            self._accept(look, now)
        elif isinstance(reply, Throttled):
            reply = self._learn_limit(reply, look.at, now)
        if readiness.due == inf:
            return ()
        if isinstance(reply, Refusal) and reply.concerns_all:
            return self._refused(look, reply, now)
        outcome = readiness.take(reply, now, self.rules, self._random)
        if outcome is not None:
            return (self._end(readiness, outcome),)
        self._timetable.push(readiness)
        return ()

    def _accept(self, ask: Ask | Look | Sweep, now: float) -> None:
        self._lease.accept(ask.lease, now)
        self._heard_at = now
        self.budget.answered()

    def _why(self, watch: Watch) -> str:
        """Return why the look was taken that is being answered."""
        if watch.by is not None and watch.by > watch.deadline:
            return "deadline"
        if watch.faults:
            return "fault"
        if watch.job_id in self._lacked:
            return "unlisted"
        if watch.record is not None:
            return "pace"
        return "grace" if watch.polls else "first"

    def _learn(self, watch: Watch, reply: Reply, now: float) -> None:
        """Learn what an answer tells beyond its own job."""
        if isinstance(reply, Completed):
            self.durations.learn(reply.job)
        if now >= self._clock_at and isinstance(reply, Running | NotVisible):
            self._read_clock(reply.date, now)
        if isinstance(reply, Running) and watch.record is None:
            self._birth(watch, reply.record, now)

    def _read_clock(self, date: str, now: float) -> None:
        """Follow the server's clock: ours stands still while the machine sleeps."""
        moment = moment_of(date)
        if moment is None:
            return
        self._clock_at = now + _CLOCK_EVERY
        ahead = moment - now
        if self._server_ahead is None or abs(ahead - self._server_ahead) > _CLOCK_OFF:
            self._server_ahead = ahead

    def _birth(self, watch: Watch, record: Mapping[str, Any], now: float) -> None:
        """Note how old a job is by the server's clock, at its first sight."""
        job = Job.from_record(record)
        if job.created is not None and self._server_ahead is not None:
            age = now + self._server_ahead - job.created.timestamp()
            watch.born = now - min(max(age, 0.0), _LONGEST_AGE)
        if self._past_at is None and self.durations.count(job.name) < _ENOUGH:
            self._past_at = now

    def _learn_limit(self, reply: Throttled, asked_at: float, now: float) -> Throttled:
        """Let the budget learn from a 429; return it with the time that the budget waits."""
        self._heard_at = now
        self.budget.throttled(
            reply.limit, reply.window, reply.retry_after, asked_at, now, reply.policy
        )
        wait = self.budget.at(now) - now if reply.limit is not None else 0.0
        return reply._replace(retry_after=max(reply.retry_after, wait))

    def _refused(self, ask: Ask | Look, refusal: Refusal, now: float) -> Sequence[Event]:
        watch = ask.readiness if isinstance(ask, Look) else ask.watch
        if self._is_cured(refusal, ask.lease, now):
            return self._ask_again(watch, now)
        watch.polls += 1
        refusal = self._dated(refusal, now)
        if isinstance(ask, Look) and refusal.http_status == _FORBIDDEN:
            self._blinded = refusal
            return self._refuse(self._readying.values(), refusal, now)
        return self._refuse_all(refusal, now)

    def _is_cured(self, refusal: Refusal, lease: int, now: float) -> bool:
        """Whether a refusal may pass by renewing the credentials, which then is to begin."""
        if refusal.http_status != _UNAUTHORIZED or not self._lease.cures(lease, now):
            return False
        if self._lease.blocked and self._doubt is None:
            self._doubt = self._dated(refusal, now)
        return True

    def _dated(self, refusal: Refusal, now: float) -> Refusal:
        """Return a refusal that tells when the same credentials were last accepted."""
        if refusal.http_status != _UNAUTHORIZED or not self._lease.accepted:
            return refusal
        return replace(refusal, accepted_ago=now - self._lease.accepted_at)

    def _ask_again(self, watch: Looks, now: float) -> Sequence[Event]:
        watch.by = None
        ended = self._expire(watch, now)
        if watch.due < inf:
            watch.due = min(now + AGAIN, watch.deadline)
            self._timetable.push(watch)
        return ended

    def _renewed(self, reply: Reply | Renewed, now: float) -> Sequence[Event]:
        lease = self._lease
        if isinstance(reply, Renewed):
            doubt, self._doubt = self._doubt, None
            lease.renewed(reply.renew_in, now, same=reply.same)
            return self._refuse_all(doubt, now) if reply.same and doubt else ()
        if isinstance(reply, Refusal):
            if lease.blocked:
                return self._refuse_all(reply.for_all(), now)
            lease.refused()
            return (RenewalFailed(str(reply), None),)
        fault = reply if isinstance(reply, Fault | Throttled) else Fault(str(reply))
        patience = self.rules.unreachable_after
        blind = lease.failed(_pause_of(fault), patience, now, self._random)
        told = RenewalFailed(fault.cause, lease.due - now)
        if blind < patience:
            return (told,)
        why = f"no credentials: {fault.cause}"
        ended = [self._end(each, each.unreached(why, now, self.rules)) for each in list(self)]
        return [told, *ended]

    # ---- how it ends

    def _end(self, watch: Looks, outcome: Outcome) -> Ended:
        others = (owner for _, owner in self._others_of(watch))
        ended = _ended(watch, outcome, *others)
        self._drop(watch)
        return ended

    def _expire(self, watch: Looks, now: float) -> list[Event]:
        """End the waits for this job whose deadline has come."""
        ended: list[Event] = []
        while watch.deadline <= now:
            outcome = watch.timed_out(watch.deadline, now)
            ended.append(_ended(watch, outcome))
            if not self._next_owner(watch):
                break
        return ended

    def _refuse_all(self, refusal: Refusal, now: float) -> list[Event]:
        self._refusal = refusal
        return self._refuse(self, refusal, now)

    def _refuse(self, watches: Iterable[Looks], refusal: Refusal, now: float) -> list[Event]:
        return [self._end(each, each.refused(refusal, now, self.rules)) for each in list(watches)]

    def lapse(self, now: float) -> list[Event]:
        """End the waits whose last look could not even be sent within LAST_LOOK.

        To be called at least once a second while questions are due and none can leave.
        """
        self._gather(now)
        late = [watch for watch in self._ready if watch.deadline + LAST_LOOK <= now]
        return [event for watch in late if watch.by is None for event in self._expire(watch, now)]


def _ended(watch: Looks, outcome: Outcome, *others: object) -> Ended:
    owners = (watch.owner, *others)
    return Ended(watch.job_id, outcome, owners, isinstance(watch, Readiness))


def _pause_of(fault: Fault | Throttled) -> float:
    """Return the seconds to leave a source of credentials alone, as far as it says."""
    if isinstance(fault, Throttled) and fault.limit and fault.window:
        return max(fault.retry_after, fault.window / fault.limit)
    return fault.retry_after


def _deadline(entry: tuple[float, object]) -> float:
    return entry[0]


def _ended_at(job: Job) -> float:
    return -inf if job.ended is None else job.ended.timestamp()


def _name(record: Mapping[str, Any]) -> str:
    name = record.get("name")
    return name if isinstance(name, str) else ""


def _is_final(record: Mapping[str, Any]) -> bool:
    status = record.get("status")
    return isinstance(status, str) and status in _FINAL
