"""ddswait.scheduler.credential_renewal: a renewal replaces credentials that were refused."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import cycle
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.events import Ended, Event, RenewalFailed
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.scheduler.actions import PollJob, RenewCredentials, Renewed, Wait
from ddswait.scheduler.credential_renewal import CredentialRenewal
from ddswait.scheduler.poll_settings import LAST_POLL, PollSettings
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import InstanceState, Throttled, TransientFailure
from tests.scheduler.shell import LOCATION, Reply, Shell, Still, lasting, record, seen

BAD_TOKEN = Refusal(
    401, "APIGW.0301", "bad token", "r", scope=Scope.EVERYTHING, refuses_credentials=True
)

SETTINGS = PollSettings(location=LOCATION)
DOWN = TransientFailure("HTTP 503")


def asked(scheduler: Scheduler, now: float) -> PollJob:
    action = scheduler.next(now)
    assert isinstance(action, PollJob)
    return action


def leased() -> Scheduler:
    scheduler = Scheduler(PollSettings(location=LOCATION), Still(), renews=True)
    scheduler.subscribers.subscribe("x", 100.0, "me", 0.0)
    renew = scheduler.next(0.0)
    assert isinstance(renew, RenewCredentials)
    scheduler.take(renew, Renewed(None), 0.0)
    return scheduler


def test_key_without_an_end_is_renewed_upon_401() -> None:
    """With `renew_in` None, a 401 requests another key at once."""
    scheduler = leased()
    assert not scheduler.take(asked(scheduler, 0.0), BAD_TOKEN, 0.5)
    renew = scheduler.next(0.5)
    assert isinstance(renew, RenewCredentials)
    scheduler.take(renew, Renewed(None), 1.0)
    assert asked(scheduler, 1.0).credentials == 2


def test_deadlines_hold_while_a_renewal_stalls() -> None:
    """However long a renewal takes, a wait ends within the last poll's allowance."""
    scheduler = leased()
    scheduler.take(asked(scheduler, 0.0), BAD_TOKEN, 0.5)
    assert isinstance(scheduler.next(0.5), RenewCredentials)
    now = 0.5
    events: list[Event] = []
    while not events:
        rest = scheduler.next(now)
        assert isinstance(rest, Wait)
        assert now < rest.until < inf
        now = rest.until
        events = scheduler.expire(now)
    assert isinstance(events[0], Ended)
    assert events[0].outcome.kind is OutcomeKind.TIMED_OUT
    assert now <= 100.0 + LAST_POLL + 1.0


def test_nothing_has_failed_before_the_first_renewal() -> None:
    """There is no cause to tell."""
    assert CredentialRenewal(renews=True).cause == ""


def test_renewal_that_is_under_way_is_not_begun_twice() -> None:
    """Neither by the clock nor by a 401."""
    lease = CredentialRenewal(renews=True)
    assert lease.starts(0.0)
    lease.renewed(Renewed(10.0), 0.0)
    assert not lease.starts(9.0)
    assert lease.starts(10.0)
    assert lease.may_cure(BAD_TOKEN, 1, 11.0)
    assert not lease.starts(12.0)


@pytest.mark.parametrize("renew_in", [0.0, -5.0, nan, 0.5])
def test_key_that_ends_at_once_is_renewed_a_second_later(renew_in: float) -> None:
    """A lease of 0 s keeps no job from being polled, and is renewed a second later."""
    scheduler = Scheduler(PollSettings(location=LOCATION), Still(), renews=True)
    scheduler.subscribers.subscribe("x", 100.0, "me", 0.0)
    renew = scheduler.next(0.0)
    assert isinstance(renew, RenewCredentials)
    scheduler.take(renew, Renewed(renew_in), 0.0)
    asked(scheduler, 0.0)
    assert scheduler.next(0.9) == Wait(1.0)
    assert isinstance(scheduler.next(1.0), RenewCredentials)


