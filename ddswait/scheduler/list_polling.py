"""List requests in place of polls: which page to request, and what it says. Pure.

The rules stand at the top of list_planner.py, which decides when a list pays. This file applies
each page to the jobs being polled. Jobs the list may cover wait for it; jobs missing from it are
polled individually.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.events import ListRefused, Polled
from ddswait.outcome import Scope
from ddswait.scheduler.actions import ListJobs
from ddswait.scheduler.list_group import ListGroup
from ddswait.scheduler.list_part import WHOLE, Places
from ddswait.scheduler.list_planner import HELD, ListPlanner
from ddswait.scheduler.listed_jobs import polls_of
from ddswait.scheduler.missing_jobs import MissingJobs
from ddswait.scheduler.past_jobs import PastJobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddswait.events import Event
    from ddswait.job import Job
    from ddswait.outcome import Refusal
    from ddswait.scheduler.job_events import JobEvents
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.list_part import Part
    from ddswait.scheduler.poll import Poll, PollContext
    from ddswait.scheduler.queue import PollQueue
    from ddswait.scheduler.rate_limiter import RateLimiter
    from ddswait.scheduler.subscribers import Subscribers
    from ddswait.service.replies import Failure, JobPage


class ListPolling:
    """The lists of one scheduler, and the jobs that have to do with them.

    Args:
        context: what the polls share.
        subscribers: see below.
        queue: of the polls.
        rate_limiter: how many requests may leave.
        job_events: says what a list changed.

    Attributes:
        planner: when lists pay, and how far the present one was read.
        held: the polls that are due, and wait for the list that is being read.
        missing: the jobs that a list lacked.
        places: where lists show the jobs that are waited for.
        past: the list of past jobs.
        subscribers: all that is waited for.
        group: the lists that one request serves; this one alone, unless schedulers share.
    """

    def __init__(
        self,
        context: PollContext,
        subscribers: Subscribers,
        queue: PollQueue,
        rate_limiter: RateLimiter,
        job_events: JobEvents,
    ) -> None:
        self.planner = ListPlanner(context.settings.list_page_size)
        self._context = context
        self.subscribers = subscribers
        self._queue = queue
        self._rate_limiter = rate_limiter
        self._job_events = job_events
        self.held: dict[Poll, None] = {}
        self.missing = MissingJobs(queue)
        self.places = Places()
        self.past = PastJobs(context.durations)
        self.group = ListGroup(lambda: (self,))
        subscribers.dropped = self._forget

    def _forget(self, poll: Poll) -> None:
        """Forget a poll that nobody waits for any more, even if its list never ends."""
        self.held.pop(poll, None)
        if not poll.is_of_instance:
            self.planner.expected.pop(poll.job_id, None)
            self.planner.unlisted.discard(poll.job_id)
            self.missing.unpolled.discard(poll.job_id)

    # ---- what to request

    def due(self, now: float) -> float:
        """Return when a page of some list is due; inf when none is."""
        planner = self.planner
        if not planner.allowed or self._context.clock.ahead is None or not self.subscribers.jobs:
            return inf
        past_due = inf if self.past.due is None else self.past.due
        return min(past_due, now if planner.page_due else planner.due)

    def next_page(self, credentials: int, now: float) -> ListJobs | None:
        """Return the page to request now, if there is one that pays.

        Args:
            credentials: counts the renewals of the credentials.
            now: the time.
        """
        planner = self.planner
        if not planner.allowed or self._context.clock.ahead is None:
            return None
        if self.past.take(now):
            return self._page(0, credentials, now, running=False)
        if planner.page_due:
            return self._page(planner.offset or 0, credentials, now)
        if planner.offset is not None:
            return None
        # New jobs of others are looked for in their turn.
        new_jobs = self.subscribers.new_jobs and self.group.count_new_jobs()
        if planner.due <= now or (new_jobs and planner.pays_for(new_jobs, now)):
            part = self.group.part(now)
            self.begin(now, part)
            return self._page(part.begin, credentials, now)
        if planner.should_consider(now):
            self._plan(now)
        return None

    def _page(self, offset: int, credentials: int, now: float, *, running: bool = True) -> ListJobs:
        if running:
            self.planner.page_under_way = True
        moment = now + (self._context.clock.ahead or 0.0)
        cut_at = now + self._context.settings.request_timeout
        part = self.planner.part if running else WHOLE
        return ListJobs(running, offset, moment, cut_at, self, credentials, now, part)

    def begin(self, now: float, part: Part) -> None:
        """Begin to read the list, or a part of it; jobs that it may cover wait for it."""
        self.places.begin(part)
        self.subscribers.looked_for_all()
        jobs = self.subscribers.jobs
        covered = [poll.job_id for poll in jobs.values() if self._may_cover(poll, now)]
        self.planner.begin(covered, now, part)
        for poll in self._queue.ready:
            self.hold(poll, now)

    def _may_cover(self, poll: Poll, now: float) -> bool:
        """Whether a list may stand for the next poll of a job."""
        job = self.subscribers.jobs.get(poll.key)
        if job is not poll or poll.cut_at is not None or now >= poll.deadline:
            return False
        if poll.job_id in self.planner.unlisted:
            return False
        if job.job is None:
            return not poll.polls
        return now - poll.unreachable_since < self._context.settings.trust

    def hold(self, poll: Poll, now: float) -> bool:
        """Let a poll that is due wait for the list that is being read, if that may cover it.

        Returns:
            Whether it waits: for some intervals, while lists are believed, and not beyond its
            last poll.
        """
        self.held.pop(poll, None)
        if poll.job_id not in self.planner.expected or not self._may_cover(poll, now):
            return False
        settings = self._context.settings
        until = min(self.planner.began_at + HELD * settings.interval, poll.last_at)
        if self.subscribers.jobs[poll.key].job is not None:
            until = min(until, poll.unreachable_since + settings.trust)
        if until <= now:
            return False
        self.held[poll] = None
        self._queue.put_off(poll, until)
        return True

    def sent(self, poll: Poll) -> None:
        """Note that a poll leaves, so that it waits for no list."""
        self.held.pop(poll, None)

    def _plan(self, now: float) -> None:
        """Work out when the next list is due, if it pays."""
        settings, spacing = self._context.settings, self._rate_limiter.spacing(now)
        part, hazards = self.group.part(now), self.group.hazards(now)
        self.planner.plan(hazards, part, settings.interval, spacing, now)
        self.group.follow(self)

    def hazards(self, now: float) -> Iterator[float]:
        """Return the hazard rates of the jobs that a list would show."""
        unlisted = self.planner.unlisted
        for poll in self.subscribers.jobs.values():
            if poll.job is not None and poll.job_id not in unlisted:
                yield poll.hazard(now, self._context)

    # ---- replies

    def answered(self, action: ListJobs, page: JobPage, now: float) -> Sequence[Event]:
        """Take a page."""
        if not action.running:
            self._context.durations.learn_all(page.jobs)
            return ()
        if self.planner.offset is None:
            return ()  # lists were given up meanwhile
        events: list[Event] = []
        self.places.read(len(page.jobs))
        for place, job, poll in polls_of(page.jobs, self.subscribers.jobs):
            self.places.saw(action.offset + place)
            if job.is_final:
                continue
            if poll.cut_at is None:
                events += self._see(poll, job, now)
            else:
                poll.not_unknown()
        interval, spacing = self._context.settings.interval, self._rate_limiter.spacing(now)
        seen, expected = (len(page.jobs), page.total), self.group.count_expected()
        if self.planner.take_page(action.offset, *seen, expected, interval, spacing, now):
            self._end(action.offset + len(page.jobs), page.total, now)
            if action.poller is self:  # else whoever has requested it plans for all
                self._plan(now)
        return events

    def _see(self, poll: JobPoll, job: Job, now: float) -> Sequence[Event]:
        """Believe a list that a job is running."""
        self.planner.expected.pop(poll.job_id, None)
        self.held.pop(poll, None)
        self.planner.unlisted.discard(poll.job_id)
        self.missing.unpolled.discard(poll.job_id)
        if not job.status or now >= poll.deadline:
            return ()
        before = poll.job
        if before is None:
            self.past.want(job, now)
        poll.listed(job, now, self._context)
        self._queue.put_off(poll, poll.due)
        events = self._job_events.of(before, poll, now)
        if self._job_events.verbose:
            return [*events, Polled(poll.job_id, "listed", poll.due - now)]
        return events

    def _end(self, place: int, total: int, now: float) -> None:
        """Poll every job individually that the list should have shown and did not."""
        planner, places = self.planner, self.places
        planner.given_up |= planner.part.is_wrong(places.shown, len(planner.expected))
        if planner.given_up:
            places.forget()
        else:
            running = len(self.subscribers.jobs) + places.end(place, total)
            self._rate_limiter.listed(self.group.count_jobs(), running, now)
        for job_id in () if planner.given_up else planner.expected:
            poll = self.subscribers.jobs[job_id]
            if poll.cut_at is not None:
                continue
            if poll.job is not None:
                planner.unlisted.add(job_id)  # until a list shows it again
            self.missing.add(poll, now)
        self._release_held(now)

    def polled_missing(self, job_id: str, now: float, *, is_running: bool) -> None:
        """Note what a poll says of a job that a list lacked."""
        self.missing.unpolled.discard(job_id)
        if is_running:
            self.places.doubt(now)

    def failed(self, action: ListJobs, failure: Failure, now: float) -> Sequence[Event]:
        """Take a page that did not come."""
        if action.running:
            self._give_up(failure.retry_after, now)
        else:
            self.past.failed(failure.retry_after, now)
        return ()

    def refused(self, action: ListJobs, refusal: Refusal, now: float) -> Sequence[Event]:
        """Take a refusal: of lists for good, or of everything."""
        if refusal.scope is Scope.EVERYTHING:
            return self.subscribers.refuse(refusal, now)
        if action.part.begin:  # the service may not let a list begin anywhere
            self.places.doubt(inf)
            return self.repeat(action, now)
        self.forbid(now)
        return (ListRefused(str(refusal)),)

    def repeat(self, action: ListJobs, now: float) -> Sequence[Event]:
        """Give a list up whose credentials are being renewed: another one is due soon."""
        if action.running:
            self._give_up(0.0, now)
        else:
            self.past.due = now
        return ()

    def _give_up(self, retry_after: float, now: float) -> None:
        self.planner.failed(now, self._context.random, retry_after)
        self._release_held(now)

    def forbid(self, now: float) -> None:
        """Request no list any more."""
        self.planner.forbid()
        self._release_held(now)

    def _release_held(self, now: float) -> None:
        """Poll every job individually that waited for the list and was not in it."""
        held, self.held = self.held, {}
        self.planner.expected = {}
        for poll in held:
            self._queue.make_ready(poll, now)
