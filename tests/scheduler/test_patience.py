"""ddswait.scheduler.patience: a name that never resolved is given up sooner than a service."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from ddswait.failure_kinds import DNS, NO_REPLY, UNKNOWN_REGION
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.scheduler.actions import Renewed
from ddswait.scheduler.patience import Patience
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.service.replies import Throttled, TransientFailure, UnknownJob
from tests.scheduler.shell import LOCATION, Shell, record, seen

if TYPE_CHECKING:
    from tests.scheduler.shell import AnyReply, Reply

SETTINGS = PollSettings(location=LOCATION)
UNRESOLVED = TransientFailure("the host name dds.test does not resolve", kind=DNS)
NO_REGION = UNRESOLVED._replace(kind=UNKNOWN_REGION)
DOWN = TransientFailure("HTTP 502")
SILENT = TransientFailure("no reply within 30.0 s", kind=NO_REPLY)


def ends(shell: Shell) -> list[tuple[float, str, OutcomeKind]]:
    return [(round(at, 3), end.job_id, end.outcome.kind) for at, end in shell.ended]


def test_name_that_never_resolves_ends_each_wait_after_a_minute() -> None:
    """Each wait counts from its own beginning, and the message says for how long it tried."""
    shell = Shell(lambda *_: (UNRESOLVED, 0.1), SETTINGS)
    shell.track("a")
    shell.run(30.0)
    shell.track("b")
    shell.track("a")
    shell.run()
    unreachable = OutcomeKind.UNREACHABLE
    assert sorted(ends(shell)) == [
        (60.1, "a", unreachable),
        (90.1, "a", unreachable),
        (90.2, "b", unreachable),  # one request after another, until the credentials are accepted
    ]
    assert "could not be polled for the last 60 s at " in shell.ended[0][1].outcome.message
    assert UNRESOLVED.cause in shell.ended[0][1].outcome.message


@pytest.mark.parametrize(
    ("own", "ends_at"),
    [({}, 5.1), ({"unreachable_after": 2.0}, 2.1), ({"unknown_region_after": 90.0}, 60.1)],
)
def test_name_in_an_unknown_region_ends_each_wait_after_seconds(
    own: dict[str, Any], ends_at: float
) -> None:
    """A name that does not exist, in a region that nobody knows, is a wrong region."""
    shell = Shell(lambda *_: (NO_REGION, 0.1), SETTINGS._replace(**own))
    shell.track("a")
    shell.run()
    assert ends(shell) == [(ends_at, "a", OutcomeKind.UNREACHABLE)]


def test_name_server_without_a_reply_does_not_outlast_the_minute() -> None:
    """The last request is cut soon after the minute, though another would have longer."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        return UNRESOLVED, 25.0

    shell = Shell(cloud, SETTINGS)
    shell.track("a")
    shell.run()
    ((at, _, kind),) = ends(shell)
    assert kind is OutcomeKind.UNREACHABLE
    assert at <= 62.0


@pytest.mark.parametrize(
    "first", [seen(record("a")), UnknownJob("unknown"), DOWN, Throttled("HTTP 429")]
)
def test_name_that_resolved_once_has_the_usual_patience(first: Reply) -> None:
    """Any reply, if only an error of a proxy, shows that the name is right."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        return (UNRESOLVED if now else first), 0.0

    shell = Shell(cloud, SETTINGS)
    shell.track("a")
    shell.run()
    ((at, _, kind),) = ends(shell)
    assert kind is OutcomeKind.UNREACHABLE
    assert at >= 600.0


def test_name_that_resolves_within_the_minute_is_waited_for() -> None:
    """A network that comes up late ends no wait, and is given up as late as any other."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        return (UNRESOLVED if now < 40.0 else DOWN), 0.0

    shell = Shell(cloud, SETTINGS)
    shell.track("a")
    shell.run()
    assert ends(shell) == [(600.0, "a", OutcomeKind.UNREACHABLE)]


def test_request_without_a_reply_says_nothing_about_the_name() -> None:
    """It neither shortens the patience, nor lengthens that with a name that did not resolve."""
    patience = Patience(SETTINGS)
    patience.replied(SILENT)
    assert patience.give_up_at(0.0) == 600.0
    patience.replied(UNRESOLVED)
    assert patience.give_up_at(0.0) == 60.0
    patience.replied(SILENT)
    assert patience.give_up_at(0.0) == 60.0
    patience.replied(Refusal(401))
    assert patience.give_up_at(0.0) == 600.0
    patience.replied(UNRESOLVED)
    assert patience.give_up_at(0.0) == 600.0


@pytest.mark.parametrize(("usual", "given_up_at"), [(20.0, 20.0), (60.0, 60.0), (6000.0, 60.0)])
def test_patience_with_a_wrong_name_is_never_the_longer_one(
    usual: float, given_up_at: float
) -> None:
    """Whoever wants to wait for less than a minute does."""
    patience = Patience(PollSettings(unreachable_after=usual))
    patience.replied(UNRESOLVED)
    assert patience.give_up_at(0.0) == given_up_at


def test_name_of_the_credentials_host_is_given_up_after_a_minute_too() -> None:
    """Without credentials no poll leaves, so the wrong name is that of IAM."""
    shell = Shell(
        lambda *_: (seen(record("a")), 0.0), SETTINGS, elsewhere=lambda *_: (UNRESOLVED, 0.1)
    )
    shell.track("a")
    shell.run()
    assert ends(shell) == [(60.1, "a", OutcomeKind.UNREACHABLE)]
    assert UNRESOLVED.cause in shell.ended[0][1].outcome.message


def test_each_host_has_a_name_of_its_own() -> None:
    """That the name of IAM resolves says nothing about the name of the service."""

    def elsewhere(asked: object, now: float) -> tuple[AnyReply, float]:
        return Renewed(None), 0.1

    shell = Shell(lambda *_: (UNRESOLVED, 0.1), SETTINGS, elsewhere=elsewhere)
    shell.track("a")
    shell.run()
    ((at, _, kind),) = ends(shell)
    assert kind is OutcomeKind.UNREACHABLE
    assert 60.0 <= at <= 61.0


def test_silent_renewal_after_a_name_that_did_not_resolve_is_cut_after_a_minute() -> None:
    """A name server that no longer replies does not keep the wait."""

    def elsewhere(asked: object, now: float) -> tuple[AnyReply, float]:
        return (UNRESOLVED, 0.1) if now < 50.0 else (Renewed(None), inf)

    shell = Shell(lambda *_: (UNRESOLVED, 0.1), SETTINGS, elsewhere=elsewhere)
    shell.track("a")
    shell.run()
    ((at, _, kind),) = ends(shell)
    assert kind is OutcomeKind.UNREACHABLE
    assert at <= 62.0


def test_refusal_shows_that_the_name_resolves() -> None:
    """It is a reply of the service itself."""
    patience = Patience(SETTINGS)
    patience.replied(UNRESOLVED)
    patience.replied(Refusal(403, scope=Scope.JOB))
    assert patience.settings is SETTINGS