def test_reply_to_an_old_key_does_not_accept_the_new_one() -> None:
    """Only a reply to a request with this key shows that it is accepted."""
    lease = CredentialRenewal(renews=True)
    for _ in range(2):
        lease.renewed(Renewed(None), 0.0)
    lease.accept(1, 1.0)
    assert not lease.accepted
    lease.accept(2, 1.0)
    assert lease.accepted


def renewing(scheduler: Scheduler, now: float) -> RenewCredentials:
    action = scheduler.next(now)
    assert isinstance(action, RenewCredentials)
    return action


def serving(renew_in: float) -> Scheduler:
    """Return a scheduler whose credentials were accepted and must be renewed later."""
    scheduler = Scheduler(PollSettings(location=LOCATION), Still(), renews=True)
    scheduler.subscribers.subscribe("x", 10_000.0, "me", 0.0)
    scheduler.take(renewing(scheduler, 0.0), Renewed(renew_in), 0.0)
    scheduler.take(asked(scheduler, 0.0), seen(record("x")), 0.0)
    return scheduler


def test_refused_renewal_waits_for_the_401() -> None:
    """While the old key serves, IAM is not asked again; its second refusal ends every wait."""
    scheduler = serving(50.0)
    wrong = Refusal(401, error_msg="wrong password")
    assert scheduler.take(renewing(scheduler, 50.0), wrong, 50.0) == (
        RenewalFailed("HTTP 401: wrong password", None, kind="HTTP 401"),
    )
    for now in range(51, 1000, 10):
        action = scheduler.next(float(now))
        if isinstance(action, PollJob):
            scheduler.take(action, seen(record("x")), float(now))
        else:
            assert isinstance(action, Wait)
    assert not scheduler.take(asked(scheduler, 1100.0), BAD_TOKEN, 1100.0)
    (end,) = scheduler.take(renewing(scheduler, 1100.0), wrong, 1101.0)
    assert isinstance(end, Ended)
    assert end.outcome.refusal == replace(wrong, scope=Scope.EVERYTHING)


def test_failed_renewal_is_reported_and_honours_retry_after() -> None:
    """Each failure is an event with its retry delay, which respects Retry-After and limits."""
    scheduler = serving(50.0)
    assert scheduler.take(renewing(scheduler, 50.0), TransientFailure("HTTP 503", 40.0), 50.0) == [
        RenewalFailed("HTTP 503", 42.0)
    ]
    scheduler.take(asked(scheduler, 50.0), seen(record("x")), 50.0)
    slow = Throttled("too many", retry_after=100.0)
    assert scheduler.take(renewing(scheduler, 92.0), slow, 92.0) == [
        RenewalFailed("too many", 105.0, kind="too many requests")
    ]
    stated = Throttled("1 in 5 minutes", limit=1, window=300.0)
    assert scheduler.take(renewing(scheduler, 197.0), stated, 197.0) == [
        RenewalFailed("1 in 5 minutes", 315.0, kind="too many requests")
    ]


def test_long_retry_after_does_not_outlast_unreachable_after() -> None:
    """With no key at all, the last renewal is tried when the patience of the waits ends."""
    scheduler = leased()
    scheduler.subscribers.subscribe("y", 10_000.0, "you", 0.0)
    scheduler.take(asked(scheduler, 0.0), BAD_TOKEN, 0.0)
    down = TransientFailure("HTTP 503", 3600.0)
    assert scheduler.take(renewing(scheduler, 0.0), down, 0.0) == [RenewalFailed("HTTP 503", 600.0)]
    reported = scheduler.take(renewing(scheduler, 600.0), down, 600.0)
    kinds = [event.outcome.kind for event in reported if isinstance(event, Ended)]
    assert kinds == [OutcomeKind.UNREACHABLE, OutcomeKind.UNREACHABLE]


