"""ddswait.auth: tokens and access keys, and that nobody sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, Token, Waiter, signer
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
