"""ddswait.scheduler.pollers: what each reply brings about."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from ddswait.events import Ended, Event, Polled, PollFailed
from ddswait.outcome import Outcome, OutcomeKind, Refusal, Scope
from ddswait.scheduler.actions import PollInstance, PollJob, RenewCredentials, Renewed
from ddswait.scheduler.instance_poll import outcome_without_job
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import InstanceState, TransientFailure, UnknownJob
from tests.scheduler.shell import LOCATION, Reply, Still, answer_until, completed, record, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILURE = TransientFailure("HTTP 502", kind="HTTP 502")
UNKNOWN = UnknownJob("unknown")
BAD_PARAMETER = Refusal(400, "DBS.200001", "bad parameter")
EVERYTHING = Refusal(403, "APIGW.0304", "no access", scope=Scope.EVERYTHING)
DATE = "Fri, 01 Jan 2021 00:00:00 GMT"
MIDNIGHT = 1609459200.0
DONE = Outcome(
    "x",
    OutcomeKind.COMPLETED,
    SERVICE.read_record({"id": "x", "status": "Completed", "instance_id": "i"}),
    "job x completed",
)
READY = InstanceState(is_found=True, is_ready=True)
BUSY = InstanceState(is_found=True, description="it is creating")


def made(*, renews: bool = False) -> Scheduler:
    scheduler = Scheduler(
        PollSettings(location=LOCATION), Still(), renews=renews, rate_limiter=RateLimiter(inf)
    )
    scheduler.lists = False
    return scheduler


def waiting(*names: str, timeout: float = 100.0) -> Scheduler:
    """Return a scheduler for jobs that begin at 0 s; credentials were accepted."""
    scheduler = made()
    for name in names:
        scheduler.subscribers.subscribe(name, timeout, name, 0.0)
    return scheduler


def poll(scheduler: Scheduler, now: float) -> PollJob:
    action = scheduler.next(now)
    assert isinstance(action, PollJob), action
    return action


def instance_poll(scheduler: Scheduler, now: float) -> PollInstance:
    action = scheduler.next(now)
    assert isinstance(action, PollInstance), action
    return action


def renewal(scheduler: Scheduler, now: float) -> RenewCredentials:
    action = scheduler.next(now)
    assert isinstance(action, RenewCredentials), action
    return action


def ends(events: Sequence[Event]) -> list[tuple[tuple[object, ...], OutcomeKind]]:
    return [(event.subscribers, event.outcome.kind) for event in events if isinstance(event, Ended)]


def test_each_poll_says_why_it_was_sent() -> None:
    """And when the next one is due; nobody pays for this who does not listen."""
    scheduler = waiting("x")
    scheduler.verbose = True
    steps: list[tuple[float, Reply, str, float]] = [
        (0.0, UNKNOWN, "first", 0.5),
        (0.5, UNKNOWN, "grace", 1.0),
        (1.5, FAILURE, "grace", 0.75),
        (2.25, seen(record("x")), "retry", 7.785),
        (12.0, FAILURE, "interval", 0.75),
        (12.75, FAILURE, "retry", 1.5),
        (14.25, seen(record("x")), "retry", 7.862),
        (95.0, seen(record("x")), "interval", 5.0),
    ]
    for now, reply, reason, next_in in steps:
        told = scheduler.take(poll(scheduler, now), reply, now)
        assert [(e.reason, e.job_id) for e in told if isinstance(e, Polled)] == [(reason, "x")]
        (polled,) = (event for event in told if isinstance(event, Polled))
        assert polled.next_in == pytest.approx(next_in, abs=0.001)
    told = scheduler.take(poll(scheduler, 100.0), completed("x"), 100.5)
    assert [event for event in told if isinstance(event, Polled)] == [Polled("x", "deadline", 0.0)]
    assert ends(told) == [(("x",), OutcomeKind.COMPLETED)]
    silent = waiting("x")
    assert not silent.verbose
    assert silent.take(poll(silent, 0.0), UNKNOWN, 0.0) == ()


def test_reply_teaches_the_time_and_the_durations() -> None:
    """A record and an unknown ID tell the server's time, a completed job how long it took."""
    for reply in (seen(record("x"), DATE), UnknownJob("unknown", DATE)):
        scheduler = waiting("x")
        scheduler.take(poll(scheduler, 0.0), reply, 10.0)
        assert scheduler._clock.ahead == MIDNIGHT - 10.0
    scheduler = waiting("x")
    done = {**record("x", "Completed"), "created": "2021-01-01T00:00:00+0000"}
    scheduler.take(poll(scheduler, 0.0), seen({**done, "ended": "2021-01-01T00:01:00+0000"}), 10.0)
    assert scheduler.durations.median_of("Create_MongoDB") == pytest.approx(60.0)