class Caller(Shell):
    """Wants the instance of every job ready too."""

    deadlines: dict[object, float]

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            super()._note([event])
            if isinstance(event, Ended) and event.outcome.ok and not event.instance:
                for subscriber in event.subscribers:
                    by = self.deadlines[subscriber]
                    self._note(
                        self.scheduler.subscribers.subscribe_instance(
                            event.outcome, by, subscriber, self.now
                        )
                    )


ANSWERS: dict[str, list[Any]] = {
    "PollJob": [
        lambda name: seen(record(name)),
        lambda name: seen({**record(name, "Completed"), "instance_id": f"{name}in02"}),
        lambda _: TransientFailure("HTTP 502"),
        lambda _: BAD_TOKEN,
    ],
    "PollInstance": [
        lambda _: InstanceState(is_found=True, is_ready=True),
        lambda _: InstanceState(is_found=True),
        lambda _: Throttled("slow down", limit=5, window=1.0),
        lambda _: Refusal(403, "DBS.280032", scope=Scope.OPERATION),
        lambda _: BAD_TOKEN,
    ],
    "RenewCredentials": [
        lambda _: Renewed(None),
        lambda _: Renewed(20.0),
        lambda _: Renewed(nan),
        lambda _: Renewed(5.0, same=True),
        lambda _: TransientFailure("HTTP 503", 50.0),
        lambda _: Refusal(401, error_msg="wrong password"),
    ],
}


STEPS = st.lists(
    st.tuples(st.integers(0, 59), st.sampled_from([0.0, 0.1, 3.0, 50.0])), min_size=1, max_size=30
)


TIMEOUTS = st.lists(st.sampled_from([5.0, 60.0, 700.0, 3600.0]), min_size=1, max_size=4)


@given(steps=STEPS, timeouts=TIMEOUTS)
def test_whatever_cloud_instances_and_source_say(
    steps: list[tuple[int, float]], timeouts: list[float]
) -> None:
    """Each wait ends exactly once, by its deadline and the last poll's allowance."""
    script = cycle(steps)

    def reply(kind: str, name: str) -> tuple[Any, float]:
        number, latency = next(script)
        choices = ANSWERS[kind]
        return choices[number % len(choices)](name), latency

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        return reply("PollJob", job_id)

    shell = Caller(cloud, elsewhere=lambda asked, _: reply(type(asked).__name__, ""))
    shell.deadlines = {}
    for number, timeout in enumerate(timeouts):
        subscriber = object()
        shell.deadlines[subscriber] = timeout
        shell.track(f"job-{number % 3}", timeout, subscriber)
    shell.run()
    last: list[tuple[object, float]] = []
    for at, end in shell.ended:
        if end.instance or not end.outcome.ok:
            last += [(subscriber, at) for subscriber in end.subscribers]
    assert Counter(subscriber for subscriber, _ in last) == Counter(list(shell.deadlines))
    for subscriber, at in last:
        assert at <= shell.deadlines[subscriber] + LAST_POLL + 2.0


def renewed(renew_in: float | None = None, now: float = 0.0) -> CredentialRenewal:
    """Return credentials that renew and have just been obtained."""
    lease = CredentialRenewal(renews=True)
    assert lease.starts(now)
    assert lease.renewed(Renewed(renew_in), now) is None
    return lease


def test_credentials_that_renew_are_obtained_first() -> None:
    """Until then nothing serves; credentials that do not renew serve at once."""
    lease, fixed = CredentialRenewal(renews=True), CredentialRenewal(renews=False)
    assert (lease.blocked, lease.accepted, lease.count) == (True, False, 0)
    assert (fixed.blocked, fixed.accepted, fixed.accepted_at) == (False, False, -inf)
    assert not fixed.may_cure(BAD_TOKEN, 0, 1.0)
    assert lease.starts(0.0)
    assert lease.due == inf
    lease.renewed(Renewed(None), 0.0)
    assert (lease.blocked, lease.count, lease.due) == (False, 1, inf)


