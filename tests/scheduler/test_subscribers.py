"""ddswait.scheduler.subscribers: who waits for what, and until when."""

from math import inf
from random import Random

import pytest

from ddswait.events import Ended, Event, Tracked
from ddswait.job import EarlierWait
from ddswait.outcome import Outcome, OutcomeKind, Refusal, Scope
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.instance_poll import InstancePoll
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.patience import Patience
from ddswait.scheduler.poll import PollContext
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.queue import PollQueue
from ddswait.scheduler.server_clock import ServerClock
from ddswait.scheduler.subscribers import Subscribers
from ddswait.scheduler.urgency import Urgency
from ddswait.service.dds import SERVICE
from tests.scheduler.shell import LOCATION

SETTINGS = PollSettings(location=LOCATION)
PATIENCE = Patience(SETTINGS)
BAD_TOKEN = Refusal(401, "APIGW.0301", "bad token", scope=Scope.EVERYTHING)
NOT_ALLOWED = Refusal(403, "DBS.280032", "not allowed", scope=Scope.OPERATION)
DONE = Outcome(
    "x",
    OutcomeKind.COMPLETED,
    SERVICE.read_record({"id": "x", "status": "Completed", "instance_id": "i"}),
    "job x completed",
    waited=5.0,
    polls=2,
)


class Room:
    """Subscribers with their queue."""

    def __init__(self) -> None:
        context = PollContext(SETTINGS, Random(1), Durations(), ServerClock(), PATIENCE)
        self.queue = PollQueue(Urgency(context), lambda _: 0.1, 600.0)
        self.subscribers = Subscribers(self.queue, PATIENCE)

    def job(self, job_id: str = "x") -> JobPoll:
        return self.subscribers.jobs[job_id]

    def waits(self, *deadlines: float) -> None:
        """Let subscribers wait for the job x, each named by its deadline."""
        for deadline in deadlines:
            self.subscribers.subscribe("x", deadline, deadline, 0.0)

    def gather(self) -> None:
        """Let polls that are due wait for room."""
        for poll in list(self.queue.pop_due(0.0)):
            self.queue.add_ready(poll, 0.0)


def test_first_subscriber_begins_the_polls() -> None:
    """The job is due at once, and new until it is polled or dropped; later ones share the poll."""
    room = Room()
    room.subscribers.verbose = True
    assert room.subscribers.subscribe("x", 50.0, "me", 3.0) == (Tracked("x"),)
    assert room.subscribers.subscribe("x", 70.0, "you", 4.0) == ()
    assert (room.queue.due(), room.job().since) == (3.0, 3.0)
    assert room.subscribers.new_jobs == 1
    assert [*room.subscribers.everyone()] == ["me", "you"]
    assert room.job() in room.subscribers
    assert JobPoll("x", 0.0, 1.0, None) not in room.subscribers
    room.subscribers.unsubscribe("x", "me")
    room.subscribers.unsubscribe("x", "you")
    assert len(room.subscribers) == room.subscribers.new_jobs == 0
    assert room.queue.due() == inf


@pytest.mark.parametrize("order", [(50.0, 70.0, 60.0), (70.0, 60.0, 50.0), (60.0, 50.0, 70.0)])
def test_earliest_deadline_comes_first(order: tuple[float, ...]) -> None:
    """In whatever order they came, each ends at its own deadline, with the next one in charge."""
    room = Room()
    room.waits(*order)
    assert room.job().deadline == 50.0
    room.gather()
    ended: list[Event] = []
    for now in (51.9, 52.0, 65.0, 72.0):
        ended += room.subscribers.expire_late(now, "no room")
    assert [event.subscribers for event in ended if isinstance(event, Ended)] == [
        (50.0,), (60.0,), (70.0,),
    ]  # fmt: skip
    assert len(room.subscribers) == 0


def test_equal_deadlines_stay_in_the_order_of_their_subscribers() -> None:
    """Whoever came first is named first, whatever kind of object a subscriber is."""
    room = Room()
    first, second, third = object(), object(), object()
    for subscriber, deadline in ((first, 50.0), (second, 50.0), (third, 50.0), ("a", 70.0)):
        room.subscribers.subscribe("x", deadline, subscriber, 0.0)
    room.subscribers.subscribe("x", 60.0, "z", 0.0)
    assert [*room.subscribers.everyone()] == [first, second, third, "z", "a"]


def test_only_subscriber_who_leaves_ends_the_polls() -> None:
    """The next one begins anew."""
    room = Room()
    room.waits(50.0)
    room.subscribers.unsubscribe("x", 50.0)
    assert len(room.subscribers) == 0
    assert room.subscribers.subscribe("x", 60.0, "you", 1.0) == ()
    assert room.subscribers.new_jobs == 1


