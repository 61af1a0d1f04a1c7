"""ddswait.scheduler.scheduler: many jobs, no event loop and no clock."""

from dataclasses import replace
from math import inf

import pytest

from ddswait.events import Ended, PollFailed, Progressed, Tracked, UnknownStatus, Visible
from ddswait.job import Instance
from ddswait.outcome import Outcome, Refusal, Scope
from ddswait.outcome import OutcomeKind as Kind
from ddswait.scheduler import messages
from ddswait.scheduler.actions import (
    ListJobs,
    PollInstance,
    PollJob,
    RenewCredentials,
    Renewed,
    Wait,
)
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll_settings import LAST_POLL, PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.retry_delay import AT_ONCE
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import Throttled, TransientFailure
from tests.scheduler.shell import (
    LOCATION,
    Reply,
    Shell,
    Still,
    answer_until,
    completed,
    lasting,
    page,
    record,
    seen,
)

BAD_TOKEN = Refusal(
    401, "APIGW.0301", "bad token", "r", scope=Scope.EVERYTHING, refuses_credentials=True
)


def scheduler() -> Scheduler:
    return Scheduler(PollSettings(location=LOCATION), Still())


def test_first_poll_is_at_once() -> None:
    """A job is polled when its tracking begins; the second job waits for the first reply."""
    a = scheduler()
    a.verbose = True
    assert a.subscribers.subscribe("x", 100.0, "me", 5.0) == (Tracked("x"),)
    (poll,) = a
    assert isinstance(poll, JobPoll)
    action = a.next(5.0)
    assert isinstance(action, PollJob)
    assert (action.poll, action.credentials, action.sent_at) == (poll, 0, 5.0)
    assert isinstance(a.next(5.0), Wait)


def test_empty_scheduler_waits_for_ever() -> None:
    """An empty scheduler has nothing due."""
    assert scheduler().next(0.0) == Wait(float("inf"))
    assert scheduler().due() == float("inf")


def test_one_job_from_start_to_end() -> None:
    """A job becomes visible, progresses and completes: one event each, at exact times."""
    shell = Shell(lasting(20.0, visible_after=2.0))
    me = shell.track("x")
    shell.run()
    reported = [(at, type(event).__name__) for at, event in shell.log]
    # Unknown at 0, 0.5 and 1.5; visible at 3.5, then sqrt((600 + age) / 10) + 0.025 apart.
    assert [round(at, 3) for at, kind in reported if kind == "PollJob"] == [
        0.0, 0.5, 1.5, 3.5, 11.294, 19.137, 27.031,
    ]  # fmt: skip
    assert [kind for _, kind in reported if kind != "PollJob"] == [
        "Visible", "Progressed", "Ended",
    ]  # fmt: skip
    ((_, end),) = shell.ended
    assert (end.outcome.kind, end.outcome.polls, end.subscribers) == (Kind.COMPLETED, 7, (me,))
    assert len(shell.scheduler) == 0


def test_progress_is_reported_only_when_it_changes() -> None:
    """The same status and progress twice produce one event."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    kinds = []
    for now, progress in ((0.0, 5), (10.0, 5), (20.0, 6)):
        action = a.next(now)
        assert isinstance(action, PollJob)
        events = a.take(action, seen(record("x", progress=progress)), now)
        kinds.append([type(event) for event in events])
    assert kinds == [[Visible], [], [Progressed]]


def test_two_versions_write_the_same_progress() -> None:
    """A list's `60` equals a job poll's `60%`: it causes no event and no new estimate."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    first = a.next(0.0)
    assert isinstance(first, PollJob)
    a.take(first, seen(record("x", progress=60), "Fri, 01 Jan 2021 00:00:00 GMT"), 0.0)
    request = ListJobs(running=True, offset=0, moment=0.0, cut_at=30.0, poller=a.list_polling)
    for now, progress, reported in ((5.0, "60", 0), (10.0, "61", 1), (15.0, "rubbish", 1)):
        a.list_polling.planner.begin("x", now)
        events = a.take(request, page([{**record("x"), "progress": progress}], 1), now)
        assert sum(isinstance(event, Progressed) for event in events) == reported
        assert (first.poll.estimate is not None) == (progress == "61")


