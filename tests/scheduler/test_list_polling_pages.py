"""ddswait.scheduler.list_polling: what one list says about the jobs that are waited for."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from ddswait.events import Ended, ListRefused, Polled, Progressed, Visible
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Renewed, Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import JobPage, Throttled, TransientFailure, UnknownJob
from tests.scheduler.shell import LOCATION, Still, completed, page, record, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"
MIDNIGHT = 1609459200.0
SETTINGS = PollSettings(location=LOCATION, list_page_size=3)
NO_LISTS = Refusal(403, "DBS.280063", "no permission", scope=Scope.OPERATION)


class Desk:
    """A scheduler, and the requests that it wants to send."""

    def __init__(self, limiter: RateLimiter | None = None) -> None:
        self.scheduler = Scheduler(SETTINGS, Still(), rate_limiter=limiter or RateLimiter(inf))

    def subscribe(self, *names: str, now: float = 0.0) -> None:
        for name in names:
            self.scheduler.subscribers.subscribe(name, 3600.0, name, now)

    def take(self, action: Any, reply: Any, now: float) -> Sequence[Event]:
        return self.scheduler.take(action, reply, now)

    def poll(self, now: float) -> PollJob:
        action = self.scheduler.next(now)
        assert isinstance(action, PollJob), action
        return action

    def list_(self, now: float, *, running: bool = True) -> ListJobs:
        action = self.scheduler.next(now)
        assert isinstance(action, ListJobs), action
        assert action.running is running
        return action

    def polled(self, now: float, show: str = "Running") -> list[str]:
        """Poll everything that may be polled now; return the job IDs."""
        names = []
        while isinstance(action := self.scheduler.next(now), PollJob):
            names.append(action.poll.job_id)
            self.take(action, seen(record(names[-1], show)), now)
        return names


def opened(*names: str, limiter: RateLimiter | None = None) -> Desk:
    """Return a desk at 4 s: the job `first` was polled, past jobs were listed, others are new."""
    desk = Desk(limiter)
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    desk.take(desk.list_(2.5, running=False), page([], 0), 2.5)
    desk.subscribe(*names, now=4.0)
    return desk


def shown(*names: str, total: int | None = None) -> JobPage:
    return page([record(name) for name in names], len(names) if total is None else total)


def test_request_says_which_page_and_when() -> None:
    """The server's clock dates the list; it is cut like any other request."""
    desk = Desk()
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    past = desk.list_(0.5, running=False)
    assert (past.offset, past.moment, past.cut_at) == (0, MIDNIGHT + 0.5, 30.5)
    assert (past.sent_at, past.credentials) == (0.5, 0)


def test_new_jobs_are_looked_up_in_a_list_first() -> None:
    """Those that it shows are visible; those that it lacks are polled at once."""
    desk = opened("a", "b", "c")
    request = desk.list_(4.0)
    assert (request.offset, request.moment) == (0, MIDNIGHT + 4.0)
    assert isinstance(desk.scheduler.next(4.0), Wait)  # the list is under way
    events = desk.take(request, shown("first", "a", "b"), 5.0)
    assert [event.job_id for event in events if isinstance(event, Visible)] == ["a", "b"]
    assert desk.polled(5.0) == ["c"]


def test_pages_are_requested_one_after_the_other() -> None:
    """Each one where the last one ended; jobs wait until the last page."""
    desk = opened("a", "b", "c", "d")
    desk.take(desk.list_(4.0), shown("first", "a", "x", total=5), 4.0)
    request = desk.list_(4.0)
    assert request.offset == 3
    desk.take(request, shown("b", "y", total=5), 4.0)
    assert sorted(desk.polled(4.0)) == ["c", "d"]


def test_list_tells_the_rate_limiter_how_many_jobs_run() -> None:
    """Those of all pages, and those that are waited for and that it lacks."""
    limiter = RateLimiter(inf)
    desk = opened("a", "b", "c", limiter=limiter)
    desk.take(desk.list_(4.0), shown("first", "x", "y", total=6), 4.0)
    desk.take(desk.list_(4.0), shown("a", "z", "b", total=6), 4.0)
    limiter.throttled(60, 60.0, 0.0, 5.0, 5.0)
    # Seven run for four of ours, so there are nearly two of us, and a little more.
    assert limiter.spacing(5.0) == pytest.approx(7 / 4 * 1.05 * 60 / 54)