def test_digest_of_a_reply_is_that_of_what_is_known() -> None:
    """The next reply is compared with it; a reply without the job says nothing about it."""
    scheduler = waiting("x")
    action = poll(scheduler, 0.0)
    scheduler.take(action, seen(record("x"))._replace(digest=5), 0.0)
    assert action.poll.digest == 5
    scheduler.take(poll(scheduler, scheduler.due()), UNKNOWN, 20.0)
    assert action.poll.digest == 5


def test_refusal_of_a_job_ends_its_waits_only() -> None:
    """The poll that was refused counts."""
    scheduler = waiting("x", "y")
    scheduler.take(poll(scheduler, 0.0), seen(record("x")), 0.0)
    other = poll(scheduler, 0.0)
    (end,) = scheduler.take(other, BAD_PARAMETER, 1.0)
    assert isinstance(end, Ended)
    assert (end.job_id, end.outcome.kind, end.outcome.refusal) == (
        other.poll.job_id, OutcomeKind.REFUSED, BAD_PARAMETER,
    )  # fmt: skip
    assert (end.outcome.polls, end.outcome.waited) == (1, 1.0)
    again = poll(scheduler, 50.0)
    (end,) = scheduler.take(again, BAD_PARAMETER, 50.0)
    assert isinstance(end, Ended)
    assert end.outcome.polls == 2
    assert len(scheduler) == 0


@pytest.mark.parametrize("reply", [completed("x"), UNKNOWN, FAILURE, BAD_PARAMETER])
def test_reply_about_a_job_that_nobody_waits_for_changes_nothing(reply: Reply) -> None:
    """Its subscribers have left while the poll was under way."""
    scheduler = waiting("x", "y")
    action = poll(scheduler, 0.0)
    scheduler.subscribers.unsubscribe("x", "x")
    assert scheduler.take(action, reply, 1.0) == ()
    assert "y" in scheduler


def test_refusal_of_everything_counts_whoever_was_polled() -> None:
    """Also when nobody waits any more for the job, or the instance, of that poll."""
    scheduler = waiting("x", "y")
    action = poll(scheduler, 0.0)
    scheduler.subscribers.unsubscribe("x", "x")
    assert ends(scheduler.take(action, EVERYTHING, 1.0)) == [(("y",), OutcomeKind.REFUSED)]
    of_instance = made()
    of_instance.subscribers.subscribe_instance(DONE, 100.0, "me", 0.0)
    of_instance.subscribers.subscribe("y", 100.0, "y", 0.5)
    asked = instance_poll(of_instance, 0.0)
    of_instance.subscribers.unsubscribe("x", "me")
    assert ends(of_instance.take(asked, EVERYTHING, 1.0)) == [(("y",), OutcomeKind.REFUSED)]


def test_deadline_that_passed_meanwhile_ends_its_wait() -> None:
    """After whatever the reply to the last poll brought; the others wait on."""
    scheduler = waiting("x", timeout=10.0)
    scheduler.subscribers.subscribe("x", 100.0, "later", 0.0)
    action = poll(scheduler, 9.5)
    failed, end = scheduler.take(action, FAILURE, 10.0)
    assert isinstance(failed, PollFailed)
    assert ends([end]) == [(("x",), OutcomeKind.TIMED_OUT)]
    assert [*scheduler.subscribers.everyone()] == ["later"]


def test_poll_that_left_long_before_the_deadline_is_not_the_last_one() -> None:
    """It is cut there, and the last one leaves at once."""
    scheduler = waiting("x", timeout=10.0)
    action = poll(scheduler, 5.0)
    assert action.cut_at == 10.0
    (failed,) = scheduler.take(action, FAILURE, 10.0)
    assert isinstance(failed, PollFailed)
    last = poll(scheduler, 10.0)
    assert last.cut_at == 12.0
    assert ends(scheduler.take(last, FAILURE, 12.0)[1:]) == [(("x",), OutcomeKind.TIMED_OUT)]


def test_unreachable_job_ends_with_its_failure() -> None:
    """Once no poll was answered for too long."""
    scheduler = waiting("x", timeout=3600.0)
    scheduler.take(poll(scheduler, 0.0), FAILURE, 0.0)
    told = scheduler.take(poll(scheduler, 1.0), FAILURE, 600.0)
    assert ends(told) == [(("x",), OutcomeKind.UNREACHABLE)]