def test_earlier_deadline_brings_the_next_poll_forward() -> None:
    """The poll is due at that deadline at the latest; a request under way is cut there."""
    room = Room()
    room.waits(100.0)
    room.queue.put_off(room.job(), 80.0)
    room.waits(90.0)
    assert (room.job().due, room.queue.due()) == (80.0, 80.0)
    room.waits(60.0)
    assert (room.job().due, room.queue.due()) == (60.0, 60.0)
    room.job().sent(45.0, SETTINGS)
    assert room.job().cut_at == 60.0
    room.waits(50.0)
    assert room.job().cut_at == 50.0
    room.waits(45.5)
    assert room.job().cut_at == 47.5  # it is the last poll, which has two seconds


def test_subscriber_who_leaves_takes_only_their_own_deadline_along() -> None:
    """The others wait on, whoever leaves; who does not wait cannot leave."""
    room = Room()
    room.waits(50.0, 60.0, 70.0)
    room.subscribers.unsubscribe("x", 60.0)
    room.subscribers.unsubscribe("x", 50.0)
    room.subscribers.unsubscribe("x", "nobody")
    room.subscribers.unsubscribe("y", "nobody")
    assert room.job().deadline == 70.0
    assert [*room.subscribers.everyone()] == [70.0]
    alone = Room()
    alone.waits(50.0)
    alone.subscribers.unsubscribe("x", "nobody")
    assert [*alone.subscribers.everyone()] == [50.0]


def test_poll_that_was_answered_waits_until_it_is_due() -> None:
    """At a deadline its subscriber ends, and the poll is due for the next one as it was."""
    room = Room()
    room.waits(50.0, 70.0)
    poll = room.job()
    poll.due = 45.0
    assert room.subscribers.continue_or_expire(poll, 39.0, 40.0) == ()
    assert room.queue.due() == 45.0
    poll.due = 90.0
    (end,) = room.subscribers.continue_or_expire(poll, 49.0, 50.0)
    assert isinstance(end, Ended)
    assert end.outcome.kind is OutcomeKind.TIMED_OUT
    assert (end.subscribers, poll.due) == ((50.0,), 70.0)
    (end,) = room.subscribers.continue_or_expire(poll, 70.0, 70.0)
    assert isinstance(end, Ended)
    assert room.queue.next_delayed() == inf


def test_last_poll_that_is_still_to_be_sent_is_due_at_once() -> None:
    """The reply at the deadline belongs to a poll that left long before."""
    room = Room()
    room.waits(50.0, 70.0)
    poll = room.job()
    poll.due = 90.0
    assert room.subscribers.continue_or_expire(poll, 48.9, 50.5) == []
    assert room.queue.last.pop_by(50.5) is poll
    (end,) = room.subscribers.continue_or_expire(poll, 50.5, 52.5)
    assert isinstance(end, Ended)
    assert end.subscribers == (50.0,)


def test_only_waits_whose_last_poll_cannot_leave_any_more_expire() -> None:
    """The others of the same job have theirs, however the first one ended."""
    room = Room()
    room.waits(50.0, 52.0)
    room.gather()
    assert room.subscribers.expire_late(51.9, "no room") == []
    (end,) = room.subscribers.expire_late(53.0, "no room")
    assert isinstance(end, Ended)
    assert end.subscribers == (50.0,)
    assert "it was not polled; the last poll was not sent: no room" in end.outcome.message
    assert room.queue.last.pop_by(53.0) is room.job()


def test_subscriber_who_leaves_takes_their_last_poll_along() -> None:
    """The poll that is ready is the last one of the next deadline then."""
    room = Room()
    room.waits(50.0, 70.0)
    room.gather()
    room.subscribers.unsubscribe("x", 50.0)
    assert room.queue.last.next_at(70.0) == 70.0