@pytest.mark.parametrize("make", [renewed, partial(CredentialRenewal, renews=False)])
def test_two_requests_try_new_credentials(make: Callable[[], CredentialRenewal]) -> None:
    """The second leaves two seconds after the first, a third only when one is answered."""
    lease = make()
    assert lease.send_at(5.0) <= 5.0
    lease.sent(5.0)
    assert lease.send_at(5.0) == 7.0
    lease.sent(7.0)
    assert lease.send_at(7.0) == inf
    lease.answered(lease.count)
    assert lease.send_at(7.5) <= 7.5
    lease.sent(7.5)
    assert lease.send_at(7.5) == inf
    lease.answered(lease.count)
    lease.answered(lease.count)
    lease.sent(8.0)
    assert lease.send_at(8.0) == 10.0


def test_accepted_request_vouches_for_ten_seconds() -> None:
    """Then the next request leaves alone again, and the others two seconds later."""
    lease = renewed()
    lease.sent(0.0)
    lease.answered(1)
    lease.accept(1, 20.0)
    lease.sent(30.0)
    assert lease.send_at(30.0) == 30.0
    assert lease.send_at(30.1) <= 30.1
    lease.sent(30.1)
    assert lease.send_at(30.1) == 32.1
    lease.sent(32.1)
    lease.sent(34.1)
    assert lease.send_at(34.1) == 36.1
    lease.sent(36.1)
    assert lease.send_at(36.1) == inf


def test_credentials_in_doubt_are_tried_by_five_requests() -> None:
    """A sixth refusal would lock a key, even one that was accepted long ago."""
    lease = renewed()
    lease.accept(1, 0.0)
    for now in (20.0, 22.0, 24.0, 26.0):
        assert lease.send_at(now) <= now
        lease.sent(now)
    assert lease.send_at(28.0) == 28.0
    lease.sent(28.0)
    assert lease.send_at(30.0) == inf
    lease.answered(1)
    assert lease.send_at(30.0) <= 30.0


def test_access_key_never_has_more_than_five_requests_under_way() -> None:
    """It may be revoked at any moment; a token is not locked, so that it has no such bound."""
    key, token = CredentialRenewal(renews=False, locks=True), CredentialRenewal(renews=False)
    for credentials in (key, token):
        credentials.accept(0, 0.0)
        for _ in range(4):
            credentials.sent(1.0)
        assert credentials.send_at(1.0) == 1.0
        credentials.sent(1.0)
    assert key.send_at(1.0) == inf
    assert token.send_at(1.0) == 1.0
    key.answered(0)
    assert key.send_at(1.0) == 1.0


def test_renewal_says_whether_the_new_credentials_may_be_locked() -> None:
    """A provider may hand out an access key."""
    lease = CredentialRenewal(renews=True)
    assert not lease.locks
    lease.renewed(Renewed(None, locks=True), 0.0)
    assert lease.locks


def test_reply_to_old_credentials_frees_no_place() -> None:
    """Only requests with the present credentials count as trying them."""
    lease = renewed()
    lease.sent(0.0)
    lease.renewed(Renewed(None), 1.0)
    assert lease.send_at(1.0) <= 1.0
    lease.sent(1.0)
    lease.answered(1)
    lease.sent(3.0)
    assert lease.send_at(3.0) == inf
    lease.answered(2)
    lease.accept(2, 3.0)
    lease.answered(2)
    lease.renewed(Renewed(None), 9.0)
    lease.sent(9.0)
    assert lease.send_at(9.0) == 11.0