def joined_late(deadline: float) -> tuple[Scheduler, PollJob]:
    """Return a job whose second caller began at 400 s; all its polls failed until 600 s."""
    scheduler = waiting("x", timeout=2000.0)
    answer_until(scheduler, FAILURE, 0.0, 400.0)
    scheduler.subscribers.subscribe("x", deadline, "late", 400.0)
    answer_until(scheduler, FAILURE, 400.0, 600.0)
    return scheduler, poll(scheduler, 600.0)


def test_wait_that_began_later_goes_on_when_another_gives_up() -> None:
    """It counts from its own beginning, and is polled again within an interval."""
    scheduler, action = joined_late(3000.0)
    failed, ended = scheduler.take(action, FAILURE, 600.5)
    assert isinstance(failed, PollFailed)
    assert isinstance(ended, Ended)
    assert (ended.subscribers, ended.outcome.kind) == (("x",), OutcomeKind.UNREACHABLE)
    assert ended.outcome.cause == "HTTP 502"
    goes_on = action.poll
    times = (goes_on.unreachable_since, goes_on.due, goes_on.last_at)
    assert times == (400.0, 610.5, 1000.0)
    answer_until(scheduler, FAILURE, 610.5, 1000.0)
    *_, ended = scheduler.take(poll(scheduler, 1000.0), FAILURE, 1000.0)
    assert isinstance(ended, Ended)
    assert (ended.subscribers, ended.outcome.kind) == (("late",), OutcomeKind.UNREACHABLE)


def test_wait_that_times_out_when_another_gives_up_ends_too() -> None:
    """Each by its own outcome, and both by the same reply."""
    scheduler, action = joined_late(600.0)
    failed, *ended = scheduler.take(action, FAILURE, 600.5)
    assert isinstance(failed, PollFailed)
    kinds = [(each.subscribers, each.outcome.kind) for each in ended if isinstance(each, Ended)]
    assert kinds == [
        (("x",), OutcomeKind.UNREACHABLE),
        (("late",), OutcomeKind.TIMED_OUT),
    ]
    assert not scheduler.subscribers.jobs


def test_instance_is_polled_until_it_is_ready() -> None:
    """A state and a failure put the next poll off; ready ends the wait."""
    scheduler = made()
    scheduler.subscribers.subscribe_instance(DONE, 100.0, "me", 0.0)
    assert scheduler.take(instance_poll(scheduler, 0.0), BUSY, 0.0) == ()
    assert scheduler.due() == 0.5
    (failed,) = scheduler.take(instance_poll(scheduler, 0.5), FAILURE, 0.5)
    assert failed == PollFailed("x", "HTTP 502", 0.75, "i", ("me",), "HTTP 502")
    assert scheduler.due() == 1.25
    told = scheduler.take(instance_poll(scheduler, 2.0), READY, 2.0)
    assert ends(told) == [(("me",), OutcomeKind.COMPLETED)]
    assert len(scheduler) == 0


def test_each_poll_of_an_instance_is_an_event_for_who_listens() -> None:
    """It says why, whether the poll failed, and when the next one is due."""
    scheduler = made()
    scheduler.verbose = True
    scheduler.subscribers.subscribe_instance(outcome_without_job("i1"), 100.0, "me", 0.0)
    steps: list[tuple[float, Reply | InstanceState, Polled]] = [
        (0.0, BUSY, Polled("", "first", 0.5, "i1", subscribers=("me",))),
        (0.5, FAILURE, Polled("", "interval", 0.75, "i1", failed=True, subscribers=("me",))),
        (2.0, BUSY, Polled("", "retry", 2.0, "i1", subscribers=("me",))),
    ]
    for now, reply, polled in steps:
        told = scheduler.take(instance_poll(scheduler, now), reply, now)
        assert told[-1] == polled


def test_last_polls_of_an_instance_say_why_they_were_sent() -> None:
    """The one at the deadline has a reason of its own; one that ends the wait is not told."""
    scheduler = made()
    scheduler.verbose = True
    begin = outcome_without_job("i1")
    scheduler.subscribers.subscribe_instance(begin, 10.0, "me", 0.0)
    (first,) = scheduler.take(instance_poll(scheduler, 0.0), BUSY, 0.0)
    cut_by_the_deadline = scheduler.take(instance_poll(scheduler, 2.0), FAILURE, 10.0)
    at_the_deadline = scheduler.take(instance_poll(scheduler, 10.0), FAILURE, 10.5)
    told = [first, *cut_by_the_deadline, *at_the_deadline]
    reasons = [event.reason for event in told if isinstance(event, Polled)]
    assert reasons == ["first", "interval", "deadline"]
    assert ends(told) == [(("me",), OutcomeKind.TIMED_OUT)]
    scheduler.subscribers.subscribe_instance(DONE, 100.0, "you", 20.0)
    told = list(scheduler.take(instance_poll(scheduler, 20.0), READY, 20.0))
    assert ends(told) == [(("you",), OutcomeKind.COMPLETED)]
    assert not any(isinstance(event, Polled) for event in told)