def test_jobs_that_waited_for_a_list_that_fails_are_polled() -> None:
    """At once, each on its own; the next list comes later."""
    desk = opened("a", "b", "c")
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(4.5), Wait)  # they are due, and wait for it
    assert desk.take(request, TransientFailure("HTTP 502"), 5.0) == ()
    assert sorted(desk.polled(5.0)) == ["a", "b", "c"]
    assert desk.scheduler.next(5.0) == Wait(5.75)
    assert desk.list_(5.75).offset == 0


def test_jobs_that_waited_for_a_list_that_is_throttled_are_polled() -> None:
    """As soon as requests may leave again, each on its own."""
    desk = opened("a", "b", "c")
    request = desk.list_(4.0)
    assert desk.take(request, Throttled("slow down"), 5.0) == ()
    silent_until = desk.scheduler.rate_limiter.next_at(5.0)
    assert silent_until == 23.0
    assert desk.polled(5.0) == []
    polled = [job_id for second in range(23, 60) for job_id in desk.polled(float(second))]
    assert {"a", "b", "c"} <= set(polled)


def test_jobs_that_are_due_wait_for_the_list_that_may_show_them() -> None:
    """And are polled when it lacks them, before everything else."""
    desk = opened("a", "b", "c")
    desk.take(desk.list_(4.0), shown("first", "a", "b", "c"), 4.0)
    request = desk.list_(10.0)
    assert isinstance(desk.scheduler.next(20.0), Wait)  # all are due by now
    desk.take(request, shown("first", "a", "b"), 21.0)
    assert desk.polled(21.0) == ["c"]


def test_list_never_ends_a_wait() -> None:
    """A job that it shows as completed is polled, and only that reply is believed."""
    desk = opened("a", "b", "c")
    listed = page([record("a", "Completed"), record("b"), record("c"), record("first")], 4)
    assert not [e for e in desk.take(desk.list_(4.0), listed, 4.0) if isinstance(e, Ended)]
    poll = desk.poll(4.0)
    assert poll.poll.job_id == "a"
    (*_, end) = desk.take(poll, completed("a"), 4.0)
    assert isinstance(end, Ended)


def test_list_moves_visible_jobs_on() -> None:
    """Progress that it shows is an event, and a listed poll is one for those who want to know."""
    desk = opened("a", "b", "c")
    desk.scheduler.verbose = True
    request = desk.list_(4.0)
    events = desk.take(request, page([record("first", progress=9), record("a")], 2), 4.0)
    assert [type(event) for event in events] == [Progressed, Polled, Visible, Polled]
    listed = [event for event in events if isinstance(event, Polled)]
    assert [(event.job_id, event.reason) for event in listed] == [
        ("first", "listed"), ("a", "listed"),
    ]  # fmt: skip
    assert [event.next_in for event in listed] == pytest.approx([10.146, 7.771], abs=0.001)


def test_entries_without_a_status_say_nothing() -> None:
    """The job is polled individually, since the list has shown that it is there and no more."""
    desk = opened("a", "b", "c")
    events = desk.take(desk.list_(4.0), page([record("a", ""), record("b"), record("c")], 3), 4.0)
    assert [event.job_id for event in events if isinstance(event, Visible)] == ["b", "c"]
    assert "a" in desk.polled(4.0)


def test_refused_lists_are_never_requested_again() -> None:
    """One event says so; the jobs that waited are polled at once."""
    desk = opened("a", "b", "c")
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(4.5), Wait)  # they are due, and wait for it
    assert desk.take(request, NO_LISTS, 5.0) == (ListRefused(str(NO_LISTS)),)
    assert not desk.scheduler.lists
    assert sorted(desk.polled(5.0)) == ["a", "b", "c"]
    desk.subscribe("d", "e", "f", "g", now=5.5)
    assert sorted(desk.polled(5.5)) == ["d", "e", "f", "g"]


def test_list_that_refuses_everything_ends_every_wait() -> None:
    """As the reply to any other request would."""
    desk = opened("a", "b", "c")
    everything = Refusal(403, "APIGW.0304", "no access", scope=Scope.EVERYTHING)
    events = desk.take(desk.list_(4.0), everything, 5.0)
    assert len([event for event in events if isinstance(event, Ended)]) == 4
    assert len(desk.scheduler) == 0


