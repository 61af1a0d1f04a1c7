"""ddswait.runtime.shared_credentials: several waiters, one provider."""

import asyncio
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, Lease, Token
from ddswait.outcome import Refusal
from ddswait.runtime.shared_credentials import shared
from ddswait.service.replies import TransientFailure

LEASE = Lease(Token("t"), 100.0, "p")


class Provider:
    """Returns or raises what a test says, each after a second."""

    iam_endpoint = "https://iam.test"
    project_id = "own"

    def __init__(self, *replies: Any) -> None:
        self.replies = [*replies]
        self.asked = 0

    async def obtain(self, send: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(1.0)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def shares(provider: Provider, count: int = 3) -> list[Any]:
    return shared(provider, count)


async def obtain(share: Any) -> Any:
    return await share.obtain(None)


async def together(*shares: Any) -> list[Any]:
    return [*await asyncio.gather(*map(obtain, shares), return_exceptions=True)]


def test_what_is_not_shared_stays_what_it_is() -> None:
    """One waiter has the provider itself, and a key needs no provider."""
    provider, key = Provider(), AccessKey("a", "s")
    assert shared(provider, 1) == [provider]
    assert shared(key, 2) == [key, key]


def test_share_shows_what_the_provider_shows() -> None:
    """The endpoint of IAM and the project are checked before the first request."""
    first, *_ = shares(Provider())
    assert (first.iam_endpoint, first.project_id) == ("https://iam.test", "own")
    bare = shared(type("Bare", (), {"obtain": Provider.obtain})(), 2)[0]
    assert (bare.iam_endpoint, bare.project_id) == ("", "")  # type: ignore[union-attr]


async def test_one_lease_serves_all_that_ask_at_once() -> None:
    """And those that ask later, for the rest of its time."""
    provider = Provider(LEASE)
    first, second, third = shares(provider)
    assert await together(first, second) == [LEASE, LEASE]
    await asyncio.sleep(40.0)
    assert await obtain(third) == LEASE._replace(renew_in=60.0)
    assert provider.asked == 1


async def test_lease_that_never_ends_serves_for_ever() -> None:
    """Its time is not counted."""
    forever = LEASE._replace(renew_in=None)
    first, second, _ = shares(Provider(forever))
    assert await obtain(first) == forever
    await asyncio.sleep(1e6)
    assert await obtain(second) == forever


async def test_who_asks_again_gets_a_new_lease() -> None:
    """The old one was refused, or ends; the new one then serves the others too."""
    new = LEASE._replace(key=Token("new"))
    provider = Provider(LEASE, new)
    first, second, _ = shares(provider)
    await together(first, second)
    assert await together(second, first) == [new, new]
    assert provider.asked == 2


async def test_lease_that_is_to_be_renewed_serves_nobody_else() -> None:
    """A waiter that asks late gets a fresh one."""
    new = LEASE._replace(key=Token("new"))
    first, second, _ = shares(Provider(LEASE, new))
    await obtain(first)
    await asyncio.sleep(100.0)
    assert await obtain(second) == new


@pytest.mark.parametrize("failure", [Refusal(401), TransientFailure("down")])
async def test_failure_is_that_of_all_that_ask_at_once(failure: Any) -> None:
    """A wrong password is sent once, however many services there are."""
    provider = Provider(failure, LEASE)
    first, second, third = shares(provider)
    replies = await together(first, second, third)
    assert replies == [failure] * 3
    assert provider.asked == 1
    assert await obtain(first) == LEASE


async def test_old_failure_is_not_that_of_a_waiter_that_asks_later() -> None:
    """By then the provider may be well again."""
    first, second, _ = shares(Provider(TransientFailure("down"), LEASE))
    await obtain(first)
    await asyncio.sleep(10.0)
    assert await obtain(second) == LEASE


async def test_what_the_provider_raises_reaches_all() -> None:
    """As if each had asked it."""
    provider = Provider(ConfigurationError("no project"))
    first, second, _ = shares(provider)
    replies = await together(first, second)
    assert [str(each) for each in replies] == ["no project"] * 2
    assert provider.asked == 1


async def test_waiter_that_gives_up_leaves_the_attempt_to_the_next() -> None:
    """Its own time is over, not that of the others."""
    provider = Provider(LEASE)
    first, second, _ = shares(provider)
    one, other = asyncio.create_task(obtain(first)), asyncio.create_task(obtain(second))
    await asyncio.sleep(0.5)
    one.cancel()
    assert await other == LEASE
    assert one.cancelled()
    assert provider.asked == 2