def test_failed_poll_of_a_job_says_so_to_who_listens() -> None:
    """The poll that follows says that it has not failed."""
    scheduler = waiting("x")
    scheduler.verbose = True
    failures = [
        event.failed
        for now, reply in ((0.0, FAILURE), (10.0, seen(record("x"))))
        for event in scheduler.take(poll(scheduler, now), reply, now)
        if isinstance(event, Polled)
    ]
    assert failures == [True, False]


def test_poll_that_another_one_must_confirm_says_so_to_who_listens() -> None:
    """A job that was seen and is unknown now; an instance that is ready, and may be new."""
    scheduler = waiting("x", timeout=1000.0)
    scheduler.verbose = True
    steps: list[tuple[float, Reply]] = [
        (0.0, UNKNOWN),  # nobody has seen it
        (100.0, seen(record("x"))),
        (200.0, UNKNOWN),
        (201.0, FAILURE),
        (210.0, seen(record("x"))),
    ]
    events = [scheduler.take(poll(scheduler, now), reply, now) for now, reply in steps]
    assert unconfirmed(events) == [False, False, True, True, False]
    scheduler = made()
    scheduler.verbose = True
    scheduler.subscribers.subscribe_instance(outcome_without_job("i1"), 100.0, "me", 0.0)
    states: list[tuple[float, Reply | InstanceState]] = [
        (0.0, BUSY),
        (2.0, READY),
        (12.0, BUSY),
        (20.0, READY),
    ]
    events = [scheduler.take(instance_poll(scheduler, now), reply, now) for now, reply in states]
    assert unconfirmed(events) == [False, True, False, True]


def unconfirmed(events: list[Sequence[Event]]) -> list[bool]:
    return [each.unconfirmed for told in events for each in told if isinstance(each, Polled)]


def test_failed_poll_of_an_instance_is_an_event_however_the_wait_goes_on() -> None:
    """It names the instance, and whose wait it was; the end of the wait follows."""
    scheduler = made()
    begin = outcome_without_job("i1")
    scheduler.subscribers.subscribe_instance(begin, 10.0, "early", 0.0)
    assert scheduler.take(instance_poll(scheduler, 0.0), BUSY, 0.0) == ()
    failed, end = scheduler.take(instance_poll(scheduler, 10.0), FAILURE, 10.0)
    assert failed == PollFailed("", "HTTP 502", 0.75, "i1", ("early",), "HTTP 502")
    assert ends([end]) == [(("early",), OutcomeKind.TIMED_OUT)]
    scheduler.subscribers.subscribe_instance(begin, 3600.0, "late", 20.0)
    failed, end = scheduler.take(instance_poll(scheduler, 20.0), FAILURE, 620.0)
    assert isinstance(failed, PollFailed)
    assert ends([end]) == [(("late",), OutcomeKind.UNREACHABLE)]


@pytest.mark.parametrize(
    ("refusal", "kinds"),
    [
        (Refusal(400, "m", scope=Scope.INSTANCE), [OutcomeKind.NOT_READY]),
        (Refusal(403, "m", scope=Scope.OPERATION), [OutcomeKind.REFUSED] * 2),
        (EVERYTHING, [OutcomeKind.REFUSED] * 3),
    ],
)
def test_refusal_of_an_instance_has_its_scope(refusal: Refusal, kinds: list[OutcomeKind]) -> None:
    """This instance, all instances, or everything; the poll that was refused counts."""
    scheduler = made()
    for subscriber in ("me", "you"):
        scheduler.subscribers.subscribe_instance(DONE, 100.0, subscriber, 0.0)
    scheduler.subscribers.subscribe("y", 100.0, "y", 0.5)
    told = scheduler.take(instance_poll(scheduler, 0.0), refusal, 1.0)
    assert [kind for _, kind in ends(told)] == kinds
    polled = [event.outcome.polls for event in told if isinstance(event, Ended)]
    assert sorted(polled) == [*[0] * (len(kinds) - 1), 1]


