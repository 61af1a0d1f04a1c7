"""ddswait.scheduler.list_polling: for which polls a list stands, and which go before it."""

from __future__ import annotations

from math import inf

import pytest

from ddswait.scheduler.actions import Wait
from tests.scheduler.shell import page, record, seen
from tests.scheduler.test_list_polling_pages import (
    DATE,
    NO_LISTS,
    Desk,
    listed_once,
    opened,
    reasons,
    shown,
)


def test_forbidden_list_of_past_jobs_is_never_due() -> None:
    """Or the waiter would be busy with a request that it never sends."""
    desk = Desk()
    desk.scheduler.lists = False
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    assert desk.scheduler.send_at(1.0) == desk.scheduler.due() > 1.0


def test_next_page_is_the_next_request_and_may_leave_at_once() -> None:
    """As soon as the page before it has been read."""
    desk = opened("a", "b", "c", "d")
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(4.2), Wait)  # the jobs are due, and wait for the list
    desk.take(request, shown("first", "a", "x", total=5), 4.5)
    assert desk.scheduler.send_at(5.0) == 5.0 < desk.scheduler.due()
    assert desk.list_(5.0).offset == 3


def test_list_does_not_stand_for_a_poll_under_way() -> None:
    """A job that is answered while a list is read is not missing from it."""
    desk = listed_once("a", "b", "c")
    desk.subscribe("n", now=5.0)
    poll = desk.poll(5.0)
    request = desk.list_(10.0)
    desk.take(poll, seen(record("n")), 10.5)
    desk.take(request, shown("first", "a", "b", "c"), 11.0)
    assert desk.polled(11.0) == []


def test_list_does_not_stand_for_a_last_poll() -> None:
    """Not from the very moment of the deadline on."""
    desk = opened("a", "b", "c")
    desk.scheduler.subscribers.subscribe("late", 9.0, "late", 4.0)
    lists = desk.scheduler.list_polling
    assert lists.next_page(0, 9.0) is not None
    assert [*lists.planner.expected] == ["first", "a", "b", "c"]


def test_list_says_nothing_at_a_deadline() -> None:
    """The last poll leaves, though a list has just shown the job; it says what there is to say."""
    desk = opened("a", "b", "c")
    desk.scheduler.subscribers.subscribe("late", 9.0, "late", 4.0)
    events = desk.take(desk.list_(4.0), shown("first", "a", "b", "c", "late"), 9.0)
    assert {event.job_id for event in events} == {"a", "b", "c"}
    assert desk.poll(9.0).poll.job_id == "late"


def test_trust_in_lists_counts_from_the_last_poll() -> None:
    """Whatever the clock shows: jobs that were polled lately wait for the list."""
    desk = Desk()
    desk.subscribe("first", now=1000.0)
    desk.take(desk.poll(1000.0), seen(record("first"), DATE), 1000.0)
    desk.take(desk.list_(1002.5, running=False), page([], 0), 1002.5)
    desk.subscribe("a", "b", "c", now=1004.0)
    desk.list_(1004.0)
    assert isinstance(desk.scheduler.next(1020.0), Wait)


def test_job_that_was_seen_waits_for_a_list_until_its_trust_ends() -> None:
    """Three hundred seconds after its last poll, although three intervals are not over."""
    desk = listed_once("a", "b", "c")
    poll, lists = desk.scheduler.subscribers.jobs["first"], desk.scheduler.list_polling
    lists.planner.begin(["first"], 290.0)
    assert lists.hold(poll, 290.0)
    assert poll.due == 300.0


def test_list_that_fails_makes_no_poll_ready_that_is_under_way() -> None:
    """A last poll left although the job was waiting for the list."""
    desk = opened("a", "b", "c")
    desk.scheduler.subscribers.subscribe("late", 9.0, "late", 4.0)
    request = desk.list_(4.0)
    assert isinstance(desk.scheduler.next(8.9), Wait)
    last = desk.poll(9.0).poll
    desk.take(request, NO_LISTS, 9.5)
    assert last not in desk.scheduler.queue.ready


