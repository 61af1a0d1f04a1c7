"""ddswait.scheduler.shared_scheduler: several schedulers that share what there is one of."""

from math import inf
from typing import Any

import pytest

from ddswait.events import Ended, ListRefused, RenewalFailed
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, RenewCredentials, Renewed, Wait
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.shared_lists import shares
from ddswait.scheduler.shared_scheduler import SharedScheduler
from ddswait.service.replies import JobSeen, Throttled, TransientFailure
from tests.scheduler.shell import Still, completed, page, record, seen

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

    def settle(self, now: float) -> None:
        """Answer polls until nothing is left to send: every job runs."""
        while actions := self.sent(now):
            for action in actions:
                reply: Any = page([], 0)
                if isinstance(action, PollJob):
                    reply = JobSeen(seen(record(action.poll.job_id)).job, DATE)
                self.take(action, reply, now)

    def kinds(self, scheduler: Scheduler) -> list[OutcomeKind]:
        return [each.outcome.kind for each in self.told[scheduler] if isinstance(each, Ended)]


def test_nothing_to_send_without_members() -> None:
    """Neither a poll nor a deadline."""
    shared = SharedScheduler()
    assert shared.next(0.0) == Wait(inf)
    assert shared.due() == inf
    assert shared.expire(0.0) == []


def test_each_reply_goes_to_the_scheduler_that_has_polled() -> None:
    """The same job of two schedulers is polled for each, and ends for each by itself."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.track(pair.b, "x")
    pair.renewal.accept(0, 0.0)
    first, second = pair.sent(0.0)
    pair.take(first, completed("x"), 0.1)
    assert [len(told) for told in pair.told.values()].count(0) == 1
    pair.take(second, completed("x"), 0.2)
    assert pair.kinds(pair.a) == pair.kinds(pair.b) == [OutcomeKind.COMPLETED]


def test_polls_take_turns() -> None:
    """A scheduler with two jobs does not stand behind one with a hundred."""
    pair = Pair(rate=10)
    pair.track(pair.a, *(f"many-{number}" for number in range(100)))
    pair.track(pair.b, "few-0", "few-1")
    pair.a.lists = pair.b.lists = False
    left: list[str] = []
    now = 0.0
    while len(left) < 6:
        action = pair.shared.next(now)
        if isinstance(action, Wait):
            now = action.until
            continue
        assert isinstance(action, PollJob)
        left.append(action.poll.job_id)
        pair.take(action, seen(record(action.poll.job_id)), now)
    assert {"few-0", "few-1"} <= set(left[:4])


def test_last_poll_goes_first_whosever_it_is() -> None:
    """It is sent before the polls of a scheduler whose turn it is."""
    pair = Pair(rate=1)
    pair.track(pair.a, *(f"many-{number}" for number in range(10)))
    pair.track(pair.b, "last", to=0.0)
    action = pair.shared.next(0.0)
    assert isinstance(action, PollJob)
    assert action.poll.job_id == "last"


def test_last_poll_that_cannot_be_sent_ends_the_wait_of_its_scheduler() -> None:
    """expire() ends the waits of each, and says whose they were."""
    pair = Pair(rate=0.001)
    pair.track(pair.a, "sent")
    pair.track(pair.b, "late", to=5.0)
    assert len(pair.sent(0.0)) == 1
    assert pair.shared.expire(1.0) == []
    ((scheduler, (ended,)),) = pair.shared.expire(8.0)
    assert scheduler is pair.b
    assert isinstance(ended, Ended)
    assert ended.outcome.kind is OutcomeKind.TIMED_OUT


def test_due_is_that_of_the_first() -> None:
    """The earliest poll of all."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.settle(0.0)
    assert pair.shared.due() == pair.a.due() > 0.0
    pair.track(pair.b, "y", now=1.0)
    assert pair.shared.due() <= 1.0


def test_idle_scheduler_is_asked_again_when_something_changes() -> None:
    """Not before its next poll is due, unless somebody begins to wait."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.settle(0.0)
    wait = pair.shared.next(1.0)
    assert isinstance(wait, Wait)
    assert wait.until == pair.a.due()
    pair.track(pair.b, "y", now=1.0)
    assert isinstance(pair.shared.next(1.0), PollJob)


def test_what_is_held_back_leaves_as_soon_as_a_reply_allows_it() -> None:
    """Credentials that were never tried let one request leave; its reply lets all others."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    (first,) = pair.sent(0.0)
    pair.take(first, seen(record(first.poll.job_id)), 0.1)
    assert [each.poll.job_id for each in pair.sent(0.1) if isinstance(each, PollJob)] == ["y"]


# ---- lists


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


def test_one_page_shows_the_jobs_of_all() -> None:
    """A page is requested once; jobs that it lacks are polled by the scheduler that waits."""
    pair, action = with_lists()
    assert pair.a.list_polling.planner.page_under_way
    assert pair.b.list_polling.planner.page_under_way
    shown = [record(f"a-{number}") for number in range(20)] + [record("b-0")]
    pair.take(action, page(shown, 21), action.sent_at + 0.1)
    assert not pair.b.list_polling.planner.expected
    polled = [each for each in pair.sent(action.sent_at + 0.1) if isinstance(each, PollJob)]
    assert [each.poll.job_id for each in polled] == ["b-1"]


