"""ddswait.credentials.provider: providers of a user's own, and what they may return."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

import ddswait
from ddswait import (
    AccessKey,
    ConfigurationError,
    CredentialProvider,
    EcsMetadata,
    Lease,
    Password,
    Token,
    Waiter,
)
from ddswait.credentials.provider import Send, check_auth, check_lease, is_provider
from ddswait.simulator import Simulator

PASSWORD = Password("u", "s3cret", "d", "https://iam.test", "eu-de")


@pytest.mark.parametrize(
    ("auth", "provider"),
    [
        (Token("s3cret"), False),
        (AccessKey("AK", "s3cret"), False),
        (PASSWORD, True),
        (EcsMetadata(), True),
    ],
)
def test_keys_and_providers_can_authenticate(auth: Any, provider: bool) -> None:
    """Both are accepted, and told apart."""
    check_auth(auth)
    assert is_provider(auth) is provider


@pytest.mark.parametrize("auth", ["s3cret", None, {"token": "s3cret"}, Token, EcsMetadata])
def test_anything_else_cannot_authenticate(auth: object) -> None:
    """The message names the type and what to use instead, and does not show the object."""
    with pytest.raises(
        ConfigurationError, match=f"auth is of type {type(auth).__name__}"
    ) as caught:
        check_auth(auth)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "lease",
    [
        Lease(Token("s3cret")),
        Lease(AccessKey("AK", "s3cret"), 7),
        Lease(Token("s3cret"), 0.5, "p"),
    ],
)
def test_lease_is_accepted(lease: Lease) -> None:
    """A key, seconds or None, and a project ID or nothing."""
    check_lease(lease)


@pytest.mark.parametrize(
    ("lease", "message"),
    [
        (Lease(None), "key is of type NoneType: use a key with headers"),  # type: ignore[arg-type]
        (Lease("s3cret"), "key is of type str"),  # type: ignore[arg-type]
        (Lease(Token), "key is of type type"),  # type: ignore[arg-type]
        (Lease(PASSWORD), "key is of type Password"),  # type: ignore[arg-type]
        (Token("s3cret"), "returned a Token: return a Lease"),
        ("s3cret", "returned a str"),
        (None, "returned a NoneType"),
        (Lease(Token("s3cret"), "1 h"), "renew_in is of type str"),  # type: ignore[arg-type]
        (Lease(Token("s3cret"), project_id=7), "project_id is of type int"),  # type: ignore[arg-type]
    ],
)
def test_wrong_lease_is_an_error(lease: object, message: str) -> None:
    """The message names types, and does not show values."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        check_lease(lease)
    assert "s3cret" not in str(caught.value)


class Vault:
    """A provider of a user's own, with short-lived keys; two calls fail."""

    def __init__(self, dds: Simulator) -> None:
        self.dds = dds
        self.calls = 0

    async def obtain(self, send: Send) -> Lease:
        self.calls += 1
        if self.calls in {2, 3}:
            raise RuntimeError("the vault is sealed")
        name = f"VAULT{self.calls}"
        self.dds.keys.add(name, "s3cret-vault", until=self.dds.now() + 100)
        return Lease(AccessKey(name, "s3cret-vault", clock=self.dds.present), renew_in=90)


async def test_provider_of_a_user() -> None:
    """Any object with `obtain` is a provider; what it raises only causes a delay."""
    async with Simulator() as dds:
        vault = Vault(dds)
        auth: CredentialProvider = vault
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=600))).status == "Completed"
        assert vault.calls >= 8
        assert dds.statuses[401] == 0


class HttpVault:
    """A provider of a user's own that sends HTTP requests, typed with public names only."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def obtain(
        self, send: ddswait.Send
    ) -> ddswait.Lease | ddswait.TransientFailure | ddswait.Throttled | ddswait.Refusal:
        return await send(ddswait.Request("GET", self.url), self.read)

    def read(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> ddswait.Lease | ddswait.TransientFailure:
        if status != 200:
            return ddswait.TransientFailure(f"HTTP {status} of {self.url}")
        key: ddswait.Key = ddswait.Token(json.loads(body)["token"])
        return ddswait.Lease(key)


async def test_typed_provider_of_a_user() -> None:
    """Everything that a provider needs is public; mypy checks this file."""
    provider: ddswait.CredentialProvider = HttpVault("https://vault.test")

    async def send(request: ddswait.Request, read: Any, key: ddswait.Key | None = None) -> Any:
        return read(*replies.pop(0))

    replies: list[Any] = [(503, {}, b""), (200, {}, b'{"token": "t"}')]
    assert await provider.obtain(send) == ddswait.TransientFailure("HTTP 503 of https://vault.test")
    assert await provider.obtain(send) == ddswait.Lease(ddswait.Token("t"))


async def test_provider_that_can_never_return_a_lease() -> None:
    """Its ConfigurationError ends every wait, with its message."""

    class Empty:
        async def obtain(self, send: Send) -> Lease:
            raise ConfigurationError("the vault has no such path: correct PATH")

    async with Simulator() as dds:
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=Empty()) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
        assert not dds.statuses
    assert (outcome.kind, "correct PATH" in outcome.message) == ("refused", True)


async def test_project_is_required() -> None:
    """Without a project ID, neither in the lease nor set by the user, waits are refused."""
    async with Simulator() as dds, Waiter(endpoint=dds.endpoint, auth=Vault(dds)) as waiter:
        [outcome] = await waiter.wait_all([dds.add_job()])
    assert "project ID" in outcome.message
