"""ddswait.scheduler.shared_scheduler: several schedulers that share what there is one of."""

from math import inf

import pytest

from ddswait.events import Ended, RenewalFailed
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.scheduler.actions import Action, PollJob, RenewCredentials, Renewed, Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.shared_scheduler import SharedScheduler
from ddswait.service.replies import JobSeen, Throttled, TransientFailure
from tests.scheduler.sharing import Pair
from tests.scheduler.shell import Still, completed, record, seen


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


def test_scheduler_is_asked_when_its_next_poll_is_due() -> None:
    """At that very moment, so that whoever waits until then does not wait in vain."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    pair.settle(0.0)
    wait = pair.shared.next(1.0)
    assert isinstance(wait, Wait)
    assert isinstance(pair.shared.next(wait.until), PollJob)


class Counted(Scheduler):
    """A scheduler that counts how often it is asked."""

    asked = 0

    def next(self, now: float) -> Action | Wait:
        self.asked += 1
        return super().next(now)


def test_idle_scheduler_costs_nothing() -> None:
    """However often another one is asked."""
    pair = Pair()
    idle = Counted(PollSettings(), Still(), rate_limiter=pair.limiter, renewal=pair.renewal)
    pair.shared.add(idle)
    pair.track(pair.a, *(f"job-{number}" for number in range(20)))
    pair.settle(0.0)
    assert idle.asked <= 2


def test_wait_says_that_something_is_overdue() -> None:
    """Even if the last one that was asked has nothing to send; see Scheduler.expire()."""
    pair = Pair(rate=0.001)
    pair.track(pair.a, "sent", "held back")
    assert len(pair.sent(0.0)) == 1
    pair.track(pair.b)
    wait = pair.shared.next(0.1)
    assert isinstance(wait, Wait)
    assert wait.overdue


def test_removing_a_scheduler_twice_changes_nothing() -> None:
    """Whoever has left may leave again."""
    pair = Pair()
    pair.track(pair.b, "y")
    for _ in range(2):
        pair.shared.remove(pair.a)
    assert [type(each) for each in pair.sent(0.0)] == [PollJob]


def test_reply_of_which_nothing_follows_is_told_to_nobody() -> None:
    """A job that runs on is no news."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.settle(0.0)
    wait = pair.shared.next(0.0)
    assert isinstance(wait, Wait)
    (action,) = pair.sent(wait.until)
    assert pair.shared.take(action, seen(record("x")), wait.until) == []


def test_what_is_held_back_leaves_as_soon_as_a_reply_allows_it() -> None:
    """Credentials that were never tried let one request leave; its reply lets all others."""
    pair = Pair()
    pair.track(pair.a, "x")
    pair.track(pair.b, "y")
    (first,) = pair.sent(0.0)
    pair.take(first, seen(record(first.poll.job_id)), 0.1)
    assert [each.poll.job_id for each in pair.sent(0.1) if isinstance(each, PollJob)] == ["y"]


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