def test_page_that_is_under_way_is_not_awaited_twice() -> None:
    """A page that another scheduler requests meanwhile is of no use for whoever waits for one."""
    pair, action = with_lists()
    assert not shares(pair.a, action, action.sent_at)
    assert not shares(pair.b, action, action.sent_at)
    pair.take(action, page([record("b-0"), record("b-1")], 2), action.sent_at)
    assert shares(pair.b, action, action.sent_at)


def test_many_with_one_job_each_share_lists() -> None:
    """Forty waits of one job each cost hardly more requests than one wait of forty jobs."""
    requests = {}
    for members in (1, 40):
        pair = Pair()
        schedulers = [pair.a] if members == 1 else [pair.add() for _ in range(members)]
        for number in range(40):
            pair.track(schedulers[number % members], f"job-{number:02}")
        requests[members] = Hour(pair).requests
    assert 0 < requests[40]["lists"] <= 1.1 * requests[1]["lists"]
    assert requests[40]["polls"] <= 1.1 * requests[1]["polls"] + 40


def test_plan_of_one_that_has_left_is_taken_over() -> None:
    """The next list is due for all, so it is requested without whoever has planned it."""
    pair = Pair()
    for number in range(20):
        pair.track(pair.a if number % 2 else pair.b, f"job-{number:02}")
    hour = Hour(pair, until=100.0)
    before = hour.requests["lists"]
    pair.shared.remove(pair.a)
    assert Hour(pair, since=100.0, until=400.0).requests["lists"] > 0 < before


def test_second_page_is_read_for_many_with_one_job_each() -> None:
    """A list is given up when its pages are as many as the jobs of all, not of one."""
    pair = Pair(list_page_size=30)
    for number in range(40):
        pair.track(pair.add(), f"job-{number:02}")
    hour = Hour(pair, until=600.0)
    assert hour.requests["lists"] > 100
    assert hour.requests["polls"] < 200


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


def test_list_of_past_jobs_is_requested_once() -> None:
    """Its reply tells all of them how long such jobs take."""
    pair = Pair()
    pair.track(pair.a, "a")
    pair.track(pair.b, "b")
    past = []
    for now in (0.0, 0.1):
        for action in pair.sent(now):
            if isinstance(action, ListJobs):
                assert not action.running
                past.append(action)
                times = {"created": "2021-01-01T00:00:00+0000", "ended": "2021-01-01T00:05:00+0000"}
                pair.take(action, page([{**record("old", "Completed"), **times}], 1), now)
            else:
                pair.take(action, JobSeen(seen(record(action.poll.job_id)).job, DATE), now)
    assert len(past) == 1
    assert pair.a.durations.count("Create_MongoDB") == pair.b.durations.count("Create_MongoDB") == 1


def test_page_that_fails_fails_for_all() -> None:
    """Whoever waits for it polls its jobs, and requests another list later."""
    pair, action = with_lists()
    pair.take(action, TransientFailure("reset"), action.sent_at + 0.1)
    for scheduler in (pair.a, pair.b):
        assert scheduler.list_polling.planner.offset is None
        assert scheduler.list_polling.planner.allowed


def test_lists_that_are_refused_are_refused_for_all() -> None:
    """Each says so, and requests none any more."""
    pair, action = with_lists()
    refusal = Refusal(403, "DBS.280032", scope=Scope.OPERATION)
    pair.take(action, refusal, action.sent_at + 0.1)
    for scheduler in (pair.a, pair.b):
        assert not scheduler.lists
        assert sum(isinstance(each, ListRefused) for each in pair.told[scheduler]) == 1


def test_page_of_one_that_has_left_serves_the_others() -> None:
    """Its own events are nobody's."""
    pair, action = with_lists()
    assert action.poller is pair.b.list_polling
    pair.shared.remove(pair.b)
    shown = [record(f"a-{number}") for number in range(20)]
    told = pair.shared.take(action, page(shown, 20), action.sent_at + 0.1)
    assert {scheduler for scheduler, _ in told} <= {pair.a, pair.b}
    assert not pair.a.list_polling.planner.expected
    assert not pair.a.list_polling.planner.page_under_way


def test_one_that_has_left_hears_of_no_page() -> None:
    """It may be used elsewhere by now."""
    pair, action = with_lists()
    assert action.poller is pair.b.list_polling
    pair.shared.remove(pair.a)
    pair.take(action, page([record("b-0"), record("b-1")], 2), action.sent_at + 1)
    assert pair.a.list_polling.planner.page_under_way


def test_limit_counts_the_jobs_of_all_as_ours() -> None:
    """Whoever shares a scheduler does not share the limit with others."""
    pair, action = with_lists()
    shown = [record(f"a-{number}") for number in range(20)] + [record("b-0"), record("b-1")]
    pair.take(action, page(shown, 22), action.sent_at + 0.1)
    pair.limiter.throttled(60, 60.0, 0.0, action.sent_at, action.sent_at + 1)
    assert pair.limiter.spacing(action.sent_at + 1) == pytest.approx(2 * 60 / 54)


