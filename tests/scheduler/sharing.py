"""Two schedulers that share, for the tests of what they share."""

from math import inf
from typing import Any

from ddswait.events import Ended
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.shared_scheduler import SharedScheduler
from ddswait.service.replies import JobSeen
from tests.scheduler.shell import Still, page, record, seen

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"


class Pair:
    """Two schedulers that share, and what happened to the waits of each."""

    def __init__(self, *, renews: bool = False, rate: float = inf, **settings: Any) -> None:
        self.limiter = RateLimiter(rate)
        self.renewal = CredentialRenewal(renews=renews)
        self.shared = SharedScheduler()
        self.told: dict[Scheduler, list[Any]] = {}
        self.a, self.b = self.add(**settings), self.add(**settings)

    def add(self, **settings: Any) -> Scheduler:
        scheduler = Scheduler(
            PollSettings(**settings), Still(), rate_limiter=self.limiter, renewal=self.renewal
        )
        self.shared.add(scheduler)
        self.told[scheduler] = []
        return scheduler

    def track(self, scheduler: Scheduler, *job_ids: str, now: float = 0.0, to: float = 1e6) -> None:
        for job_id in job_ids:
            scheduler.subscribers.subscribe(job_id, to, object(), now)
        self.shared.changed(scheduler)

    def take(self, action: Any, reply: Any, now: float) -> None:
        for scheduler, events in self.shared.take(action, reply, now):
            self.told[scheduler] += events

    def sent(self, now: float) -> list[Any]:
        """Return all that may leave now."""
        actions = []
        while not isinstance(action := self.shared.next(now), Wait):
            actions.append(action)
        return actions

    def settle(self, now: float) -> list[type]:
        """Answer polls until nothing is left to send: every job runs; return what was sent."""
        kinds = []
        while actions := self.sent(now):
            for action in actions:
                reply: Any = page([], 0)
                if isinstance(action, PollJob):
                    reply = JobSeen(seen(record(action.poll.job_id)).job, DATE)
                self.take(action, reply, now)
                kinds.append(type(action))
        return kinds

    def kinds(self, scheduler: Scheduler) -> list[OutcomeKind]:
        return [each.outcome.kind for each in self.told[scheduler] if isinstance(each, Ended)]


def listing(pair: Pair, now: float) -> ListJobs:
    """Return the first page of a list of running jobs, sent as soon as one is due."""
    while now < 1000.0:
        action = pair.shared.next(now)
        if isinstance(action, Wait):
            now = action.until
        elif isinstance(action, ListJobs) and action.running:
            return action
        else:
            pair.take(
                action,
                page([], 0)
                if isinstance(action, ListJobs)
                else JobSeen(seen(record(action.poll.job_id)).job, DATE),  # type: ignore[union-attr]
                now,
            )
    raise AssertionError("no list was requested")


def with_lists() -> tuple[Pair, ListJobs]:
    pair = Pair()
    pair.track(pair.a, *(f"a-{number}" for number in range(20)))
    pair.track(pair.b, "b-0", "b-1")
    return pair, listing(pair, 0.0)


def past_list(pair: Pair, now: float) -> ListJobs:
    """Return the list of past jobs, which is sent at once; all jobs run."""
    while not isinstance(action := pair.shared.next(now), ListJobs):
        assert isinstance(action, PollJob)
        pair.take(action, JobSeen(seen(record(action.poll.job_id)).job, DATE), now)
    assert not action.running
    return action


class Hour:
    """An hour of running jobs, which each list shows.

    Attributes:
        requests: how many list requests and how many job polls were sent.
    """

    def __init__(self, pair: Pair, since: float = 0.0, until: float = 3600.0) -> None:
        self.requests = {"lists": 0, "polls": 0}
        now = since
        while now < until:
            action = pair.shared.next(now)
            if isinstance(action, Wait):
                now = max(action.until, now + 0.001)
            elif isinstance(action, PollJob):
                self.requests["polls"] += 1
                pair.take(action, JobSeen(seen(record(action.poll.job_id)).job, DATE), now)
            else:
                assert isinstance(action, ListJobs)
                self.requests["lists"] += action.running
                shown = [record(f"job-{number:02}") for number in range(40)][action.offset :]
                shown = shown[: pair.a.settings.list_page_size] if action.running else []
                pair.take(action, page(shown, 40), now)
