"""ddswait.scheduler.shared_lists: one list request for the jobs of several schedulers."""

import pytest

from ddswait.events import ListRefused
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Renewed, Wait
from ddswait.scheduler.shared_lists import shares
from ddswait.service.replies import JobSeen, TransientFailure
from tests.scheduler.sharing import DATE, Hour, Pair, listing, past_list, with_lists
from tests.scheduler.shell import page, record, seen


def test_one_page_shows_the_jobs_of_all() -> None:
    """A page is requested once; jobs that it lacks are polled by whoever waits for them."""
    pair, action = with_lists()
    assert pair.a.list_polling.planner.page_under_way
    assert pair.b.list_polling.planner.page_under_way
    pair.sent(action.sent_at)  # nothing is left but to wait for the page
    shown = [record(f"a-{number}") for number in range(19)] + [record("b-0")]
    pair.take(action, page(shown, 20), action.sent_at + 0.1)
    assert not pair.b.list_polling.planner.expected
    polled = [each for each in pair.sent(action.sent_at + 0.1) if isinstance(each, PollJob)]
    assert sorted(each.poll.job_id for each in polled) == ["a-19", "b-1"]


def test_page_that_shows_no_job_of_a_scheduler_has_them_polled() -> None:
    """At once, though the page says nothing else to that scheduler."""
    pair, action = with_lists()
    for now in (action.sent_at, action.sent_at + 0.01):
        assert pair.sent(now) == []  # nothing is left but to wait for the page
    pair.take(action, page([record("b-0"), record("b-1")], 2), action.sent_at + 0.1)
    polled = [each for each in pair.sent(action.sent_at + 0.1) if isinstance(each, PollJob)]
    assert {each.poll.job_id for each in polled} == {f"a-{number}" for number in range(20)}


def test_page_that_is_under_way_is_not_awaited_twice() -> None:
    """A page that another scheduler requests meanwhile is of no use for whoever waits for one."""
    pair, action = with_lists()
    assert not shares(pair.a, action, action.sent_at)
    assert not shares(pair.b, action, action.sent_at)
    pair.take(action, page([record("b-0"), record("b-1")], 2), action.sent_at)
    assert shares(pair.b, action, action.sent_at)


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


def test_list_of_past_jobs_is_not_requested_for_a_later_job() -> None:
    """It was requested once for all; a job of an unknown kind does not change that."""
    pair = Pair()
    pair.track(pair.a, "a")
    pair.track(pair.b, "b")
    pair.take(past_list(pair, 0.0), page([], 0), 0.1)
    pair.shared.remove(pair.a)
    pair.track(pair.b, "later", now=1.0)
    (action,) = pair.sent(1.0)
    pair.take(action, JobSeen(seen({**record("later"), "name": "new"}).job, DATE), 1.0)
    assert pair.sent(1.0) == []


def test_list_of_past_jobs_that_failed_is_requested_later() -> None:
    """By whoever is left, after a minute."""
    pair = Pair()
    pair.track(pair.a, "a")
    pair.track(pair.b, "b")
    pair.take(past_list(pair, 0.0), TransientFailure("reset"), 0.1)
    pair.shared.remove(pair.a)
    assert ListJobs not in pair.settle(60.0)
    assert pair.settle(60.1) == [ListJobs]


def test_list_of_past_jobs_that_failed_is_not_requested_by_those_that_have_one() -> None:
    """Only whoever has joined since, and lacks it."""
    pair = Pair()
    pair.track(pair.a, "a")
    pair.take(past_list(pair, 0.0), page([], 0), 0.1)
    joined = pair.add()
    pair.track(joined, "joined", now=1.0)
    pair.take(past_list(pair, 1.0), TransientFailure("reset"), 1.1)
    pair.shared.remove(joined)
    assert pair.settle(100.0) == [PollJob]


def test_page_that_fails_fails_for_all() -> None:
    """Whoever waits for it polls its jobs, and requests another list later."""
    pair, action = with_lists()
    pair.take(action, TransientFailure("reset", 500.0), action.sent_at + 0.1)
    for scheduler in (pair.a, pair.b):
        assert scheduler.list_polling.planner.offset is None
        assert scheduler.list_polling.planner.allowed
        assert scheduler.list_polling.due(action.sent_at) >= action.sent_at + 500.0


def test_lists_that_are_refused_are_refused_for_all() -> None:
    """Each says so, requests none any more, and polls the jobs that waited for the page."""
    pair, action = with_lists()
    refusal = Refusal(403, "DBS.280032", scope=Scope.OPERATION)
    now = action.sent_at + 20.0
    assert not [each for each in pair.sent(now) if isinstance(each, PollJob)]
    pair.take(action, refusal, now)
    assert pair.settle(now) == [PollJob] * 22
    for scheduler in (pair.a, pair.b):
        assert not scheduler.lists
        assert sum(isinstance(each, ListRefused) for each in pair.told[scheduler]) == 1


def test_refused_lists_are_no_news_for_whoever_requests_none() -> None:
    """Neither for whoever never lists jobs, nor for whoever has joined since."""
    pair = Pair()
    never = pair.add()
    never.lists = False
    pair.track(never, "never")
    pair.track(pair.a, *(f"a-{number}" for number in range(20)))
    action = listing(pair, 0.0)
    joined = pair.add()
    pair.track(joined, "joined", now=action.sent_at)
    refusal = Refusal(403, "DBS.280032", scope=Scope.OPERATION)
    pair.take(action, refusal, action.sent_at + 0.1)
    for scheduler in (never, joined):
        assert not [each for each in pair.told[scheduler] if isinstance(each, ListRefused)]
    assert joined.lists


def test_list_that_is_refused_while_credentials_are_renewed_is_given_up_by_all() -> None:
    """The renewal may cure it; until then nothing is said about any job."""
    pair = Pair(renews=True)
    pair.track(pair.a, *(f"a-{number}" for number in range(20)))
    pair.track(pair.b, "b-0", "b-1")
    (renewal,) = pair.sent(0.0)
    pair.take(renewal, Renewed(3600.0), 0.0)
    action = listing(pair, 0.0)
    pair.take(
        action, Refusal(401, scope=Scope.EVERYTHING, refuses_credentials=True), action.sent_at + 0.1
    )
    assert pair.kinds(pair.a) == pair.kinds(pair.b) == []
    for scheduler in (pair.a, pair.b):
        assert not scheduler.list_polling.planner.expected
        assert not scheduler.list_polling.planner.page_under_way
        assert scheduler.lists


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
    assert pair.limiter.spacing(action.sent_at + 1) == pytest.approx(1.05 * 60 / 54)


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
    """The next list is due for all, so the others request it, even if their polls can wait."""
    pair = Pair()
    pair.track(pair.a, *(f"job-{number:02}" for number in range(39)))
    pair.track(pair.b, "job-39")
    Hour(pair, until=100.0)
    while not isinstance(wait := pair.shared.next(100.0), Wait):
        pair.take(wait, page([record("job-39")], 1), 100.0)
    assert wait.until > 100.5
    pair.a.list_polling.planner.due = 100.5
    pair.a.list_polling.group.follow(pair.a.list_polling)
    pair.shared.remove(pair.a)
    assert pair.shared.next(100.0) == Wait(100.5)


def test_second_page_is_read_for_many_with_one_job_each() -> None:
    """A list is given up when its pages are as many as the jobs of all, not of one."""
    pair = Pair(list_page_size=30)
    for number in range(40):
        pair.track(pair.add(), f"job-{number:02}")
    hour = Hour(pair, until=600.0)
    assert hour.requests["lists"] > 100
    assert hour.requests["polls"] < 200