# ---- credentials and refusals


def test_one_renewal_serves_all() -> None:
    """Nothing leaves before it, and everything after it."""
    pair = Pair(renews=True)
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    (renewal,) = pair.sent(0.0)
    assert isinstance(renewal, RenewCredentials)
    pair.take(renewal, Renewed(3600.0), 0.5)
    pair.settle(0.5)
    assert [each.polls for each in (*pair.a, *pair.b)] == [1, 1]


def test_failed_renewal_is_told_to_all() -> None:
    """Each reports it, and each gives up by its own patience."""
    pair = Pair(renews=True)
    hasty = pair.add(unreachable_after=20.0)
    for scheduler in (pair.a, pair.b, hasty):
        pair.track(scheduler, f"job-{id(scheduler)}")
    now = 0.0
    while not pair.kinds(hasty):
        action = pair.shared.next(now)
        if isinstance(action, Wait):
            now = action.until
            continue
        assert isinstance(action, RenewCredentials)
        pair.take(action, TransientFailure("down"), now)
    assert 20.0 <= now < 30.0
    assert pair.kinds(hasty) == [OutcomeKind.UNREACHABLE]
    assert pair.kinds(pair.a) == pair.kinds(pair.b) == []
    for told in pair.told.values():
        assert sum(isinstance(each, RenewalFailed) for each in told) > 1


def test_name_that_never_resolves_is_told_to_all() -> None:
    """Whoever has not asked for the renewal has no more patience with a wrong name."""
    pair = Pair(renews=True)
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    (action,) = pair.sent(0.0)
    pair.take(action, TransientFailure("no such name", kind="DNS"), 0.1)
    for scheduler in (pair.a, pair.b):
        assert scheduler._credentials_patience.settings.unreachable_after == 60.0


def test_renewal_that_is_refused_while_credentials_serve_is_told_to_all() -> None:
    """No wait ends."""
    pair = Pair(renews=True)
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    (renewal,) = pair.sent(0.0)
    pair.take(renewal, Renewed(60.0), 0.0)
    pair.settle(0.0)
    action = next(each for each in pair.sent(60.0) if isinstance(each, RenewCredentials))
    pair.take(action, Refusal(401, "locked"), 61.0)
    for told in pair.told.values():
        assert [each.retry_delay for each in told if isinstance(each, RenewalFailed)] == [None]
    assert pair.kinds(pair.a) == pair.kinds(pair.b) == []


def test_refusal_of_everything_ends_every_wait() -> None:
    """Also those of the scheduler that has not asked; but not of one that comes later."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    pair.renewal.accept(0, 0.0)
    first, second = pair.sent(0.0)
    pair.take(first, Refusal(401, "APIGW.0301", scope=Scope.EVERYTHING), 0.1)
    assert pair.kinds(pair.a) == pair.kinds(pair.b) == [OutcomeKind.REFUSED]
    later = pair.add()
    pair.track(later, "z", now=1.0)
    pair.take(second, completed("y"), 1.0)
    assert pair.kinds(later) == []


def test_reply_to_one_shows_the_others_that_the_service_can_be_reached() -> None:
    """Waiting for one's turn is not being unreachable."""
    pair = Pair()
    pair.track(pair.a, "x")
    (action,) = pair.sent(0.0)
    pair.take(action, completed("x"), 7.0)
    assert pair.b.queue.last.heard_at == 7.0


def test_429_of_one_holds_all_back() -> None:
    """The limit is learned once."""
    pair = Pair()
    pair.track(pair.a, "x")
    (action,) = pair.sent(0.0)
    pair.take(action, Throttled("429", 0.0, 60, 60.0), 0.1)
    pair.track(pair.b, "y", now=0.2)
    assert isinstance(pair.shared.next(0.2), Wait)
    assert repr(pair.b.rate_limiter) == "60/60 s"


def test_renewal_of_one_that_has_left_serves_the_others() -> None:
    """The credentials are those of all."""
    pair = Pair(renews=True)
    pair.track(pair.a, "x")
    (renewal,) = pair.sent(0.0)
    pair.shared.remove(pair.a)
    pair.track(pair.b, "y")
    assert isinstance(pair.shared.next(0.1), Wait)
    pair.take(renewal, Renewed(3600.0), 0.5)
    assert [type(each) for each in pair.sent(0.5)] == [PollJob]


def test_memory_holds_only_what_is_under_way() -> None:
    """A reply that was taken, or could not be taken and has failed, is forgotten."""
    pair = Pair()
    pair.track(pair.a, "x", "y")
    pair.track(pair.b, "z")
    pair.settle(0.0)
    assert pair.shared._under_way == {}
    pair.track(pair.b, "w", now=1.0)
    (action,) = pair.sent(1.0)
    with pytest.raises(AttributeError):
        pair.shared.take(action, JobSeen(None), 1.0)  # type: ignore[arg-type]
    pair.take(action, TransientFailure("not understood"), 1.0)
    assert pair.shared._under_way == {}