def test_whoever_joins_counts_from_their_own_beginning() -> None:
    """When the service is unreachable, and in the message of a timeout."""
    room = Room()
    room.subscribers.subscribe("x", 9000.0, "me", 0.0)
    room.subscribers.subscribe("x", 9500.0, "you", 400.0)
    room.subscribers.subscribe("x", 500.0, "they", 450.0)
    room.gather()
    poll = room.job()
    assert room.subscribers.others.first_since(poll) == 0.0
    assert room.subscribers.unreachable_at(100.0, PATIENCE) == 700.0
    assert room.subscribers.give_up(poll, "HTTP 502", 100.0, 699.0, PATIENCE) == []
    (end,) = room.subscribers.expire_late(502.0, "no room")
    assert isinstance(end, Ended)
    assert end.outcome.message.startswith("job x had not ended when the wait timed out after 50 s")
    (end,) = room.subscribers.give_up(poll, "HTTP 502", 100.0, 700.0, PATIENCE)
    assert isinstance(end, Ended)
    assert (end.subscribers, end.outcome.kind) == (("me",), OutcomeKind.UNREACHABLE)
    assert "could not be polled for the last 600 s" in end.outcome.message
    assert "HTTP 502" in end.outcome.message
    assert (poll.deadline, room.subscribers.others.first_since(poll)) == (9500.0, 400.0)
    (end,) = room.subscribers.give_up(poll, "HTTP 502", 100.0, 1000.0, PATIENCE)
    assert isinstance(end, Ended)
    assert end.subscribers == ("you",)
    assert len(room.subscribers) == len(room.subscribers.others._joined_at) == 0


def test_of_those_who_joined_the_first_one_counts() -> None:
    """Once whoever began the polls has left; nothing is remembered of who has left."""
    room = Room()
    for subscriber, now in (("me", 0.0), ("you", 400.0), ("they", 450.0)):
        room.subscribers.subscribe("x", 9000.0 + now, subscriber, now)
    room.subscribers.unsubscribe("x", "me")
    assert room.subscribers.others.first_since(room.job()) == 400.0
    room.subscribers.unsubscribe("x", "you")
    assert room.subscribers.others._joined_at == {("x", "they"): 450.0}


def test_reply_to_the_last_poll_just_at_the_deadline_ends_the_wait() -> None:
    """It was sent, so the message does not say that it was not."""
    room = Room()
    room.waits(50.0)
    (end,) = room.subscribers.continue_or_expire(room.job(), 49.5, 50.0)
    assert isinstance(end, Ended)
    assert "not sent" not in end.outcome.message


def test_poll_that_is_repeated_at_its_deadline_is_a_last_one() -> None:
    """It goes before all others again."""
    room = Room()
    room.waits(50.0)
    room.job().sent(49.9, SETTINGS)
    room.subscribers.repeat(room.job(), 50.0)
    assert room.queue.due() <= 50.0
    assert room.queue.last.pop_by(50.0) is room.job()


def test_wait_that_is_resumed_is_not_looked_up_as_a_new_job() -> None:
    """Unless it was not visible before; the poll goes on from what was known."""
    room = Room()
    room.subscribers.subscribe("x", 50.0, "me", 0.0, EarlierWait(90.0, DONE.job, 100.0))
    room.subscribers.subscribe("y", 50.0, "me", 0.0, EarlierWait(90.0))
    assert room.subscribers.new_jobs == 1
    assert (room.job().since, room.job().created_at, room.job().job) == (-90.0, -100.0, DONE.job)
    assert room.queue.due() == 0.0


def test_outcome_of_a_job_is_for_all_its_subscribers() -> None:
    """They are named in the order of their deadlines; nothing is left of the job."""
    room = Room()
    room.waits(70.0, 50.0, 60.0)
    end = room.subscribers.end(room.job(), DONE)
    assert end == Ended("x", DONE, (50.0, 60.0, 70.0))
    assert len(room.subscribers) == 0
    room.waits(80.0)
    assert [*room.subscribers.everyone()] == [80.0]


def test_each_subscriber_has_their_own_poll_of_an_instance() -> None:
    """It ends alone, at its own deadline or when its subscriber leaves."""
    room = Room()
    for subscriber, deadline in (("me", 50.0), ("you", 60.0), ("they", 70.0)):
        assert room.subscribers.subscribe_instance(DONE, deadline, subscriber, 10.0) == ()
    assert [*room.subscribers.everyone()] == ["me", "you", "they"]
    assert room.queue.due() == 10.0
    mine, yours = room.subscribers.instances["me"], room.subscribers.instances["you"]
    (end,) = room.subscribers.continue_or_expire(mine, 50.0, 50.0)
    assert isinstance(end, Ended)
    assert (end.subscribers, end.instance, end.outcome.kind) == (
        ("me",), True, OutcomeKind.NOT_READY,
    )  # fmt: skip
    room.subscribers.unsubscribe("x", "they")
    assert [*room.subscribers] == [yours]
    assert room.subscribers.end(yours, DONE) == Ended("x", DONE, ("you",), instance=True)
    assert len(room.subscribers) == 0