@pytest.mark.parametrize("reply", [READY, BUSY, FAILURE, Refusal(400, "m", scope=Scope.INSTANCE)])
def test_reply_about_an_instance_that_nobody_waits_for_changes_nothing(
    reply: InstanceState | TransientFailure | Refusal,
) -> None:
    """Its subscriber has left while the poll was under way."""
    scheduler = made()
    scheduler.subscribers.subscribe_instance(DONE, 100.0, "me", 0.0)
    action = instance_poll(scheduler, 0.0)
    scheduler.subscribers.unsubscribe("x", "me")
    assert scheduler.take(action, reply, 1.0) == ()
    assert len(scheduler) == 0


BAD_TOKEN = Refusal(401, "APIGW.0301", "m", scope=Scope.EVERYTHING, refuses_credentials=True)


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("is_of_instance", [False, True])
def test_poll_with_refused_credentials_is_sent_again(is_of_instance: bool, leaves: bool) -> None:
    """At once, with the new ones; if somebody still waits."""
    scheduler = made(renews=True)
    if is_of_instance:
        scheduler.subscribers.subscribe_instance(DONE, 100.0, "me", 0.0)
    else:
        scheduler.subscribers.subscribe("x", 100.0, "me", 0.0)
    scheduler.subscribers.subscribe("later", 100.0, "later", 50.0)
    scheduler.take(renewal(scheduler, 0.0), Renewed(None), 0.0)
    action = instance_poll(scheduler, 0.0) if is_of_instance else poll(scheduler, 0.0)
    if leaves:
        scheduler.subscribers.unsubscribe("x", "me")
    assert scheduler.take(action, BAD_TOKEN, 1.0) == ()
    scheduler.take(renewal(scheduler, 1.0), Renewed(None), 2.0)
    assert scheduler.due() == pytest.approx(50.0 if leaves else 1.001)


@pytest.mark.parametrize("refused_at", [9.9995, 10.0, 10.5])
def test_deadline_that_comes_with_refused_credentials_has_its_last_poll(refused_at: float) -> None:
    """As soon as there are new ones, if there are within its allowance."""
    scheduler = made(renews=True)
    scheduler.subscribers.subscribe("x", 10.0, "me", 0.0)
    scheduler.subscribers.subscribe("x", 50.0, "you", 0.0)
    scheduler.take(renewal(scheduler, 0.0), Renewed(None), 0.0)
    assert scheduler.take(poll(scheduler, 0.0), BAD_TOKEN, refused_at) == ()
    scheduler.take(renewal(scheduler, refused_at), Renewed(None), 11.0)
    last = poll(scheduler, 11.0)
    assert last.cut_at == 13.0
    assert ends(scheduler.take(last, seen(record("x")), 11.0)[-1:]) == [
        (("me",), OutcomeKind.TIMED_OUT)
    ]
    assert scheduler.due() > 11.0


def test_refused_instance_says_why() -> None:
    """The refusal is part of the message, and every poll counts."""
    for scope in (Scope.INSTANCE, Scope.OPERATION):
        scheduler = made()
        scheduler.subscribers.subscribe_instance(DONE, 100.0, "me", 0.0)
        scheduler.take(instance_poll(scheduler, 0.0), BUSY, 0.0)
        refusal = Refusal(400, "DBS.1", "no such thing", scope=scope)
        (end,) = scheduler.take(instance_poll(scheduler, 2.0), refusal, 2.0)
        assert isinstance(end, Ended)
        assert "HTTP 400 DBS.1: no such thing" in end.outcome.message
        assert end.outcome.polls == 2


def test_reply_at_the_very_deadline_ends_the_wait() -> None:
    """The poll that brought it left within the last second, so it was the last one."""
    scheduler = waiting("x", timeout=10.0)
    action = poll(scheduler, 9.5)
    *_, ended = scheduler.take(action, seen(record("x")), 10.0)
    assert isinstance(ended, Ended)
    assert ended.outcome.kind is OutcomeKind.TIMED_OUT


def test_refused_instance_without_a_job_names_the_endpoint() -> None:
    """As a refused job does."""
    scheduler = made()
    scheduler.subscribers.subscribe_instance(outcome_without_job("i1"), 100.0, "me", 0.0)
    action = scheduler.next(0.0)
    assert isinstance(action, PollInstance)
    (ended,) = scheduler.take(action, BAD_PARAMETER, 0.5)
    assert isinstance(ended, Ended)
    assert LOCATION in ended.outcome.message