@pytest.mark.parametrize(("failure", "again"), [(0.0, 61.0), (100.0, 101.0)])
def test_past_jobs_are_requested_again_later(failure: float, again: float) -> None:
    """A minute after a failure, or when the service says."""
    desk = Desk()
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    desk.take(desk.list_(0.5, running=False), TransientFailure("HTTP 502", failure), 1.0)
    desk.polled(again - 0.2)
    assert desk.scheduler.send_at(again - 0.1) == again
    assert isinstance(desk.scheduler.next(again - 0.1), Wait)
    desk.list_(again, running=False)


def test_past_jobs_are_learned_and_not_asked_for_again() -> None:
    """Whether the service knows some or none."""
    desk = Desk()
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    done = {
        **record("old", "Completed"),
        "created": "2021-01-01T00:00:00+0000",
        "ended": "2021-01-01T00:10:00+0000",
    }
    assert desk.take(desk.list_(0.5, running=False), page([done], 1), 4.0) == ()
    assert desk.scheduler.durations.median_of("Create_MongoDB") == pytest.approx(600.0)
    for now in range(10, 1000, 10):
        action = desk.scheduler.next(float(now))
        assert not isinstance(action, ListJobs)
        if isinstance(action, PollJob):
            desk.take(action, seen(record("first")), float(now))


def test_known_names_need_no_list_of_past_jobs() -> None:
    """Five durations of a name are enough."""
    desk = Desk()
    for number in range(5):
        desk.scheduler.durations.add("Create_MongoDB", str(number), 600.0)
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    assert isinstance(desk.scheduler.next(0.5), Wait)


def test_lists_and_polls_take_turns_where_there_is_room_for_one() -> None:
    """Neither starves: pages of a long list, and polls of jobs that no list can show yet."""
    desk = opened(*"abc", limiter=RateLimiter(1, 1.0))
    now, kinds = 10.0, ""
    while len(kinds) < 12:
        now = max(now, desk.scheduler.rate_limiter.next_at(now))
        action = desk.scheduler.next(now)
        if isinstance(action, ListJobs):
            names = [f"other{len(kinds)}{number}" for number in range(3)]
            desk.take(action, shown(*names, total=9), now)
            kinds += "L"
        elif isinstance(action, PollJob):
            name = action.poll.job_id
            is_known = name == "first"
            desk.take(action, seen(record(name)) if is_known else UnknownJob("unknown"), now)
            kinds += "P"
        else:
            now += 0.01
        desk.subscribe(f"new{len(kinds)}", f"newer{len(kinds)}", now=now)
    assert kinds.startswith("PLPLPL")


def listed_once(*names: str) -> Desk:
    """Return a desk at 4 s whose jobs were all shown by a list; the next one is due at 10 s."""
    desk = opened(*names)
    desk.take(desk.list_(4.0), shown("first", *names), 4.0)
    desk.scheduler.verbose = True
    return desk


def reasons(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Polled)]


def test_job_that_a_list_lacks_is_polled_before_all_others() -> None:
    """It has most likely ended; until a list shows it again, no list stands for its polls."""
    desk = listed_once("a", "b", "c")
    request = desk.list_(10.0)
    desk.subscribe("n", now=10.5)
    desk.take(request, shown("first", "a", "b"), 11.0)
    poll = desk.poll(11.0)
    assert poll.poll.job_id == "c"
    assert reasons(desk.take(poll, seen(record("c")), 11.0)) == ["unlisted"]
    assert desk.polled(11.0) == ["n"]
    request = desk.list_(18.0)
    assert isinstance(desk.scheduler.next(18.5), Wait)
    poll = desk.poll(25.0)  # the others wait for the list
    assert poll.poll.job_id == "c"
    assert reasons(desk.take(poll, seen(record("c")), 25.0)) == ["interval"]
    desk.take(request, shown("first", "a", "b", "c", "n"), 25.5)
    desk.list_(34.0)
    assert desk.polled(60.0) == []  # now the list stands for all of them


def test_list_that_was_given_up_has_lacked_nothing() -> None:
    """Other people's tasks fill it: the jobs that it did not show are polled as usual."""
    desk = listed_once("a", "b", "c")
    request = desk.list_(10.0)
    assert isinstance(desk.scheduler.next(20.0), Wait)
    desk.take(request, shown("x", "y", "z", total=99), 20.0)
    told = []
    while isinstance(action := desk.scheduler.next(20.0), PollJob):
        told += reasons(desk.take(action, seen(record(action.poll.job_id)), 20.0))
    assert told == ["interval"] * 4