@pytest.mark.parametrize("left", [True, False])
def test_job_that_was_cancelled_or_polled_does_not_count_as_new(left: bool) -> None:
    """One new job is polled individually, whatever happened to others that were new."""
    a = scheduler()
    a.list_polling.past.due = float("inf")
    for now, name in ((0.0, "x"), (1.0, "y")):
        a.subscribers.subscribe(name, 1000.0, name, now)
        ask = a.next(now)
        assert isinstance(ask, PollJob)
        good = seen(record("x"), "Fri, 01 Jan 2021 00:00:00 GMT")
        a.take(ask, good if name == "x" or left else TransientFailure("HTTP 503"), now)
    a.subscribers.subscribe("b", 1000.0, "b", 2.0)
    if left:
        a.subscribers.subscribe("c", 1000.0, "c", 2.0)
        a.subscribers.unsubscribe("c", "c")
    ask = a.next(2.0)
    assert isinstance(ask, PollJob)


def test_undocumented_status_is_reported_once() -> None:
    """An undocumented status is one event, however many jobs show it."""
    shell = Shell(lambda job_id, now: (seen(record(job_id, "Queued")), 0.0))
    for name in "abc":
        shell.track(name)
    shell.run(until=100)
    assert sum(isinstance(event, UnknownStatus) for _, event in shell.log) == 1


def test_subscribers_share_polls_and_the_outcome() -> None:
    """Ten subscribers of a job cause the polls of one, and end together."""
    shell = Shell(lasting(50.0))
    subscribers = tuple(shell.track("x") for _ in range(10))
    alone = Shell(lasting(50.0))
    alone.track("x")
    assert shell.run().polls == alone.run().polls
    ((_, end),) = shell.ended
    assert end.subscribers == subscribers


def test_each_subscriber_has_a_deadline() -> None:
    """Deadlines pass one by one, each with a last poll; the job is polled further."""
    shell = Shell(lasting(100.0))
    late, soon, sooner = (shell.track("x", timeout) for timeout in (500.0, 60.0, 30.0))
    shell.run()
    ends = [(at, end.subscribers, end.outcome.kind) for at, end in shell.ended]
    assert ends[:2] == [(30.0, (sooner,), Kind.TIMED_OUT), (60.0, (soon,), Kind.TIMED_OUT)]
    assert ends[2][1:] == ((late,), Kind.COMPLETED)
    assert {30.0, 60.0} <= {at for at, _ in shell.polls}


def test_cancelled_subscriber_gets_no_event_and_the_last_one_ends_the_polls() -> None:
    """Cancelling in any order leaves the others; after the last nothing is polled."""
    shell = Shell(lasting(1000.0))
    first, second, third = (shell.track("x", timeout) for timeout in (50.0, 70.0, 60.0))
    shell.scheduler.subscribers.unsubscribe("x", second)
    shell.scheduler.subscribers.unsubscribe("x", first)
    shell.run(until=65)
    assert [end.subscribers for _, end in shell.ended] == [(third,)]
    assert len(shell.scheduler) == 0
    shell.scheduler.subscribers.unsubscribe("x", third)
    assert shell.scheduler.next(65.0) == Wait(float("inf"))


def test_reply_for_a_cancelled_job_is_ignored() -> None:
    """A late reply does not change a new poll of the same ID."""
    a = scheduler()
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    action = a.next(0.0)
    assert isinstance(action, PollJob)
    a.subscribers.unsubscribe("x", "me")
    a.subscribers.subscribe("x", 100.0, "you", 1.0)
    assert a.take(action, completed("x"), 1.0) == ()
    assert isinstance(a.next(1.0), PollJob)


