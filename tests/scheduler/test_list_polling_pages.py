"""ddswait.scheduler.list_polling: what one list says about the jobs that are waited for."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from ddswait.events import Ended, ListRefused, Polled, Progressed, Visible
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.poll import PollSettings
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


@pytest.mark.parametrize("failure", [TransientFailure("HTTP 502"), Throttled("slow down")])
def test_jobs_that_waited_for_a_list_that_fails_are_polled(
    failure: TransientFailure | Throttled,
) -> None:
    """At once, each on its own; the next list comes later."""
    desk = opened("a", "b", "c")
    assert desk.take(desk.list_(4.0), failure, 5.0) == ()
    assert sorted(desk.polled(5.0)) == ["a", "b", "c"]
    assert desk.scheduler.next(5.0) == Wait(5.75)
    assert desk.list_(5.75).offset == 0


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
    assert all(event.next_in > 3 for event in listed)


def test_entries_without_a_status_say_nothing() -> None:
    """The job is polled individually, since the list has shown that it is there and no more."""
    desk = opened("a", "b", "c")
    events = desk.take(desk.list_(4.0), page([record("a", ""), record("b"), record("c")], 3), 4.0)
    assert [event.job_id for event in events if isinstance(event, Visible)] == ["b", "c"]
    assert "a" in desk.polled(4.0)


def test_refused_lists_are_never_requested_again() -> None:
    """One event says so; the jobs that waited are polled at once."""
    desk = opened("a", "b", "c")
    assert desk.take(desk.list_(4.0), NO_LISTS, 5.0) == (ListRefused(str(NO_LISTS)),)
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