def test_job_that_nobody_waits_for_is_no_longer_looked_for() -> None:
    """Those who wait for the other jobs that the list lacks do not notice."""
    desk = listed_once("a", "b", "c")
    request = desk.list_(10.0)
    for name in ("a", "b"):
        desk.scheduler.subscribers.unsubscribe(name, name)
    desk.take(request, shown("first"), 11.0)
    assert desk.polled(11.0) == ["c"]


def test_poll_under_way_is_believed_and_not_the_list() -> None:
    """What a list says of a job is older than the reply that is awaited."""
    desk = listed_once("a", "b", "c")
    desk.subscribe("n", now=5.0)
    poll = desk.poll(5.0)
    request = desk.list_(10.0)
    events = desk.take(request, page([record("n", progress=9), record("a")], 2), 10.0)
    assert [event.job_id for event in events if isinstance(event, Polled)] == ["a"]
    assert "n" not in desk.polled(11.0)
    assert reasons(desk.take(poll, seen(record("n")), 12.0)) == ["first"]


def test_last_poll_waits_for_no_list() -> None:
    """It leaves at the deadline, whatever list is under way, and only its reply counts."""
    desk = opened("a", "b", "c")
    desk.scheduler.subscribers.subscribe("late", 9.0, "late", 4.0)
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(8.9), Wait)
    poll = desk.poll(9.0)
    assert poll.poll.job_id == "late"
    desk.take(request, shown("first", "a", "b", "c", "late"), 9.5)
    assert poll.poll.job is None


def test_refused_credentials_begin_the_list_anew() -> None:
    """The jobs that waited for it are polled with the new ones, and another list is due soon."""
    scheduler = Scheduler(SETTINGS, Still(), renews=True, rate_limiter=RateLimiter(inf))
    desk = Desk()
    desk.scheduler = scheduler
    desk.subscribe("first")
    renewal = scheduler.next(0.0)
    desk.take(renewal, Renewed(None), 0.0)
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    past = desk.list_(2.5, running=False)
    assert past.credentials == 1
    bad = Refusal(401, "APIGW.0301", "m", scope=Scope.EVERYTHING, refuses_credentials=True)
    assert desk.take(past, bad, 3.0) == ()
    desk.take(scheduler.next(3.0), Renewed(None), 3.0)
    past = desk.list_(3.0, running=False)
    assert past.credentials == 2
    desk.take(past, page([], 0), 3.0)
    desk.subscribe("a", "b", "c", now=4.0)
    first_page = desk.list_(4.0)
    assert first_page.credentials == 2
    desk.take(first_page, shown("first", "o", "p", total=6), 4.0)
    request = desk.list_(4.0)
    assert (request.offset, request.credentials) == (3, 2)
    assert desk.take(request, bad, 5.0) == ()
    desk.take(scheduler.next(5.0), Renewed(None), 5.0)
    poll = desk.poll(5.0)
    desk.take(poll, seen(record(poll.poll.job_id)), 5.0)
    assert sorted([poll.poll.job_id, *desk.polled(5.0)]) == ["a", "b", "c"]
    assert scheduler.send_at(5.0) == 5.75


def test_no_list_is_due_before_the_server_told_the_time() -> None:
    """Its span of time is by the server's clock; nor is one due when nobody waits."""
    desk = Desk()
    desk.subscribe("a", "b", "c")
    desk.take(desk.poll(0.0), seen(record("a")), 0.0)
    assert sorted(desk.polled(0.0)) == ["b", "c"]
    forbidden = listed_once("a", "b", "c")
    forbidden.scheduler.lists = False
    assert forbidden.scheduler.send_at(9.0) == pytest.approx(11.77, abs=0.01)
    told = listed_once("a", "b", "c")
    for name in ("first", "a", "b", "c"):
        told.scheduler.subscribers.unsubscribe(name, name)
    assert told.scheduler.send_at(50.0) == inf


def test_failed_list_honours_retry_after() -> None:
    """The next one is due no earlier than the service says."""
    desk = opened("a", "b", "c")
    desk.take(desk.list_(4.0), TransientFailure("HTTP 503", 100.0), 5.0)
    assert desk.scheduler.list_polling.planner.due == pytest.approx(110.0)


def test_job_waits_for_a_slow_list_for_three_intervals_at_most() -> None:
    """Then it is polled, although the page may still come; the list is given up with that page."""
    desk = opened(*(f"job-{number}" for number in range(12)))
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(33.9), Wait)
    assert len(desk.polled(34.0)) == 13
    desk.take(request, shown("first", total=1000), 40.0)
    assert desk.scheduler.next(40.0) == Wait(desk.scheduler.due())
    for now in range(60, 300, 10):
        desk.polled(float(now))
        assert not isinstance(desk.scheduler.next(float(now)), ListJobs)