def test_bad_credentials_are_sent_once() -> None:
    """However many jobs: one request; every wait is refused, later ones without a request."""
    shell = Shell(lambda *_: (BAD_TOKEN, 0.5))
    for number in range(1000):
        shell.track(f"job-{number}")
    shell.run()
    assert len(shell.polls) == 1
    assert {end.outcome.kind for _, end in shell.ended} == {Kind.REFUSED}
    assert len(shell.ended) == 1000
    shell.track("another")
    assert len(shell.run().polls) == 1
    assert shell.ended[-1][1].outcome.refusal == BAD_TOKEN


def test_stalled_probe_holds_back_the_others_for_two_seconds_only() -> None:
    """A first request that stalls delays the others by two seconds only."""
    shell = Shell(lambda job_id, now: (seen(record(job_id)), 30.0 if job_id == "a" else 0.0))
    for name in "abc":
        shell.track(name)
    shell.run(until=3)
    assert shell.polls == [(0.0, "a"), (2.0, "b"), (2.0, "c")]


def test_slow_refusals_are_two_at_the_most() -> None:
    """At most two requests are in flight until the credentials were accepted once."""
    shell = Shell(lambda *_: (BAD_TOKEN, 25.0))
    for number in range(100):
        shell.track(f"job-{number}")
    shell.run()
    assert [at for at, _ in shell.polls] == [0.0, 2.0]
    assert {(at, end.outcome.kind) for at, end in shell.ended} == {(25.0, Kind.REFUSED)}


def test_probes_that_stall_are_followed_by_others() -> None:
    """Two polls that stall are cut like any other; then one further poll replaces each."""
    shell = Shell(lambda job_id, now: (seen(record(job_id)), 1e6 if now < 40 else 0.0))
    for name in "abcd":
        shell.track(name)
    shell.run(until=100)
    assert shell.polls[:4] == [(0.0, "a"), (2.0, "b"), (30.0, "c"), (32.0, "d")]
    assert {name for at, name in shell.polls if at >= 60} == set("abcd")


def test_deadline_ends_waits_that_were_never_polled() -> None:
    """With every place taken by stalled polls, a deadline still ends its wait."""
    shell = Shell(
        lambda job_id, now: (seen(record(job_id)), 1000.0 if now > 50 else 0.0),
        PollSettings(request_timeout=500.0, location=LOCATION),
        size=1,
    )
    shell.track("hog", 3000.0)
    waiting = shell.track("x", 100.0)
    shell.run(until=200)
    ends = {end.subscribers: at for at, end in shell.ended}
    assert 100.0 <= ends[waiting,] <= 100.0 + LAST_POLL + 2.0


def test_servers_clock_is_followed() -> None:
    """It is read again each minute, and taken over when it is off by more than some seconds."""
    a = scheduler()
    a.lists = False
    a.subscribers.subscribe("x", 90_000.0, "me", 0.0)
    ahead = []
    for now, date in (
        (0.0, "rubbish"),
        (10.0, "Fri, 01 Jan 2021 00:00:10 GMT"),
        (30.0, "Fri, 01 Jan 2021 02:00:30 GMT"),
        (80.0, "Fri, 01 Jan 2021 00:01:22 GMT"),
        (200.0, "rubbish"),
        (220.0, "Fri, 01 Jan 2021 02:03:40 GMT"),
    ):
        ask = a.next(now)
        assert isinstance(ask, PollJob)
        a.take(ask, seen(record("x"), date), now)
        ahead.append(a._clock.ahead and a._clock.ahead - 1609459200.0)
    assert ahead == [None, 0.0, 0.0, 0.0, 0.0, 7200.0]


