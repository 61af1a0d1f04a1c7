"""ddswait.scheduler.renewal_poller: what each reply to a renewal brings about."""

from __future__ import annotations

import pytest

from ddswait.events import Ended, RenewalFailed
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.actions import Renewed
from ddswait.service.replies import Throttled, TransientFailure
from tests.scheduler.test_pollers import BAD_TOKEN, FAILURE, ends, made, poll, renewal


@pytest.mark.parametrize(
    ("failure", "delay"),
    [
        (TransientFailure("m"), 0.75),
        (TransientFailure("m", 100.0), 105.0),
        (Throttled("m", 100.0), 105.0),
        (Throttled("m", 0.0, 2, 60.0), 31.5),
        (Throttled("m", 100.0, 2, 60.0), 105.0),
    ],
)
def test_failed_renewal_is_repeated_when_its_service_allows(
    failure: TransientFailure | Throttled, delay: float
) -> None:
    """After the delay of any failure, what it asks for, or one request's share of its limit."""
    scheduler = made(renews=True)
    scheduler.subscribers.subscribe("x", 3600.0, "me", 0.0)
    (event,) = scheduler.take(renewal(scheduler, 0.0), failure, 0.0)
    assert isinstance(event, RenewalFailed)
    assert event.cause == "m"
    assert event.retry_delay == pytest.approx(delay)


def test_renewal_that_brings_the_refused_credentials_ends_every_wait() -> None:
    """With the refusal that it did not cure; others are used from now on."""
    scheduler = made(renews=True)
    scheduler.subscribers.subscribe("x", 100.0, "me", 0.0)
    assert scheduler.take(renewal(scheduler, 0.0), Renewed(None), 0.0) == ()
    scheduler.take(poll(scheduler, 0.0), BAD_TOKEN, 1.0)
    told = scheduler.take(renewal(scheduler, 1.0), Renewed(None, same=True), 2.0)
    assert ends(told) == [(("me",), OutcomeKind.REFUSED)]


def test_waits_without_credentials_end_as_unreachable() -> None:
    """The cause says that none were obtained, and why."""
    scheduler = made(renews=True)
    scheduler.subscribers.subscribe("x", 3600.0, "me", 0.0)
    scheduler.take(renewal(scheduler, 0.0), FAILURE, 0.0)
    _, end = scheduler.take(renewal(scheduler, 1.0), FAILURE, 600.0)
    assert isinstance(end, Ended)
    assert (end.outcome.kind, end.outcome.cause) == (
        OutcomeKind.UNREACHABLE, "no credentials: HTTP 502",
    )  # fmt: skip
