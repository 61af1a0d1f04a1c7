"""Lists of tasks in the place of single looks: which to ask for, and what they told. Pure.

The rules stand on top of sweep.py, which decides when a list pays. Here its pages meet the
watches: what a list may tell of waits for it, what it lacks is asked about singly.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.events import Polled
from ddswait.scheduler.actions import ListJobs
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.list_planner import ListPlanner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from ddswait.events import Event
    from ddswait.scheduler.job_poll import PollSettings
    from ddswait.scheduler.news import News
    from ddswait.scheduler.poll import Poll
    from ddswait.scheduler.rate_limiter import RateLimiter
    from ddswait.scheduler.server_clock import ServerClock
    from ddswait.scheduler.subscribers import Subscribers
    from ddswait.service.dds import JobPage

_FINAL = frozenset({"Completed", "Failed"})


class ListPolling:
    """The lists of one agenda, and the jobs that have to do with them.

    Args:
        rules: intervals and bounds, in seconds.
        random: the source of all jitter.
        roster: the watches.
        almanac: the server's clock and the past.
        budget: how many questions may leave.
        news: tells what a look changed.

    Attributes:
        sweeping: when lists pay, and how far the present one was read.
        newcomers: the IDs of jobs never asked about, and not looked for in a list.
        lacked: the IDs of jobs that a list lacked, and that have not been looked at since.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        rules: PollSettings,
        random: Random,
        subscribers: Subscribers,
        clock: ServerClock,
        budget: RateLimiter,
        news: News,
    ) -> None:
        self.sweeping = ListPlanner()
        self.newcomers: set[str] = set()
        self.lacked: set[str] = set()
        self._rules = rules
        self._random = random
        self._subscribers = subscribers
        self._clock = clock
        self._rate_limiter = budget
        self._news = news
        self._held: list[Poll] = []  # due, and waiting for the list that is being read
        self._gone: deque[JobPoll] = deque()  # a list should have held them, and did not

    def forget(self, job_id: str) -> None:
        """Forget a job that nobody waits for any more."""
        for noted in (self.newcomers, self.lacked, self.sweeping.unlisted):
            noted.discard(job_id)

    # ---- what to ask

    def due_at(self, now: float) -> float:
        """Return when a page of some list is due; inf when none is."""
        sweeping, clock = self.sweeping, self._clock
        if not sweeping.allowed or clock.server_ahead is None or not self._subscribers.watches:
            return inf
        past_at = inf if clock.past_at is None else clock.past_at
        return min(past_at, now if sweeping.page_due else sweeping.due)

    def question(self, lease: int, now: float) -> ListJobs | None:
        """Return the page to ask for now, if there is one that pays.

        Args:
            lease: counts the renewals of the credentials.
            now: the time.
        """
        sweeping, clock = self.sweeping, self._clock
        if not sweeping.allowed or clock.server_ahead is None:
            return None
        if clock.past_at is not None and clock.past_at <= now:
            clock.past_at = inf
            return self._page("Completed", 0, lease, now)
        if sweeping.page_due:
            return self._page("Running", sweeping.offset or 0, lease, now)
        if sweeping.offset is not None:
            return None
        if not (sweeping.due <= now or sweeping.pays_for(len(self.newcomers))):
            if sweeping.should_consider(now):
                self._plan(now)
            return None
        self._begin(now)
        return self._page("Running", 0, lease, now)

    def _page(self, status: str, offset: int, lease: int, now: float) -> ListJobs:
        if status == "Running":
            self.sweeping.asked = True
        moment = now + (self._clock.server_ahead or 0.0)
        return ListJobs(status, offset, moment, now + self._rules.request_timeout, lease, now)

    def _begin(self, now: float) -> None:
        """Begin to read the list; what it may tell of waits for it."""
        self.newcomers.clear()
        watches = self._subscribers.watches.values()
        self.sweeping.begin(watch.job_id for watch in watches if self._may_tell_of(watch, now))
        for watch in self._subscribers.ready:
            if self.holds(watch, now):
                self.hold(watch)

    def _may_tell_of(self, watch: Poll, now: float) -> bool:
        """Whether a list may stand for the next look at a job."""
        if not isinstance(watch, JobPoll):
            return False
        if watch.by is not None or now >= watch.deadline or watch.job_id in self.sweeping.unlisted:
            return False
        if watch.record is None:
            return not watch.polls
        return now - watch.asked < self._rules.trust

    def holds(self, watch: Poll, now: float) -> bool:
        """Whether the list that is being read may tell of a job that is due."""
        return watch.job_id in self.sweeping.expected and self._may_tell_of(watch, now)

    def hold(self, watch: Poll) -> None:
        """Let a due watch wait for the list, but not beyond its deadline."""
        self._held.append(watch)
        self._subscribers.put_off(watch, watch.deadline)

    def next_gone(self) -> JobPoll | None:
        """Take out the next watch that a list lacked and that is still ready."""
        while self._gone:
            gone = self._gone.popleft()
            if gone in self._subscribers.ready and gone.by is None:
                self._subscribers.ready.discard(gone)
                return gone
        return None

    def _plan(self, now: float) -> None:
        """Work out when the next sweep is due, if it pays."""
        unlisted = self.sweeping.unlisted
        self.sweeping.plan(
            (
                watch.hazard(now, self._clock.past_of(watch))
                for watch in self._subscribers.watches.values()
                if watch.record is not None and watch.job_id not in unlisted
            ),
            self._rules.interval,
            self._rate_limiter.spacing(now),
            now,
        )

    # ---- what was told

    def take(self, page: JobPage, now: float, *, closely: bool) -> Sequence[Event]:
        """Take a page of running tasks; return what is new, and each look if told to `closely`."""
        if self.sweeping.offset is None:
            return ()  # lists were given up meanwhile
        events: list[Event] = []
        for record in page.records:
            job_id = record.get("id")
            watch = self._subscribers.watches.get(job_id) if isinstance(job_id, str) else None
            if watch is not None and watch.by is None and not _is_final(record):
                events += self._see(watch, record, now, closely=closely)
        if self.sweeping.page(len(page.records), page.total, now):
            self._end(now)
        return events

    def _see(
        self, watch: JobPoll, record: Mapping[str, Any], now: float, *, closely: bool
    ) -> Sequence[Event]:
        """Take a list's word that a job is running."""
        self.sweeping.seen.add(watch.job_id)
        self.sweeping.unlisted.discard(watch.job_id)
        self.lacked.discard(watch.job_id)
        if not isinstance(record.get("status"), str) or now >= watch.deadline:
            return ()
        before = watch.record
        if before is None:
            self._clock.note_birth(watch, record, now)
        past = self._clock.past_of_name(record if before is None else before)
        watch.listed(record, now, self._rules, self._random, past)
        self._subscribers.put_off(watch)
        news = self._news.of(before, watch, now)
        return [*news, Polled(watch.job_id, "listed", watch.due - now)] if closely else news

    def _end(self, now: float) -> None:
        """Ask singly about every job that the list should have held and did not."""
        sweeping = self.sweeping
        for job_id in () if sweeping.given_up else sweeping.expected - sweeping.seen:
            watch = self._subscribers.watches.get(job_id)
            if watch is None or watch.by is not None:
                continue
            if watch.record is not None:
                sweeping.unlisted.add(job_id)  # until a list holds it again
                self.lacked.add(job_id)
            self._subscribers.call(watch, now)
            self._gone.append(watch)
        self._let_held_go(now)
        self._plan(now)

    def failed(self, now: float, retry_after: float = 0.0) -> None:
        """Note that a page did not come."""
        self.sweeping.failed(now, self._random, retry_after)
        self._let_held_go(now)

    def forbid(self, now: float) -> None:
        """Ask for no list any more."""
        self.sweeping.forbid()
        self._let_held_go(now)

    def _let_held_go(self, now: float) -> None:
        """Ask singly about every job that waited for the list and was not in it."""
        held, self._held = self._held, []
        self.sweeping.expected = set()
        for watch in held:
            if watch.by is None and watch.due == watch.deadline and now < watch.deadline:
                self._subscribers.call(watch, now)


def _is_final(record: Mapping[str, Any]) -> bool:
    status = record.get("status")
    return isinstance(status, str) and status in _FINAL