def test_poll_of_an_instance_leaves_those_who_wait_for_its_job() -> None:
    """The job may be waited for again meanwhile, by others."""
    room = Room()
    room.waits(50.0, 60.0)
    room.subscribers.subscribe_instance(DONE, 40.0, "me", 10.0)
    end = room.subscribers.end(room.subscribers.instances["me"], DONE)
    assert end.subscribers == ("me",)
    assert [*room.subscribers.everyone()] == [50.0, 60.0]


def test_refusal_of_everything_ends_all_waits_and_every_later_one() -> None:
    """Without another request, each is refused with its own message."""
    room = Room()
    room.waits(50.0, 60.0)
    room.subscribers.subscribe_instance(DONE, 50.0, "me", 10.0)
    ends = room.subscribers.refuse(BAD_TOKEN, 20.0)
    later = [
        *room.subscribers.subscribe("y", 50.0, "later", 30.0),
        *room.subscribers.subscribe_instance(DONE, 50.0, "later still", 30.0),
    ]
    told = [
        (event.subscribers, event.instance, event.outcome.refusal, event.outcome.waited)
        for event in [*ends, *later]
        if isinstance(event, Ended)
    ]
    assert told == [
        ((50.0, 60.0), False, BAD_TOKEN, 20.0),
        (("me",), True, BAD_TOKEN, 15.0),
        (("later",), False, BAD_TOKEN, 0.0),
        (("later still",), True, BAD_TOKEN, 5.0),
    ]
    assert all(LOCATION in event.outcome.message for event in later if isinstance(event, Ended))
    assert len(room.subscribers) == 0


def test_refusal_of_instances_concerns_no_job() -> None:
    """Jobs are waited for as before; every later wait for an instance is refused at once."""
    room = Room()
    room.waits(50.0)
    room.subscribers.subscribe_instance(DONE, 50.0, "me", 10.0)
    (end,) = room.subscribers.refuse(NOT_ALLOWED, 20.0)
    assert isinstance(end, Ended)
    assert end.subscribers == ("me",)
    assert [*room.subscribers.everyone()] == [50.0]
    assert room.subscribers.subscribe("y", 50.0, "you", 30.0) == ()
    assert room.job("y").subscriber == "you"
    (end,) = room.subscribers.subscribe_instance(DONE, 50.0, "them", 40.0)
    assert isinstance(end, Ended)
    assert (end.subscribers, end.outcome.refusal) == (("them",), NOT_ALLOWED)
    assert LOCATION in end.outcome.message


def test_polls_of_jobs_and_of_instances_are_all_that_is_waited_for() -> None:
    """Jobs come first."""
    room = Room()
    room.subscribers.subscribe_instance(DONE, 50.0, "me", 10.0)
    room.waits(50.0)
    job, instance = room.subscribers
    assert isinstance(job, JobPoll)
    assert isinstance(instance, InstancePoll)
    assert len(room.subscribers) == 2


def test_job_is_new_until_it_is_looked_for() -> None:
    """It counts once, by a poll of its own, by a list of all jobs, or when nobody waits for it."""
    room = Room()
    for job_id in ("a", "b", "c", "d"):
        room.subscribers.subscribe(job_id, 50.0, "me", 0.0)
    a, b, *_ = room.subscribers.jobs.values()
    for poll in (a, a, b):
        room.subscribers.looked_for(poll)
    assert room.subscribers.new_jobs == 2
    room.subscribers.unsubscribe("b", "me")
    room.subscribers.unsubscribe("c", "me")
    assert room.subscribers.new_jobs == 1
    room.subscribers.looked_for_all()
    room.subscribers.unsubscribe("d", "me")
    assert room.subscribers.new_jobs == 0


def test_job_of_an_earlier_run_is_not_new_when_it_is_looked_for() -> None:
    """It was never counted."""
    room = Room()
    seen = EarlierWait(5.0, DONE.job, 9.0)
    room.subscribers.subscribe("x", 50.0, "me", 0.0, seen)
    room.subscribers.looked_for(room.job())
    assert room.subscribers.new_jobs == 0


def test_jobs_that_are_tracked_are_reported_only_if_asked() -> None:
    """Most programs need no event for each."""
    room = Room()
    assert room.subscribers.verbose is False
    assert room.subscribers.subscribe("x", 50.0, "me", 0.0) == ()


def test_jobs_of_one_deadline_share_its_object() -> None:
    """A hundred thousand equal numbers need no memory each."""
    room = Room()
    for job_id, now in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        room.subscribers.subscribe(job_id, now + 50.0, "me", now)
    a, b, c = room.subscribers.jobs.values()
    assert a.deadline is b.deadline
    assert (a.deadline, c.deadline) == (51.0, 52.0)