def test_job_that_a_list_lacks_goes_before_those_that_have_waited_longer() -> None:
    """It has most likely ended, so even a new job that was never polled waits."""
    desk = listed_once("a", "b", "c")
    request = desk.list_(10.0)
    desk.subscribe("n", now=10.0)
    desk.take(request, shown("first", "a", "b"), 29.0)
    assert desk.poll(29.0).poll.job_id == "c"
    assert desk.poll(29.0).poll.job_id == "n"


def test_poll_of_a_job_that_a_list_lacks_leaves_once() -> None:
    """While it is under way, nothing is overdue."""
    desk = listed_once("a", "b", "c")
    desk.take(desk.list_(10.0), shown("first", "a", "b"), 11.0)
    assert desk.poll(11.0).poll.job_id == "c"
    assert desk.scheduler.due() > 11.0


def test_job_that_a_list_lacks_is_not_polled_when_nobody_waits_any_more() -> None:
    """Those that it lacks, too, and that are waited for, are."""
    desk = listed_once("a", "b", "c")
    desk.take(desk.list_(10.0), shown("first", "a"), 11.0)
    desk.scheduler.subscribers.unsubscribe("b", "b")
    assert desk.polled(11.0) == ["c"]


def test_last_poll_under_way_is_not_missing_from_a_list() -> None:
    """Only the jobs after it that the list lacks are polled."""
    desk = listed_once("a", "b", "c")
    desk.scheduler.subscribers.subscribe("a", 11.0, "hasty", 4.0)
    request = desk.list_(10.0)
    last = desk.poll(11.0).poll
    assert last.job_id == "a"
    desk.take(request, shown("first", "b"), 11.5)
    assert last not in desk.scheduler.queue.ready
    assert desk.polled(11.5) == ["c"]


def test_list_is_not_planned_for_a_job_that_lists_lack() -> None:
    """One other job does not pay for a list."""
    desk = listed_once("a", "b", "c")
    for name in ("a", "b"):
        desk.scheduler.subscribers.unsubscribe(name, name)
    desk.take(desk.list_(10.0), shown("first"), 11.0)
    assert desk.polled(11.0) == ["c"]
    assert desk.scheduler.list_polling.planner.due == inf


def test_job_that_a_later_list_shows_is_no_longer_missing() -> None:
    """It is polled as usual, if the rate has not let its poll leave before."""
    desk = listed_once("a", "b", "c")
    desk.take(desk.list_(10.0), shown("first", "a", "b"), 11.0)
    request = desk.scheduler.list_polling.next_page(0, 18.5)
    assert request is not None
    desk.take(request, shown("first", "a", "b", "c"), 18.5)
    poll = desk.scheduler.subscribers.jobs["c"]
    assert reasons(desk.take(desk.scheduler._poll(poll, 30.0), seen(record("c")), 30.0)) == [
        "interval"
    ]


@pytest.mark.parametrize(("name", "wants"), [("Restart", True), ("Create_MongoDB", False)])
def test_past_jobs_of_a_name_that_a_list_has_shown_are_listed(name: str, wants: bool) -> None:
    """At once, unless enough is known of them."""
    desk = Desk()
    for number in range(5):
        desk.scheduler.durations.add("Create_MongoDB", str(number), 600.0)
    desk.subscribe("first")
    desk.take(desk.poll(0.0), seen(record("first"), DATE), 0.0)
    desk.subscribe("a", "b", "c", now=4.0)
    listed = [record("first"), *({**record(each), "name": name} for each in "abc")]
    desk.take(desk.list_(4.0), page(listed, 4), 4.0)
    if wants:
        desk.list_(4.0, running=False)
    else:
        assert isinstance(desk.scheduler.next(4.0), Wait)