def test_list_does_not_hold_a_job_beyond_its_trust() -> None:
    """Thirty intervals after its last poll, a job is polled though a list is being read."""
    desk = opened("a", "b", "c")
    desk.take(desk.list_(4.0), shown("first", "a", "b", "c"), 4.0)
    now = 4.0
    while now < 299.9:
        action = desk.scheduler.next(now)
        if isinstance(action, ListJobs):
            desk.take(action, shown("first", "a", "b", "c"), now)
        elif isinstance(action, PollJob):
            assert action.poll.job_id != "first"
            desk.take(action, seen(record(action.poll.job_id)), now)
        else:
            assert isinstance(action, Wait)
            now = min(action.until, 299.9)
    desk.scheduler.list_polling.planner.begin(["first"], 299.9)
    desk.scheduler.list_polling.planner.page_under_way = True
    assert "first" in desk.polled(300.0)


def test_list_that_grows_for_ever_ends() -> None:
    """After one page more than its first one announced; what it did not show is polled."""
    desk = opened(*(f"job-{number}" for number in range(30)))
    offset, total = 0, 15
    while isinstance(action := desk.scheduler.next(4.0), ListJobs):
        assert action.offset == offset
        desk.take(action, shown("x", "y", "z", total=total), 4.0)
        offset, total = offset + 3, total + 3
    assert offset == 6 * 3
    assert isinstance(action, PollJob)


def test_job_that_waits_for_a_list_is_polled_when_that_fails_whoever_left_meanwhile() -> None:
    """One of two callers goes; the job is not forgotten until the deadline of the other."""
    desk = opened("a", "b", "c")
    desk.scheduler.subscribers.subscribe("a", 20.0, "hasty", 4.0)
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(10.0), Wait)
    desk.scheduler.subscribers.unsubscribe("a", "hasty")
    desk.take(request, NO_LISTS, 11.0)
    assert {"a", "b", "c"} <= set(desk.polled(11.0))


def test_list_that_shows_a_job_interrupts_polls_that_do_not_know_it() -> None:
    """Even while the second of them is under way: they are not two in a row any more."""
    desk = opened("a", "b", "c")
    desk.take(desk.list_(4.0), shown("first", "a", "b", "c"), 4.0)
    job = desk.scheduler.subscribers.jobs["a"]
    desk.scheduler.queue.make_ready(job, 100.0)
    lists = desk.scheduler.list_polling
    request = lists.next_page(0, 100.0)
    first = desk.scheduler._poll(job, 100.0)
    desk.take(first, UnknownJob("DBS.200543"), 100.1)
    desk.scheduler._poll(job, 100.6)
    assert job.trouble.misses == 1
    assert request is not None
    desk.take(request, shown("first", "a", "b", "c"), 100.7)
    assert job.trouble.misses == 0


def test_memory_does_not_grow_with_slow_lists() -> None:
    """Two hours of lists with pages of three seconds leave no outdated entries behind."""
    names = [f"job-{number:03}" for number in range(60)]
    desk = opened(*names)
    now, pages, arrives = 4.0, list[ListJobs](), 0.0
    while now < 7200.0:
        action = desk.scheduler.next(now)
        if isinstance(action, ListJobs):
            pages, arrives = [action], now + 3.0
        elif isinstance(action, PollJob):
            desk.take(action, seen(record(action.poll.job_id)), now)
        else:
            assert isinstance(action, Wait)
            now = min(action.until, arrives if pages else inf)
            if pages and now >= arrives:
                request = pages.pop()
                listed = names[request.offset : request.offset + 3]
                desk.take(request, shown(*listed, total=len(names)), now)
        queue = desk.scheduler.queue
        assert len(queue._delayed) + len(queue.last) < 3 * (64 + 2 * len(names))


def test_list_remembers_nothing_of_jobs_that_nobody_waits_for_any_more() -> None:
    """Even if it is never read to its end, because nobody waits at all."""
    desk = opened("a", "b", "c")
    desk.list_(4.0)
    assert isinstance(desk.scheduler.next(10.0), Wait)  # all are due, and wait for the list
    lists = desk.scheduler.list_polling
    assert lists.held
    for name in ("a", "b", "c", "first"):
        desk.scheduler.subscribers.unsubscribe(name, name)
    assert (lists.held, lists.planner.expected) == ({}, {})