@pytest.mark.parametrize("reply", [TransientFailure("HTTP 502"), Throttled("slow")])
def test_failed_poll_is_reported_with_its_retry_delay(reply: Reply) -> None:
    """A failed poll is an event that says why, and when the next one is due."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    action = a.next(0.0)
    assert isinstance(action, PollJob)
    (event,) = a.take(action, reply, 0.0)
    assert isinstance(reply, TransientFailure | Throttled)
    assert event == PollFailed("x", reply.cause, 0.75, kind=reply.kind)
    assert a.next(0.1) == Wait(0.75)
    assert [type(e) for e in a.expire(0.2)] == []
    assert not isinstance(event, Ended)


def test_jobs_are_known_by_their_ids() -> None:
    """And past durations that were given are used."""
    durations = Durations()
    a = Scheduler(PollSettings(), Still(), durations=durations)
    assert a.durations is durations
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    assert "x" in a
    assert "y" not in a


def test_what_cannot_leave_is_waited_for_a_second_at_most() -> None:
    """Deadlines pass meanwhile, so the wait says that something is overdue."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(1, 10.0))
    for name in ("a", "b"):
        a.subscribers.subscribe(name, 100.0, "me", 0.0)
    first = a.next(0.0)
    assert isinstance(first, PollJob)
    a.take(first, seen(record("a")), 0.0)
    assert a.next(0.0) == Wait(1.0, overdue=True)
    later = a.next(10.5)
    assert isinstance(later, Wait)
    assert (round(later.until, 3), later.overdue) == (11.111, True)
    assert a.send_at(5.0) == pytest.approx(100 / 9)
    a.subscribers.unsubscribe("a", "me")
    a.subscribers.unsubscribe("b", "me")
    assert a.send_at(5.0) == float("inf")


def test_nothing_leaves_while_credentials_are_obtained() -> None:
    """The renewal is cut like any request; deadlines are passed a second apart."""
    a = Scheduler(PollSettings(), Still(), renews=True, rate_limiter=RateLimiter(inf))
    a.subscribers.subscribe("x", 100.0, "me", 5.0)
    renew = a.next(3.0)
    assert isinstance(renew, RenewCredentials)
    assert renew.cut_at == 33.0
    assert a.next(4.0) == Wait(5.0, overdue=False)
    assert a.next(5.0) == Wait(6.0, overdue=True)
    assert a.next(5.5) == Wait(6.5, overdue=True)


def test_poll_of_an_instance_carries_the_credentials_too() -> None:
    """So that its refusal is known to be of those."""
    a = Scheduler(PollSettings(), Still(), renews=True, rate_limiter=RateLimiter(inf))
    done = completed("x").job
    outcome = Outcome("x", Kind.COMPLETED, replace(done, instance=Instance("i", "")))
    a.subscribers.subscribe_instance(outcome, 100.0, "me", 0.0)
    renew = a.next(0.0)
    assert isinstance(renew, RenewCredentials)
    a.take(renew, Renewed(None), 0.0)
    action = a.next(2.0)
    assert isinstance(action, PollInstance)
    assert (action.credentials, action.sent_at) == (1, 2.0)


def test_wait_that_could_not_be_polled_ends_two_seconds_after_its_deadline() -> None:
    """And not before: its last poll may still leave."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(1, 1000.0))
    for name, deadline in (("a", 500.0), ("b", 10.0)):
        a.subscribers.subscribe(name, deadline, name, 0.0)
    first = a.next(0.0)
    assert isinstance(first, PollJob)
    a.take(first, seen(record("a")), 0.0)
    assert a.expire(9.0) == []
    assert a.expire(11.9) == []
    (end,) = a.expire(12.0)
    assert isinstance(end, Ended)
    assert end.subscribers == ("b",)


def test_429_teaches_its_limit_and_delays_its_poll_until_there_is_room() -> None:
    """Each policy has its own."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(inf))
    a.subscribers.subscribe("x", 3600.0, "me", 0.0)
    for now, policy, limit in ((0.0, "user", 10), (100.0, "ip", 20)):
        action = a.next(now)
        assert isinstance(action, PollJob)
        (event,) = a.take(action, Throttled("m", 0.0, limit, 60.0, policy), now)
        assert isinstance(event, PollFailed)
        assert event.retry_delay == a.rate_limiter.next_at(now) - now >= 6.0
    assert repr(a.rate_limiter) == "10/60 s, 20/60 s"
    assert a.rate_limiter.throttled_in_a_row == 2
    action = a.next(1000.0)
    assert isinstance(action, PollJob)
    a.take(action, seen(record("x")), 1000.0)
    assert a.rate_limiter.throttled_in_a_row == 0


