"""ddswait.credentials.keys: tokens and access keys, and that they are never shown."""

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, Password, Token, Waiter
from ddswait.credentials import signer
from ddswait.credentials.keys import StaticHeaders, with_key_hint
from ddswait.credentials.project import ProjectByName
from ddswait.outcome import Refusal
from ddswait.service.error_codes import CLOCK_HINT
from ddswait.service.problems import hint_with_date
from ddswait.service.replies import Request
from ddswait.simulator import Simulator
from ddswait.simulator.signatures import Keys, Signed

PRESENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_token_is_sent_and_not_shown() -> None:
    """A token is a header, and its repr hides it."""
    token = Token("s3cret")
    assert token.headers() == {"X-Auth-Token": "s3cret"}
    assert repr(token) == "Token()"
    assert (token, hash(token)) == (Token("s3cret"), hash(Token("s3cret")))
    assert token != Token("other")
    assert pickle.loads(pickle.dumps(token)).headers() == token.headers()  # noqa: S301 - our own


def test_static_headers_are_sent_and_not_shown() -> None:
    """They are the same for every request; none by default."""
    key = StaticHeaders({"X-Metadata-Token": "s3cret"})
    assert key.headers() == {"X-Metadata-Token": "s3cret"}
    assert "s3cret" not in repr(key)
    assert StaticHeaders().headers() == {}
    for each in (key, Token("s3cret")):
        assert each.sign(Request("GET", "https://dds.test"), each.headers()) == {}


@pytest.mark.parametrize("text", ["", "s3cret\n", "s3 cret", "s3cret\x00", "s3crét"])
def test_invalid_token_is_an_error(text: str) -> None:
    """The message does not show the token."""
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
    """The simulator accepts requests signed with AK/SK, permanent or temporary."""
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
    """A wrong key, token or clock costs one request, however many jobs there are."""
    async with Simulator() as dds:
        ids = [dds.add_job() for _ in range(100)]
        auth = simulated(dds, **changed)
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            outcomes = await waiter.wait_all(ids)
        assert {outcome.kind for outcome in outcomes} == {"refused"}
        assert dds.statuses == {401: 1}
        message = "clock is off" if "clock" in changed else "APIGW.0301"
        assert all(message in outcome.message for outcome in outcomes)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"access_key": "", "secret_key": "s3cret"}, "access key"),
        ({"access_key": "AK", "secret_key": ""}, "secret key"),
        ({"access_key": "AK", "secret_key": "s3cret\n"}, "secret key"),
        ({"access_key": "A K", "secret_key": "s3cret"}, "access key"),
        ({"access_key": "AK", "secret_key": "s", "security_token": "s3 cret"}, "security token"),
    ],
)
def test_invalid_access_key_is_an_error(settings: dict[str, Any], named: str) -> None:
    """The message names the part that is missing or invalid, and does not show it."""
    with pytest.raises(ConfigurationError, match=named) as caught:
        AccessKey(**settings)
    assert "s3" not in str(caught.value)


def test_access_key_hides_its_secrets() -> None:
    """The repr of a key shows only the AK."""
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


async def test_message_says_when_a_token_expired() -> None:
    """A token that was accepted before: when it was refused, and which credentials renew."""
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


async def test_message_shows_the_time_of_the_server() -> None:
    """When the clock of this machine is off, the message shows the time of the server."""
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as dds:
        auth = simulated(dds, clock=lambda: datetime(2025, 12, 31, 23, 0, tzinfo=UTC))
        async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "clock is off" in outcome.message
    assert "the server's clock says Thu, 01 Jan 2026 00:00:0" in outcome.message


@pytest.mark.parametrize("by", ["poll", "poll-up"])
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clock": lambda: datetime(2025, 12, 31, 23, 44, tzinfo=UTC)}, "clock is off"),
        ({"clock": lambda: datetime(2026, 1, 1, 0, 16, tzinfo=UTC)}, "clock is off"),
        ({"clock": lambda: datetime(2026, 1, 1, 0, 14, tzinfo=UTC)}, "check AK and SK;"),
        ({"security_token": "none-needed"}, "check AK, SK and security token"),
    ],
)
async def test_hint_for_a_refused_key(changed: dict[str, Any], message: str, by: str) -> None:
    """Whatever code the server uses, its Date shows whether the clock or the key is wrong."""
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as dds:
        key = simulated(dds, secret_key="wrong", **changed)
        auth = ProjectByName(key, dds.endpoint, dds.region) if by == "poll-up" else key
        project_id = "" if by == "poll-up" else dds.project_id
        async with Waiter(endpoint=dds.endpoint, project_id=project_id, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
        assert dds.statuses == {401: 1}
    assert message in outcome.message
    assert "new token" not in outcome.message
    assert ("says Thu, 01 Jan 2026 00:00:0" in outcome.message) == (message == "clock is off")


async def test_hint_for_a_refused_password() -> None:
    """The message says to check user name, password and domain."""
    async with Simulator() as dds:
        auth = Password(dds.user, "wr0ng", dds.domain, dds.endpoint, dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "check user name, password and domain" in outcome.message
    assert "wr0ng" not in outcome.message


def test_key_of_a_user_may_write_its_date_differently() -> None:
    """A date in another format does not hide the hint."""
    refusal = Refusal(401, date="Thu, 01 Jan 2026 00:00:00 GMT", refuses_credentials=True)
    assert with_key_hint(refusal, {"X-Sdk-Date": "now"}).hint.startswith("check AK and SK")
    assert with_key_hint(refusal, {}) is refusal


def test_refusal_that_does_not_concern_the_key_keeps_its_hint() -> None:
    """A policy may deny what a good key asks for, with the status 401."""
    refusal = Refusal(401, "DBS.280064", hint="ask for the permission")
    assert with_key_hint(refusal, {"X-Sdk-Date": signer.stamp(PRESENT)}) is refusal


def test_code_for_a_wrong_clock_keeps_its_hint() -> None:
    """It needs no Date header."""
    hint = hint_with_date(CLOCK_HINT, "")
    refusal = Refusal(401, "APIGW.0303", hint=hint, refuses_credentials=True)
    hint = with_key_hint(refusal, {"X-Sdk-Date": signer.stamp(PRESENT)}).hint
    assert hint == hint_with_date(CLOCK_HINT, "")
