"""Credentials are renewed: a waiter with a password, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ddswait import ConfigurationError, OutcomeKind, Password, Waiter
from ddswait.cli.job_table import JobTable
from ddswait.cli.output.printer import Printer
from ddswait.events import Event, Polled, RenewalFailed
from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **changed: Any) -> Waiter:
    settings: dict[str, Any] = {
        "user": dds.user,
        "password": dds.password,
        "domain": dds.domain,
        "iam_endpoint": dds.endpoint,
        "region": dds.region,
    }
    interval, on_event = changed.pop("interval", 10.0), changed.pop("on_event", None)
    auth = Password(**{**settings, **changed})
    return Waiter(endpoint=dds.endpoint, auth=auth, interval=interval, on_event=on_event)


def tokens_made(dds: Simulator) -> int:
    return sum(seen.path == "/v3/auth/tokens" for seen in dds.requests)


async def test_password_becomes_a_token_and_names_the_project(dds: Simulator) -> None:
    """User and password give a token; the project ID comes with it."""
    async with waiter(dds) as w:
        assert (await w.wait(dds.add_job(seconds=60))).status == "Completed"
    assert (tokens_made(dds), dds.statuses[401]) == (1, 0)


async def test_token_is_renewed_before_it_ends(dds: Simulator) -> None:
    """Through a day of one-hour tokens no request is ever refused."""
    dds.token_seconds = 3600.0
    async with waiter(dds, interval=60) as w:
        future = w.track(dds.add_job(seconds=86400), timeout=2 * 86400)
        assert (await future).status == "Completed"
    assert dds.statuses[401] == 0
    assert dds.statuses[201] >= 24


async def test_storm_of_401_costs_one_renewal(dds: Simulator) -> None:
    """Two hundred jobs and a revoked token: one renewal, and no job lost."""
    ids = [dds.add_job(seconds=300) for _ in range(200)]
    async with waiter(dds, interval=100) as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(100)
        dds.revoke_all()
        outcomes = await waiting
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    assert dds.statuses[201] == 2


async def test_iam_down_for_ten_minutes_loses_no_job(dds: Simulator) -> None:
    """A renewal that fails for ten minutes and then works: every job completes."""
    ids = [dds.add_job(seconds=1200) for _ in range(20)]
    async with waiter(dds) as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(100)
        dds.revoke_all()
        dds.inject("error", count=None, path="/v3/auth/tokens")
        await asyncio.sleep(590)
        dds.clear_faults()
        outcomes = await waiting
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}


async def test_password_that_changed_is_tried_once_and_then_upon_401(dds: Simulator) -> None:
    """A refused renewal is reported and not repeated until the token itself is refused."""
    dds.token_seconds = 3600.0
    reported: list[Event] = []
    async with waiter(dds, on_event=reported.append) as w:
        future = w.track(dds.add_job(seconds=20_000), timeout=30_000)
        await asyncio.sleep(100)
        dds.password = "another-one"
        await asyncio.wait([future])
    assert "Refused" in repr(future.exception())
    assert 3600 <= dds.now() < 4000
    assert tokens_made(dds) == 3
    (failed,) = (event for event in reported if isinstance(event, RenewalFailed))
    assert failed.retry_delay is None


@pytest.mark.parametrize(("retry_delay", "again"), [(45.0, ", next try in 45s"), (None, "")])
def test_failed_renewal_is_printed_by_the_command_line(
    retry_delay: float | None, again: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error: when it is tried again, and what went wrong."""
    printer = Printer("text", JobTable([], 0.0), quiet=False, clock=lambda: 0.0)
    failed = RenewalFailed("HTTP 503", retry_delay)
    printer.event(failed)
    reported = capsys.readouterr().err
    assert reported == f"[00:00] no credentials for the project yet{again}: HTTP 503\n"
    printer.event(Polled("x", "first", 2.0))
    capsys.readouterr()
    printer.event(failed)
    reported = capsys.readouterr().err
    assert reported == f"[00:00] credentials could not be renewed{again}: HTTP 503\n"


async def test_iam_down_for_good_is_unreachable(dds: Simulator) -> None:
    """Without credentials for unreachable_after seconds, no job can be polled: Unreachable."""
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=3000))
        await asyncio.sleep(100)
        dds.revoke_all()
        dds.inject("error", count=None, path="/v3/auth/tokens")
        await asyncio.wait([future])
        assert 700 <= dds.now() <= 800
    assert "Unreachable" in repr(future.exception())


async def test_renewal_that_does_not_cure_ends_as_refused(dds: Simulator) -> None:
    """A fresh token that is refused as well ends every wait: two refused requests at most."""
    ids = [dds.add_job(seconds=3000) for _ in range(100)]
    async with waiter(dds) as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(100)
        dds.inject("unauthorized", count=None, path=f"/v3/{dds.project_id}/jobs")
        outcomes = await waiting
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert dds.statuses[401] <= 2


@pytest.mark.parametrize("changed", [{"password": "wr0ng"}, {"region": "another-1"}])
async def test_wrong_password_is_refused_without_being_shown(
    dds: Simulator, changed: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """IAM's refusal ends every wait; it is asked once; the password is shown nowhere."""
    async with waiter(dds, **changed) as w:
        outcomes = await w.wait_all([dds.add_job() for _ in range(100)])
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert dds.statuses == {401: 1}
    shown = repr(outcomes) + caplog.text
    assert "wr0ng" not in shown
    assert dds.password not in shown


@pytest.mark.parametrize("missing", ["user", "password", "domain", "iam_endpoint", "region"])
def test_what_is_missing_is_named(missing: str) -> None:
    """Each part of a password is needed, and named when it is missing."""
    parts = {"user": "u", "password": "s3cret", "domain": "d", "iam_endpoint": "e", "region": "r"}
    with pytest.raises(ConfigurationError, match=missing) as caught:
        Password(**{**parts, missing: ""})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Password(**parts))