def test_429_without_figures_delays_its_poll_as_a_failure_does() -> None:
    """Even where the own rate has no room for long: the poll is ranked with the others by then."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(1, 60.0))
    a.subscribers.subscribe("x", 3600.0, "me", 0.0)
    action = a.next(0.0)
    assert isinstance(action, PollJob)
    assert a.take(action, Throttled("slow"), 0.0) == (
        PollFailed("x", "slow", 0.75, kind="too many requests"),
    )
    assert a.send_at(0.0) > 60.0


def test_refusal_that_is_not_of_the_credentials_renews_nothing() -> None:
    """Whoever is not allowed to poll is told so at once."""
    a = Scheduler(PollSettings(), Still(), renews=True, rate_limiter=RateLimiter(inf))
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    renew = a.next(0.0)
    assert isinstance(renew, RenewCredentials)
    a.take(renew, Renewed(None), 0.0)
    action = a.next(0.0)
    assert isinstance(action, PollJob)
    (end,) = a.take(action, Refusal(403, "m", scope=Scope.EVERYTHING), 1.0)
    assert isinstance(end, Ended)


def test_credentials_that_served_say_until_when() -> None:
    """When they are refused for good."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(inf))
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    for now, reply in ((0.0, seen(record("x"))), (20.0, BAD_TOKEN)):
        action = a.next(now)
        assert isinstance(action, PollJob)
        events = a.take(action, reply, now)
    (end,) = events
    assert isinstance(end, Ended)
    assert end.outcome.refusal is not None
    assert "accepted until 20 s before" in end.outcome.refusal.hint