def test_failed_renewals_are_further_and_further_apart() -> None:
    """Three quarters of 1, 2 and 4 seconds on average; a success starts from the first again."""
    lease = renewed(100.0)
    for now, due in ((100.0, 100.75), (101.0, 102.5), (103.0, 106.0)):
        assert lease.starts(now)
        assert lease.failed(DOWN, SETTINGS, now, Still()) is None  # the present ones serve
        assert lease.due == due
    assert lease.starts(106.0)
    lease.renewed(Renewed(100.0), 106.0)
    assert lease.due == 206.0
    assert lease.starts(206.0)
    lease.failed(DOWN, SETTINGS, 206.0, Still())
    assert lease.due == 206.75


@pytest.mark.parametrize(
    ("interval", "unreachable_after", "longest"),
    [
        (10.0, 600.0, 7.5),
        (2.0, 600.0, 3.75),
        (120.0, 600.0, 45.0),
        (10.0, 8.0, 1.5),
        (1.0, 1.0, 0.75),
    ],
)
def test_renewals_that_fail_are_repeated_within_an_interval(
    interval: float, unreachable_after: float, longest: float
) -> None:
    """Or within five seconds, and often enough before the waits end; a minute at the most."""
    settings = PollSettings(interval=interval, unreachable_after=unreachable_after)
    lease = CredentialRenewal(renews=True)
    now = 0.0
    for _ in range(20):
        assert lease.starts(now)
        lease.failed(DOWN, settings, now, Still())
        last, now = now, lease.due
    assert now - last == longest


def test_first_renewal_that_fails_is_repeated_soon() -> None:
    """And it says since when no request could leave: since the first attempt."""
    lease = CredentialRenewal(renews=True)
    assert lease.starts(10.0)
    assert lease.failed(DOWN, SETTINGS, 10.0, Still()) == 10.0
    assert lease.due == 10.75
    assert lease.cause == "HTTP 503"
    assert not lease.starts(10.5)
    assert lease.starts(11.0)
    assert lease.failed(DOWN, SETTINGS, 15.0, Still()) == 10.0
    assert lease.starts(20.0)
    lease.renewed(Renewed(None), 20.0)
    assert (lease.blocked_at, lease.cause) == (inf, "")
    assert lease.may_cure(BAD_TOKEN, 1, 100.0)
    assert lease.starts(101.0)
    assert lease.failed(DOWN, SETTINGS, 103.0, Still()) == 100.0


def test_attempt_is_made_earlier_when_the_waits_end_earlier() -> None:
    """However long the source asked to be left alone."""
    lease = CredentialRenewal(renews=True)
    lease.starts(0.0)
    lease.failed(TransientFailure("HTTP 503", 1000.0), SETTINGS, 10.0, Still())
    assert lease.due == 1060.0
    lease.try_by(60.0)
    assert lease.due == 60.0
    lease.try_by(70.0)
    assert lease.due == 60.0


def test_waits_that_began_during_an_outage_wait_as_long_as_others() -> None:
    """Being unreachable counts from the beginning of each wait, not from the first failure."""
    shell = Shell(
        lasting(5000.0),
        PollSettings(location=LOCATION, unreachable_after=100.0),
        elsewhere=lambda asked, _: (TransientFailure("HTTP 503"), 0.1),
    )
    shell.track("a")
    shell.run(60.0)
    shell.track("b")
    shell.run(70.0)
    shell.track("a")  # another caller
    shell.run()
    ended = [(round(at), end.job_id, end.outcome.kind) for at, end in shell.ended]
    assert ended == [
        (100, "a", OutcomeKind.UNREACHABLE),
        (160, "b", OutcomeKind.UNREACHABLE),
        (170, "a", OutcomeKind.UNREACHABLE),
    ]


def test_failed_renewal_is_forgotten_while_nobody_waits() -> None:
    """An hour without a wait between two failures is not an hour of being unreachable."""
    shell = Shell(
        lasting(5000.0),
        PollSettings(location=LOCATION, unreachable_after=100.0),
        elsewhere=lambda asked, _: (TransientFailure("HTTP 503"), 0.1),
    )
    shell.track("a", subscriber="me")
    shell.run(5.0)
    shell.scheduler.subscribers.unsubscribe("a", "me")
    shell.run(3600.0)
    shell.track("b")
    shell.run()
    assert [round(at) for at, _ in shell.ended] == [3700]


