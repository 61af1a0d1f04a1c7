"""ddswait.auth: tokens and access keys, and that nobody sees them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

import ddswait
from ddswait import (
    AccessKey,
    ConfigurationError,
    CredentialProvider,
    Lease,
    Password,
    Token,
    Waiter,
)
from ddswait.credentials import signer
from ddswait.credentials.iam import ProjectByName
from ddswait.credentials.keys import Send, judged
from ddswait.outcome import Refusal
from ddswait.simulator import Simulator
from ddswait.simulator.signatures import Keys, Signed

PRESENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_token_is_sent_and_not_shown() -> None:
    """A token is a header, and its repr hides it."""
    assert Token("s3cret").headers() == {"X-Auth-Token": "s3cret"}
    assert "s3cret" not in repr(Token("s3cret"))


@pytest.mark.parametrize("text", ["", "s3cret\n", "s3 cret", "s3cret\x00", "s3crét"])
def test_token_that_no_header_can_carry(text: str) -> None:
    """An unusable token is refused without being shown."""
    with pytest.raises(ConfigurationError) as caught:
        Token(text)
    assert "s3" not in str(caught.value)


def simulated(dds: Simulator, **changed: Any) -> AccessKey:
    settings: dict[str, Any] = {
        "access_key": dds.access_key,
        "secret_key": dds.secret_key,
        "clock": dds.present,
    }
    return AccessKey(**{**settings, **changed})


async def test_access_key_is_accepted_over_real_sockets() -> None:
    """Requests signed with AK/SK, permanent or temporary, are accepted by the verifier."""
    async with Simulator() as dds:
        dds.keys.add("TEMPORARY", "its-secret", "its/token+==")
        temporary = simulated(
            dds,
            access_key="TEMPORARY",
            secret_key="its-secret",
            security_token="its/token+==",
            project_id=dds.project_id,
        )
        for auth in (simulated(dds), temporary):
            async with Waiter(
                endpoint=dds.endpoint, project_id=dds.project_id, auth=auth
            ) as waiter:
                assert (await waiter.wait(dds.add_job(seconds=30))).status == "Completed"
        assert dds.statuses[401] == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"secret_key": "wrong"},
        {"access_key": "UNKNOWN"},
        {"security_token": "none-needed"},
        {"clock": lambda: datetime(2001, 1, 1, tzinfo=UTC)},
    ],
)
async def test_bad_key_is_sent_once(changed: dict[str, Any]) -> None:
    """A wrong key, a wrong token or a clock that is off: one request, however many jobs."""
    async with Simulator() as dds:
        ids = [dds.add_job() for _ in range(500)]
        auth = simulated(dds, **changed)
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            outcomes = await waiter.wait_all(ids)
        assert {outcome.kind for outcome in outcomes} == {"refused"}
        assert dds.statuses == {401: 1}
        told = "clock is off" if "clock" in changed else "APIGW.0301"
        assert all(told in outcome.message for outcome in outcomes)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"access_key": "", "secret_key": "s3cret"}, "access key"),
        ({"access_key": "AK", "secret_key": ""}, "secret key"),
        ({"access_key": "AK", "secret_key": "s3cret\n"}, "secret key"),
        ({"access_key": "AK", "secret_key": "s", "security_token": "s3 cret"}, "security token"),
    ],
)
def test_half_a_pair_is_named(settings: dict[str, Any], named: str) -> None:
    """Half a pair, or a key that cannot be one, is named and not shown."""
    with pytest.raises(ConfigurationError, match=named) as caught:
        AccessKey(**settings)
    assert "s3" not in str(caught.value)


def test_access_key_hides_its_secrets() -> None:
    """The repr of a key shows the AK alone."""
    shown = repr(AccessKey("AK", "s3cret", "t0ken"))
    assert "AK" in shown
    assert "s3cret" not in shown
    assert "t0ken" not in shown


def test_key_is_locked_after_more_than_five_refusals() -> None:
    """A sixth refusal in a row locks a key for five minutes, even for good signatures."""
    keys = Keys()
    keys.add("AK", "SK")
    date = signer.stamp(PRESENT)
    headers = {"host": "h", "x-sdk-date": date}

    def ask(secret: str, now: float) -> str | None:
        signed = signer.sign("AK", secret, "GET", "https://h/a", headers)
        request = Signed(
            "GET", "/a", "", {**headers, "X-Sdk-Date": date, "Authorization": signed}, b""
        )
        return keys.refusal(request, now, PRESENT)

    for _ in range(5):
        assert ask("wrong", 0.0) == "verify aksk signature fail"
    assert ask("SK", 0.0) is None
    for _ in range(6):
        assert ask("wrong", 0.0) == "verify aksk signature fail"
    assert ask("SK", 299.0) == "the access key is locked"
    assert ask("SK", 300.0) is None


class Vault:
    """A source of a user's own: seven short-lived keys, with trouble on the way."""

    def __init__(self, dds: Simulator) -> None:
        self.dds = dds
        self.asked = 0

    async def obtain(self, send: Send) -> Lease:
        self.asked += 1
        if self.asked in {2, 3}:
            raise RuntimeError("the vault is sealed")
        name = f"VAULT{self.asked}"
        self.dds.keys.add(name, "s3cret-vault", until=self.dds.now() + 100)
        return Lease(AccessKey(name, "s3cret-vault", clock=self.dds.present), renew_in=90)