def two_jobs(deadline: float) -> Scheduler:
    """Return a scheduler of two jobs that has sent the poll of one at 0 s."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(inf))
    for job_id in ("x", "y"):
        a.subscribers.subscribe(job_id, deadline, job_id, 0.0)
    assert isinstance(a.next(0.0), PollJob)
    return a


def test_waiting_for_credentials_in_doubt_is_overdue() -> None:
    """Deadlines pass meanwhile, so the caller looks at them once a second."""
    assert two_jobs(100.0).next(0.0) == Wait(1.0, overdue=True)


@pytest.mark.parametrize("is_ready", [True, False])
def test_last_poll_that_is_too_late_is_overdue(is_ready: bool) -> None:
    """The caller ends its wait at once, in place of the poll."""
    a = two_jobs(1.0)
    if is_ready:
        assert a.expire(0.5) == []
    assert a.next(3.5) == Wait(3.501, overdue=True)
    assert [event.job_id for event in a.expire(3.501)] == ["y"]


@pytest.mark.parametrize(("locks", "count"), [(True, 5), (False, 7)])
def test_keys_that_the_service_locks_are_tried_by_five_requests(locks: bool, count: int) -> None:
    """However lately they were accepted; other keys have no such bound."""
    a = Scheduler(PollSettings(), Still(), locks=locks, rate_limiter=RateLimiter(inf))
    for number in range(8):
        a.subscribers.subscribe(f"{number}", 100.0, number, 0.0)
    first = a.next(0.0)
    assert isinstance(first, PollJob)
    a.take(first, seen(record("0")), 0.1)
    assert sum(isinstance(a.next(0.1), PollJob) for _ in range(8)) == count
    assert Scheduler(PollSettings(), Still())._renewal.locks is False


def test_renewal_has_as_long_as_a_last_poll() -> None:
    """Even if the waits give up before."""
    a = Scheduler(PollSettings(unreachable_after=1.0), Still(), renews=True)
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    first = a.next(0.0)
    assert isinstance(first, RenewCredentials)
    a.take(first, TransientFailure("HTTP 502"), 0.1)
    again = a.next(0.9)
    assert isinstance(again, RenewCredentials)
    assert again.cut_at == 0.9 + LAST_POLL


def test_last_poll_that_could_not_be_sent_says_why() -> None:
    """No credentials, and why; or busy workers, when nothing else holds it back."""
    a = two_jobs(1.0)
    a._renewal.accept(0, 2.9)
    (end,) = a.expire(3.0)
    assert isinstance(end, Ended)
    assert messages.BUSY in end.outcome.message
    renewal = Scheduler(PollSettings(), Still(), renews=True)
    renewal.subscribers.subscribe("x", 1.0, "me", 0.0)
    renew = renewal.next(0.0)
    assert isinstance(renew, RenewCredentials)
    renewal.take(renew, TransientFailure("HTTP 502"), 0.1)
    (end,) = renewal.expire(3.0)
    assert isinstance(end, Ended)
    assert "HTTP 502" in end.outcome.message


def test_time_of_the_next_request_heeds_a_learned_limit() -> None:
    """It is asked for a message, at any time."""
    a = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(inf))
    a.subscribers.subscribe("x", 3600.0, "me", 0.0)
    action = a.next(0.0)
    assert isinstance(action, PollJob)
    a.take(action, Throttled("m", 0.0, 10, 60.0), 0.0)
    assert a.send_at(1.0) >= 6.0


def test_room_at_this_very_moment_is_room() -> None:
    """For a last poll that goes before a renewal, and for why one was not sent."""
    a = two_jobs(1.0)
    a._renewal.accept(0, 2.9)
    a.rate_limiter.sent(3.0)
    (end,) = a.expire(3.0)
    assert isinstance(end, Ended)
    assert messages.BUSY in end.outcome.message
    b = Scheduler(PollSettings(), Still(), renews=True, rate_limiter=RateLimiter(inf))
    b.subscribers.subscribe("x", 5.0, "me", 0.0)
    renew = b.next(0.0)
    assert isinstance(renew, RenewCredentials)
    b.take(renew, Renewed(5.0), 0.0)
    answer_until(b, seen(record("x")), 0.0, 5.0)
    b.rate_limiter.sent(5.0)
    assert isinstance(b.next(5.0), PollJob)


def test_reason_of_an_unsent_last_poll_outlives_its_scheduler() -> None:
    """A waiter that is entered again keeps its rate limiter, and so what the 429 said."""
    limiter = RateLimiter(inf)
    first = Scheduler(PollSettings(), Still(), rate_limiter=limiter)
    first.subscribers.subscribe("x", 100.0, "me", 0.0)
    action = first.next(0.0)
    assert isinstance(action, PollJob)
    first.take(action, Throttled("HTTP 429: slow down", 0.0, 1, 600.0), 0.0)
    again = Scheduler(PollSettings(), Still(), rate_limiter=limiter)
    again.subscribers.subscribe("x", 5.0, "me", 1.0)
    (end,) = again.expire(7.0)
    assert isinstance(end, Ended)
    assert "the last poll was not sent: HTTP 429: slow down" in end.outcome.message


def test_last_poll_that_is_too_late_is_overdue_while_no_credentials_serve() -> None:
    """Its wait ends at once, not at the next look at the clock."""
    a = Scheduler(PollSettings(), Still(), renews=True)
    a.subscribers.subscribe("x", 10.0, "me", 0.0)
    assert isinstance(a.next(0.0), RenewCredentials)
    assert a.next(11.5) == Wait(12.5, overdue=True)
    assert a.expire(11.5) == []
    assert a.next(12.25) == Wait(12.25 + AT_ONCE, overdue=True)
    assert [event.job_id for event in a.expire(12.251)] == ["x"]


def test_missing_jobs_are_forgotten_when_nobody_waits() -> None:
    """A refusal of everything may end all waits before they are polled."""
    a = two_jobs(100.0)
    for poll in a:
        assert isinstance(poll, JobPoll)
        a.list_polling.missing.add(poll, 0.0)
    assert a.list_polling.missing._polls
    for job_id in ("x", "y"):
        a.subscribers.unsubscribe(job_id, job_id)
    assert a.next(0.0) == Wait(inf)
    assert not a.list_polling.missing._polls
