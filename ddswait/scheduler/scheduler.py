"""Every watched job: which question to send next, and when. Pure: no clock, no loop, no socket.

    The rules

    1. One watch, one stream of looks, however many callers wait for the job; at most one look at
       a job is under way.
    2. All questions pass one budget (budget.py). While it suffices, whoever is due first is asked
       about first; when it does not, whoever is most overdue for its own interval (ready.py).
    3. One list request may take the place of many looks (listing.py). It never ends a wait.
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

Who waits, and whose look is due, is kept in roster.py; which lists to read, in listing.py; what is
known beyond single jobs, in almanac.py.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from ddswait.events import Ended, Event, ListRefused, Polled, RenewalFailed, Tracked
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler import poll_interval as pace
from ddswait.scheduler.actions import (
    ListJobs,
    PollInstance,
    PollJob,
    RenewCredentials,
    Renewed,
    Wait,
)
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.list_polling import ListPolling
from ddswait.scheduler.news import News
from ddswait.scheduler.poll import AGAIN, LAST_LOOK
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.server_clock import ServerClock
from ddswait.scheduler.subscribers import Subscribers
from ddswait.service.dds import (
    Completed,
    InstanceState,
    JobPage,
    Running,
    Throttled,
    TransientFailure,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from ddswait.outcome import Outcome
    from ddswait.scheduler.instance_poll import State
    from ddswait.scheduler.job_poll import PollSettings
    from ddswait.scheduler.poll import Poll
    from ddswait.service.dds import Reply

    Answer = Reply | InstanceState | JobPage | Renewed

_SAYS_NOTHING = (TransientFailure, Throttled, Refusal)  # of the credentials having been accepted
_OF_OTHERS = (InstanceState, JobPage, Renewed)  # answers to other questions than Ask
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_PLENTY = 100  # questions that may leave at once: so many that their order does not matter
_LAPSE_EVERY = 1.0  # seconds


class Scheduler:
    """Many watches, and which of them to look at next.

    Args:
        rules: intervals and bounds, in seconds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        renews: whether the credentials must be obtained first, and can be renewed.
        budget: how many questions may leave; None for ten per second.
        durations: what is known of past jobs; None for nothing yet.

    Attributes:
        closely: whether to tell of each look (`Polled`).
        lists: whether lists may be asked for at all.
    """

    def __init__(
        self,
        rules: PollSettings,
        random: Random,
        *,
        renews: bool = False,
        budget: RateLimiter | None = None,
        durations: Durations | None = None,
    ) -> None:
        self.rules = rules
        self.budget = budget or RateLimiter()
        self.closely = False
        self._random = random
        self._clock = ServerClock(Durations() if durations is None else durations)
        self._subscribers = Subscribers(self._wanted)
        self._news = News()
        self._listing = ListPolling(
            rules, random, self._subscribers, self._clock, self.budget, self._news
        )
        self._lease = CredentialRenewal(renews=renews)
        self._listed_last = False
        self._heard_at = -inf  # the API answered anybody, if only with a 429
        self._refusal: Refusal | None = None
        self._blinded: Refusal | None = None  # of looks at instances only
        self._doubt: Refusal | None = None  # the 401 that the renewal under way is to cure

    @property
    def durations(self) -> Durations:
        """What is known of past jobs."""
        return self._clock.durations

    @property
    def lists(self) -> bool:
        """Whether tasks may be listed, as far as is known; set to False to never ask."""
        return self._listing.sweeping.allowed

    @lists.setter
    def lists(self, allowed: bool) -> None:
        if not allowed:
            self._listing.sweeping.forbid()

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._subscribers.watches

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._subscribers)

    # ---- who waits

    def track(self, job_id: str, deadline: float, owner: object, now: float) -> Sequence[Event]:
        """Begin to watch a job for `owner`, or let `owner` join those who wait for it.

        Args:
            job_id: a checked job ID.
            deadline: when this owner's wait times out.
            owner: comes back in `Ended.owners`; never looked into.
            now: the time.
        """
        watch = self._subscribers.watches.get(job_id)
        if watch is not None:
            self._subscribers.join(watch, deadline, owner)
            return ()
        watch = JobPoll(job_id, now, deadline, owner)
        if self._refusal is not None:
            outcome = watch.refused(self._refusal, now, self.rules)
            return (Ended(job_id, outcome, (owner,)),)
        self._subscribers.add(watch)
        self._listing.newcomers.add(job_id)
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
        readiness = InstancePoll(outcome, now, deadline, owner)
        if (refusal := self._refusal or self._blinded) is not None:
            return (_ended(readiness, readiness.refused(refusal, now, self.rules)),)
        self._subscribers.add_readiness(readiness)
        return ()

    def release(self, job_id: str, owner: object) -> None:
        """Let one owner go; when the last one goes, the watch ends without an outcome."""
        if (watch := self._subscribers.release(job_id, owner)) is not None:
            self._drop(watch)

    def _drop(self, watch: Poll) -> None:
        self._subscribers.drop(watch)
        self._listing.forget(watch.job_id)

    def owners(self) -> Iterator[object]:
        """Return all who wait."""
        return self._subscribers.owners()

    # ---- what to ask

    def due_at(self) -> float:
        """Return when the next look is due, -inf when one is overdue; inf when none is."""
        return self._subscribers.due_at()

    def asks_at(self, now: float) -> float:
        """Return when the next question may leave, be it a look or a list; inf for none."""
        due = min(self.due_at(), self._listing.due_at(now))
        return max(due, self.budget.at(now)) if due < inf else inf

    def next(self, now: float) -> PollJob | PollInstance | RenewCredentials | ListJobs | Wait:
        """Return the question to send now, or how long there is none.

        While something is due and cannot leave, that is a second at the most; call lapse() then.
        """
        lease = self._lease
        renews = lease.renews and len(self._subscribers) > 0
        if renews:
            if lease.starts(now):
                return RenewCredentials(now + self.rules.request_timeout)
            if lease.blocked:
                # No question may leave, but deadlines pass: lapse() ends them.
                return Wait(min(lease.due, max(self.due_at(), now + _LAPSE_EVERY)))
        due = min(self.due_at(), self._listing.due_at(now))
        if due > now:
            return Wait(min(due, lease.due) if renews else due)
        at = max(self.budget.at(now), lease.ask_at(now))
        if at > now:
            return Wait(min(at, now + _LAPSE_EVERY))
        question = self._question(now)
        if isinstance(question, Wait):
            return question
        lease.asked(now)
        self.budget.spend(now)
        return question

    def _question(self, now: float) -> PollJob | PollInstance | ListJobs | Wait:
        """Return what to ask, now that something is due and may leave."""
        subscribers, listing = self._subscribers, self._listing
        plenty = not subscribers.ready and not listing.sweeping.expected
        if plenty and subscribers.scheduled() <= now and self.budget.left(now) >= _PLENTY:
            if question := listing.question(self._lease.count, now):
                return question
            return self._ask(subscribers.pop(), now)  # ranking costs, and would not matter
        self._gather(now)
        # What a list no longer holds has most likely ended: no question is worth more.
        if (gone := listing.next_gone()) is not None:
            return self._ask(gone, now)
        # Where there is budget for one only, lists and single looks take turns: neither starves.
        turn = subscribers.ready.pop(now) if self._listed_last else None
        if turn is None and (question := listing.question(self._lease.count, now)):
            self._listed_last = True
            return question
        self._listed_last = False
        watch = turn or subscribers.ready.pop(now)
        return self._ask(watch, now) if watch is not None else Wait(now + AGAIN)

    def _ask(self, watch: Poll, now: float) -> PollJob | PollInstance:
        self._listing.newcomers.discard(watch.job_id)
        watch.ask(now, self.rules, self._heard_at)
        if isinstance(watch, JobPoll):
            return PollJob(watch.job_id, watch, self._lease.count, now)
        assert isinstance(watch, InstancePoll)  # noqa: S101 - there are no others
        return PollInstance(watch.instance_id, watch, self._lease.count, now)

    def _gather(self, now: float) -> None:
        """Move what is due from the timetable to where urgency is compared."""
        while self._subscribers.scheduled() <= now:
            watch = self._subscribers.pop()
            if self._listing.holds(watch, now):
                self._listing.hold(watch)
            else:
                self._subscribers.ready.add(watch)

    def _wanted(self, watch: Poll, now: float) -> float:
        """Return the interval that a watch wants by now, which may be long after its last look."""
        interval = self.rules.interval
        if not isinstance(watch, JobPoll) or watch.record is None:
            return interval / 4  # a first look at a thousand jobs must not push aside all others
        age, waited = now - watch.born, now - watch.good_at
        return pace.by_now(interval, age, waited, self._clock.past_of(watch), watch.told)

    # ---- what was answered

    def take(
        self, ask: PollJob | PollInstance | RenewCredentials | ListJobs, reply: Answer, now: float
    ) -> Sequence[Event]:
        """Take the answer to a question; return what happened, oldest first."""
        if isinstance(ask, RenewCredentials):
            assert not isinstance(reply, InstanceState | JobPage)  # noqa: S101 - of other questions
            return self._renewed(reply, now)
        self._lease.answered(ask.lease)
        if isinstance(ask, PollJob):
            assert not isinstance(reply, _OF_OTHERS)  # noqa: S101
            return self._answered(ask, reply, now)
        if isinstance(ask, ListJobs):
            assert not isinstance(reply, InstanceState | Renewed)  # noqa: S101
            return self._listed(ask, reply, now)
        assert isinstance(reply, InstanceState | TransientFailure | Throttled | Refusal)  # noqa: S101
        return self._seen_instance(ask, reply, now)

    def _answered(self, ask: PollJob, reply: Reply, now: float) -> Sequence[Event]:
        """Take the answer to a look at a job."""
        watch = ask.watch
        if not isinstance(reply, _SAYS_NOTHING):
            self._accept(ask, now)
            self._learn(watch, reply, now)
        elif isinstance(reply, Throttled):
            reply = self._learn_limit(reply, ask.at, now)
        if watch.due == inf:
            return ()
        if isinstance(reply, Refusal) and reply.concerns_everything:
            return self._refused(ask, reply, now)
        return self._looked(watch, reply, now)

    def _looked(self, watch: JobPoll, reply: Reply, now: float) -> Sequence[Event]:
        before = watch.record
        why = self._why(watch) if self.closely else ""
        self._listing.lacked.discard(watch.job_id)
        past = self._clock.past_of(watch)
        outcome = watch.take(reply, now, self.rules, self._random, past)
        news = self._news.of(before, watch, now)
        if self.closely:
            pause = 0.0 if outcome else watch.due - now
            news = [*news, Polled(watch.job_id, why, pause)]
        if outcome is not None:
            return [*news, self._end(watch, outcome)]
        if now < watch.deadline:
            self._subscribers.put_off(watch)
            return news
        return [*news, *self._expire_or_ask(watch, watch.due, now)]

    def _expire_or_ask(self, watch: Poll, due: float, now: float) -> list[Event]:
        """End the waits whose deadline has come; for the others there is a next look."""
        ended = self._expire(watch, now)
        if watch.due < inf:
            self._subscribers.put_off(watch, min(due, watch.deadline))
        return ended

    def _listed(self, sweep: ListJobs, reply: Reply | JobPage, now: float) -> Sequence[Event]:
        """Take a page of a list, or that there is none."""
        if isinstance(reply, JobPage):
            self._accept(sweep, now)
            if sweep.status == "Completed":
                self._clock.learn_past(reply.records)
                return ()
            return self._listing.take(reply, now, closely=self.closely)
        if isinstance(reply, Refusal):
            return self._list_refused(sweep, reply, now)
        if isinstance(reply, Throttled):
            self._learn_limit(reply, sweep.at, now)
        retry_after = reply.retry_after if isinstance(reply, TransientFailure | Throttled) else 0.0
        if sweep.status == "Completed":
            self._clock.past_failed(retry_after, now)
        else:
            self._listing.failed(now, retry_after)
        return ()

    def _list_refused(self, sweep: ListJobs, refusal: Refusal, now: float) -> Sequence[Event]:
        """Give up lists for good; but a 401 concerns every question."""
        if refusal.http_status != _UNAUTHORIZED:
            self._listing.forbid(now)
            return (ListRefused(str(refusal)),)
        self._listing.failed(now)
        if self._is_cured(refusal, sweep.lease, now):
            return ()
        return self._refuse_all(self._dated(refusal, now), now)

    def _seen_instance(self, look: PollInstance, reply: State, now: float) -> Sequence[Event]:
        """Take the answer to a look at an instance."""
        readiness = look.readiness
        if isinstance(reply, InstanceState):
            self._accept(look, now)
        elif isinstance(reply, Throttled):
            reply = self._learn_limit(reply, look.at, now)
        if readiness.due == inf:
            return ()
        if isinstance(reply, Refusal) and reply.concerns_everything:
            return self._refused(look, reply, now)
        outcome = readiness.take(reply, now, self.rules, self._random)
        if outcome is not None:
            return (self._end(readiness, outcome),)
        self._subscribers.put_off(readiness)
        return ()

    def _accept(self, ask: PollJob | PollInstance | ListJobs, now: float) -> None:
        self._lease.accept(ask.lease, now)
        self._heard_at = now
        self.budget.answered()

    def _why(self, watch: JobPoll) -> str:
        """Return why the look was taken that is being answered."""
        if watch.by is not None and watch.by > watch.deadline:
            return "deadline"
        if watch.faults:
            return "retry"
        if watch.job_id in self._listing.lacked:
            return "unlisted"
        if watch.record is not None:
            return "interval"
        return "grace" if watch.polls else "first"

    def _learn(self, watch: JobPoll, reply: Reply, now: float) -> None:
        """Learn what an answer tells beyond its own job."""
        if isinstance(reply, Completed):
            self.durations.learn(reply.job)
        elif isinstance(reply, Running | UnknownJob):
            self._clock.read_clock(reply.date, now)
        if isinstance(reply, Running) and watch.record is None:
            self._clock.note_birth(watch, reply.record, now)

    def _learn_limit(self, reply: Throttled, asked_at: float, now: float) -> Throttled:
        """Let the budget learn from a 429; return it with the time that the budget waits."""
        self._heard_at = now
        self.budget.throttled(
            reply.limit, reply.window, reply.retry_after, asked_at, now, reply.policy
        )
        wait = self.budget.at(now) - now if reply.limit is not None else 0.0
        return reply._replace(retry_after=max(reply.retry_after, wait))

    def _refused(
        self, ask: PollJob | PollInstance, refusal: Refusal, now: float
    ) -> Sequence[Event]:
        watch = ask.readiness if isinstance(ask, PollInstance) else ask.watch
        if self._is_cured(refusal, ask.lease, now):
            return self._ask_again(watch, now)
        watch.polls += 1
        refusal = self._dated(refusal, now)
        if isinstance(ask, PollInstance) and refusal.http_status == _FORBIDDEN:
            self._blinded = refusal
            return self._refuse(self._subscribers.readying.values(), refusal, now)
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
        at = f" at {refusal.date}" if refusal.date else ""
        seconds = now - self._lease.accepted_at
        hint = (
            f"these credentials were accepted until {seconds:.0f} s before they were refused{at}; "
            f"{refusal.hint or 'get new ones'}"
        )
        return replace(refusal, hint=hint)

    def _ask_again(self, watch: Poll, now: float) -> Sequence[Event]:
        watch.by = None
        return self._expire_or_ask(watch, now + AGAIN, now)

    def _renewed(self, reply: Reply | Renewed, now: float) -> Sequence[Event]:
        lease = self._lease
        if isinstance(reply, Renewed):
            doubt, self._doubt = self._doubt, None
            lease.renewed(reply.renew_in, now, same=reply.same)
            return self._refuse_all(doubt, now) if reply.same and doubt else ()
        if isinstance(reply, Refusal):
            if lease.blocked:
                return self._refuse_all(replace(reply, scope=Scope.EVERYTHING), now)
            lease.refused()
            return (RenewalFailed(str(reply), None),)
        fault = (
            reply
            if isinstance(reply, TransientFailure | Throttled)
            else TransientFailure(str(reply))
        )
        patience = self.rules.unreachable_after
        blind = lease.failed(_pause_of(fault), patience, now, self._random)
        told = RenewalFailed(fault.cause, lease.due - now)
        if blind < patience:
            return (told,)
        why = f"no credentials: {fault.cause}"
        ended = [self._end(each, each.unreached(why, now, self.rules)) for each in list(self)]
        return [told, *ended]

    # ---- how it ends

    def _end(self, watch: Poll, outcome: Outcome) -> Ended:
        others = (owner for _, owner in self._subscribers.others_of(watch))
        ended = _ended(watch, outcome, *others)
        self._drop(watch)
        return ended

    def _expire(self, watch: Poll, now: float) -> list[Event]:
        """End the waits for this job whose deadline has come."""
        ended: list[Event] = []
        while watch.deadline <= now:
            outcome = watch.timed_out(watch.deadline, now)
            ended.append(_ended(watch, outcome))
            if not self._subscribers.hand_on(watch):
                self._drop(watch)
                break
        return ended

    def _refuse_all(self, refusal: Refusal, now: float) -> list[Event]:
        self._refusal = refusal
        return self._refuse(self, refusal, now)

    def _refuse(self, watches: Iterable[Poll], refusal: Refusal, now: float) -> list[Event]:
        return [self._end(each, each.refused(refusal, now, self.rules)) for each in list(watches)]

    def lapse(self, now: float) -> list[Event]:
        """End the waits whose last look could not even be sent within LAST_LOOK.

        To be called at least once a second while questions are due and none can leave.
        """
        self._gather(now)
        ready = self._subscribers.ready
        late = [watch for watch in ready if watch.deadline + LAST_LOOK <= now]
        return [event for watch in late if watch.by is None for event in self._expire(watch, now)]


def _ended(watch: Poll, outcome: Outcome, *others: object) -> Ended:
    owners = (watch.owner, *others)
    return Ended(watch.job_id, outcome, owners, isinstance(watch, InstancePoll))


def _pause_of(fault: TransientFailure | Throttled) -> float:
    """Return the seconds to leave a source of credentials alone, as far as it says."""
    if isinstance(fault, Throttled) and fault.limit and fault.window:
        return max(fault.retry_after, fault.window / fault.limit)
    return fault.retry_after