def test_silent_source_of_credentials_is_cut_when_the_waits_end() -> None:
    """A renewal without any answer does not keep them beyond `unreachable_after`."""
    shell = Shell(
        lasting(5000.0),
        PollSettings(location=LOCATION, unreachable_after=8.0),
        elsewhere=lambda asked, _: (Renewed(None), inf),
    )
    shell.track("a")
    shell.run()
    ((at, end),) = shell.ended
    assert (at, end.outcome.kind) == (8.0, OutcomeKind.UNREACHABLE)


def test_refused_renewal_leaves_the_present_credentials() -> None:
    """No other attempt is made before those are refused too."""
    lease = renewed(10.0)
    assert lease.starts(10.0)
    lease.refused()
    assert lease.due == inf
    assert not lease.blocked
    assert lease.may_cure(BAD_TOKEN, 1, 20.0)
    assert lease.starts(20.0)


def test_refusal_of_credentials_that_were_replaced_says_nothing() -> None:
    """The request is sent again with the new ones, which stay in use."""
    lease = renewed()
    lease.renewed(Renewed(None), 1.0)
    assert lease.may_cure(BAD_TOKEN, 1, 2.0)
    assert not lease.blocked
    assert lease.renewed(Renewed(None, same=True), 3.0) is None


def test_new_credentials_that_were_never_accepted_are_not_replaced() -> None:
    """The second ones end the waits; the first ones, and accepted ones, are renewed once."""
    lease = renewed()
    assert lease.may_cure(BAD_TOKEN, 1, 0.0)
    assert lease.blocked
    lease.renewed(Renewed(None), 1.0)
    assert not lease.may_cure(BAD_TOKEN, 2, 2.0)
    lease.accept(2, 3.0)
    assert lease.may_cure(BAD_TOKEN, 2, 4.0)
    assert lease.may_cure(BAD_TOKEN, 2, 5.0)  # another one of those under way


def test_renewal_that_brings_the_refused_credentials_cures_nothing() -> None:
    """The refusal comes back, and says for how long the credentials had been accepted."""
    lease = renewed()
    lease.accept(1, 10.0)
    dated = replace(BAD_TOKEN, date="Fri, 01 Jan 2021 00:00:30 GMT")
    assert lease.may_cure(dated, 1, 40.0)
    assert lease.may_cure(BAD_TOKEN, 1, 41.0)  # the first one counts
    refusal = lease.renewed(Renewed(None, same=True), 42.0)
    assert refusal is not None
    assert refusal == dated
    assert refusal.hint == (
        "these credentials were accepted until 30 s before they were refused at Fri, 01 Jan 2021 "
        "00:00:30 GMT; get new ones"
    )
    assert lease.renewed(Renewed(None, same=True), 43.0) is None


def test_hint_of_a_refusal_stays() -> None:
    """What was accepted before says since when it is refused; what never was says nothing."""
    lease = renewed()
    hinted = replace(BAD_TOKEN, hint="check the clock")
    assert lease.dated(hinted, 5.0) is hinted
    lease.accept(1, 1.0)
    assert lease.dated(hinted, 5.0).hint == (
        "these credentials were accepted until 4 s before they were refused; check the clock"
    )


def test_last_poll_goes_before_a_renewal_that_can_wait() -> None:
    """The present credentials serve, and the only worker is wanted for both."""
    scheduler = serving(50.0)
    scheduler.subscribers.subscribe("y", 50.5, "you", 49.0)
    for now in (49.0, 49.2):
        scheduler.take(asked(scheduler, now), seen(record("y")), now)
    assert asked(scheduler, 50.5).poll.job_id == "y"
    assert isinstance(scheduler.next(50.5), RenewCredentials)