async def test_source_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever has `obtain` brings keys; what it raises only delays."""
    async with Simulator() as dds:
        vault = Vault(dds)
        source: CredentialProvider = vault
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=source) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=600))).status == "Completed"
        assert vault.asked >= 8
        assert dds.statuses[401] == 0


class HttpVault:
    """A source of a user's own that speaks HTTP, typed by what the package offers."""

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


async def test_typed_source_of_ones_own() -> None:
    """All that a source of one's own needs is public; mypy reads this file."""
    source: ddswait.CredentialProvider = HttpVault("https://vault.test")

    async def send(request: ddswait.Request, read: Any, key: ddswait.Key | None = None) -> Any:
        return read(*replies.pop(0))

    replies: list[Any] = [(503, {}, b""), (200, {}, b'{"token": "t"}')]
    assert await source.obtain(send) == ddswait.TransientFailure("HTTP 503 of https://vault.test")
    assert await source.obtain(send) == ddswait.Lease(ddswait.Token("t"))


async def test_source_that_will_never_serve() -> None:
    """A ConfigurationError of the source ends every wait, with its message."""

    class Empty:
        async def obtain(self, send: Send) -> Lease:
            raise ConfigurationError("the vault knows no such path: mend PATH")

    async with Simulator() as dds:
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=Empty()) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
        assert not dds.statuses
    assert (outcome.kind, "mend PATH" in outcome.message) == ("refused", True)


async def test_lease_without_a_project_is_told() -> None:
    """Credentials that name no project, and no project ID given: refused, with the mend."""
    async with Simulator() as dds, Waiter(endpoint=dds.endpoint, auth=Vault(dds)) as waiter:
        [outcome] = await waiter.wait_all([dds.add_job()])
    assert "give a project ID" in outcome.message


async def test_message_tells_when_a_given_token_ended() -> None:
    """A token that was accepted before: when it was refused, and what renews by itself."""
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as dds:
        dds.accepted_tokens[dds.token] = 120.0
        async with Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token)
        ) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job(seconds=600)])
    assert outcome.refusal is not None
    assert "Thu, 01 Jan 2026 00:02:" in outcome.message
    assert "accepted until " in outcome.message
    assert "access key (AK/SK)" in outcome.message


async def test_message_tells_the_clock_of_the_server() -> None:
    """A clock that is off: the server's time is in the message."""
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as dds:
        auth = simulated(dds, clock=lambda: datetime(2025, 12, 31, 23, 0, tzinfo=UTC))
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "clock is off" in outcome.message
    assert "the server's clock says Thu, 01 Jan 2026 00:00:0" in outcome.message


@pytest.mark.parametrize("by", ["question", "look-up"])
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"clock": lambda: datetime(2025, 12, 31, 23, 44, tzinfo=UTC)}, "clock is off"),
        ({"clock": lambda: datetime(2026, 1, 1, 0, 16, tzinfo=UTC)}, "clock is off"),
        ({"clock": lambda: datetime(2026, 1, 1, 0, 14, tzinfo=UTC)}, "check AK and SK;"),
        ({"security_token": "none-needed"}, "check AK, SK and security token"),
    ],
)
async def test_message_tells_the_mend_for_a_key(
    changed: dict[str, Any], told: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever code the server uses, its Date tells whether the clock or the key is wrong."""
    monkeypatch.setattr("ddswait.simulator.dds.CLOCK", "not told by its code")
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as dds:
        key = simulated(dds, secret_key="wrong", **changed)
        auth = ProjectByName(key, dds.endpoint, dds.region) if by == "look-up" else key
        project_id = "" if by == "look-up" else dds.project_id
        async with Waiter(endpoint=dds.endpoint, project_id=project_id, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
        assert dds.statuses == {401: 1}
    assert told in outcome.message
    assert "new token" not in outcome.message
    assert ("says Thu, 01 Jan 2026 00:00:0" in outcome.message) == (told == "clock is off")


async def test_message_tells_the_mend_for_a_password() -> None:
    """A wrong password: check user name, password and domain."""
    async with Simulator() as dds:
        auth = Password(dds.user, "wr0ng", dds.domain, dds.endpoint, dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "check user name, password and domain" in outcome.message
    assert "wr0ng" not in outcome.message


def test_signature_of_ones_own_may_look_different() -> None:
    """A key of somebody's own may stamp as it likes."""
    refusal = Refusal(401, date="Thu, 01 Jan 2026 00:00:00 GMT")
    assert judged(refusal, {"X-Sdk-Date": "now"}).hint.startswith("check AK and SK")
    assert judged(refusal, {}) is refusal
