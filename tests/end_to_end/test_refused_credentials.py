"""Credentials are refused or cannot be renewed: a waiter over real sockets."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from ddswait import AccessKey, Lease, Token, Waiter
from ddswait.credentials.keys import Key
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.provider import Send
from ddswait.outcome import JobOutcome, OutcomeKind
from ddswait.scheduler.poll_settings import LAST_POLL
from ddswait.simulator import Simulator


class Vault:
    """A source that has one key, for as long as it lasts."""

    def __init__(self, key: Key) -> None:
        self.key = key

    async def obtain(self, send: Send) -> Lease:
        return Lease(self.key)


def simulator() -> Simulator:
    return Simulator(visible_after=0.0, epoch=datetime(2026, 1, 1, tzinfo=UTC))


def a_token(dds: Simulator) -> Token:
    dds.accepted_tokens[dds.token] = 120.0
    return Token(dds.token)


def an_access_key(dds: Simulator) -> AccessKey:
    dds.keys.add("ENDS", "s3cret-ends", until=120.0)
    return AccessKey("ENDS", "s3cret-ends", clock=dds.present)


async def refused(dds: Simulator, auth: Any) -> list[JobOutcome]:
    ids = [dds.add_job(seconds=600) for _ in range(30)]
    async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
        return await waiter.wait_all(ids, timeout=900)


@pytest.mark.parametrize(
    ("make", "hint"), [(a_token, "access key (AK/SK)"), (an_access_key, "check AK and SK")]
)
@pytest.mark.parametrize("looked_up", [True, False])
async def test_same_key_again_is_refused_with_the_first_message(
    make: Any, hint: str, *, looked_up: bool
) -> None:
    """A key that ends and that its source cannot replace: one refused request, dated."""
    async with simulator() as dds:
        key = make(dds)
        auth = ProjectByName(key, dds.endpoint, dds.region) if looked_up else Vault(key)
        outcomes = await refused(dds, auth)
        assert dds.statuses[401] == 1
        assert dds.now() < 200
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    for part in ("Thu, 01 Jan 2026 00:02:", "accepted until ", hint):
        assert part in outcomes[0].message


@pytest.mark.parametrize(
    ("brought", "reported"),
    [
        ("s3cret", "returned a str"),
        (Lease(Token("s3cret"), "1 h"), "renew_in is of type str"),  # type: ignore[arg-type]
        (Lease(Token("s3cret"), project_id="a/b"), "project ID 'a/b'"),
    ],
)
async def test_invalid_lease_is_refused(brought: object, reported: str) -> None:
    """A source that brings something else: refused, with what a key is, and without showing it."""

    class Odd:
        async def obtain(self, send: Send) -> Any:
            return brought

    async with simulator() as dds, Waiter(endpoint=dds.endpoint, auth=Odd()) as waiter:
        [outcome] = await waiter.wait_all([dds.add_job()], timeout=100)
        assert not dds.requests
    assert (outcome.kind, reported in outcome.message) == (OutcomeKind.REFUSED, True), (
        outcome.message
    )
    assert "s3cret" not in repr(outcome)


async def test_key_whose_headers_fail_only_delays() -> None:
    """An exception of a user's own key is reported and does not break the waiter."""

    class Broken:
        def headers(self) -> dict[str, str]:
            raise RuntimeError("sealed")

        def sign(self, request: object, headers: object) -> dict[str, str]:
            return {}

    async with simulator() as dds:
        auth = Vault(Broken())
        async with Waiter(endpoint=dds.endpoint, project_id="p", auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()], timeout=3000)
    assert (outcome.kind, "sealed" in outcome.message) == (OutcomeKind.UNREACHABLE, True)


async def test_wrong_key_and_slow_replies_are_refused_twice_at_the_most() -> None:
    """Over sockets: replies after 25 s, a hundred jobs, two refused requests."""
    async with simulator() as dds:
        ids = [dds.add_job() for _ in range(100)]
        dds.inject("stall", count=None, seconds=25.0)
        auth = AccessKey(dds.access_key, "s3cret-wrong", clock=dds.present)
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            outcomes = await waiter.wait_all(ids)
            await asyncio.sleep(60)  # what was under way is answered too
        assert 1 <= dds.statuses[401] <= 2
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}


@pytest.mark.parametrize("connections", [1, 64])
async def test_deadline_holds_while_a_source_stalls(connections: int) -> None:
    """Even when the renewal takes the only place, a wait ends in the last poll's allowance."""

    class Slow(Vault):
        calls = 0

        async def obtain(self, send: Send) -> Lease:
            self.calls += 1
            if self.calls > 1:
                await asyncio.sleep(29)
            return await super().obtain(send)

    async with simulator() as dds:
        auth = Slow(Token(dds.token))
        settings: dict[str, Any] = {"project_id": dds.project_id, "connections": connections}
        async with Waiter(endpoint=dds.endpoint, auth=auth, **settings) as waiter:
            waits = [waiter.track(dds.add_job(), timeout=108.0 + each) for each in range(3)]
            await asyncio.sleep(100)
            dds.revoke()
            for number, wait in enumerate(waits):
                await asyncio.wait([wait])
                assert dds.now() <= 108.0 + number + LAST_POLL + 1.0


async def most_in_flight(waiter: Waiter) -> int:
    """Return how many requests are under way at once within ten seconds, by the waiter's repr."""
    most = 0
    for _ in range(100):
        await asyncio.sleep(0.1)
        found = re.search(r"(\d+) in flight", repr(waiter))
        assert found is not None
        most = max(most, int(found[1]))
    return most


@pytest.mark.parametrize(
    ("make", "is_bounded"),
    [(an_access_key, True), (lambda dds: Vault(an_access_key(dds)), True), (a_token, False)],
)
async def test_access_key_has_five_requests_under_way_at_most(
    make: Any, *, is_bounded: bool
) -> None:
    """However many polls are wanted: the service locks a key that is refused more often."""
    async with simulator() as dds:
        dds.inject("stall", count=None, seconds=0.5)
        ids = [dds.add_job(seconds=6000) for _ in range(200)]
        async with Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=make(dds),
            rate="100/s",
            interval=1.0,
        ) as waiter:
            for job_id in ids:
                waiter.track(job_id)
            found = await most_in_flight(waiter)
            await waiter.close()
    assert found == 5 if is_bounded else found > 5
