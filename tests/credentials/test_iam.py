"""ddswait.iam: a password goes in, a lease comes out."""

import json
from typing import Any

import pytest

from ddswait import AccessKey, EcsMetadata, Outcome, OutcomeKind, Waiter
from ddswait.credentials.iam import Password, ProjectByName, read_token, token_request
from ddswait.credentials.keys import Lease, Token
from ddswait.outcome import Refusal
from ddswait.service.replies import Throttled, TransientFailure
from ddswait.simulator import Simulator

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"
HEADERS = {"X-Subject-Token": "t0ken", "Date": DATE}


def body(expires_at: object = "2021-01-02T00:00:00.000000Z", project: object = None) -> bytes:
    return json.dumps({"token": {"expires_at": expires_at, "project": project}}).encode()


def test_request_is_the_documented_one() -> None:
    """A password is scoped to its project's ID, or to the region's name; no catalogue is asked."""
    request = token_request(Password("u", "p", "d", "https://iam.test", region="cn-north-4"))
    assert (request.method, request.url) == (
        "POST",
        "https://iam.test/v3/auth/tokens?nocatalog=true",
    )
    auth = json.loads(request.body)["auth"]
    assert auth["scope"] == {"project": {"name": "cn-north-4"}}
    user = {"name": "u", "password": "p", "domain": {"name": "d"}}
    assert auth["identity"] == {"methods": ["password"], "password": {"user": user}}
    by_id = token_request(Password("u", "p", "d", "https://iam.test", project_id="7"))
    assert json.loads(by_id.body)["auth"]["scope"] == {"project": {"id": "7"}}


@pytest.mark.parametrize("end", ["/v3", "/v3/", "/"])
async def test_version_at_the_end_of_an_iam_endpoint_is_left_out(end: str) -> None:
    """Keystone's URL as users keep it serves: for tokens and for projects."""
    async with Simulator() as dds:
        iam = dds.endpoint + end
        password = Password(dds.user, dds.password, dds.domain, iam, region=dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=password) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=1))).status == "Completed"
        auth = ProjectByName(Token(dds.token), iam, dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=1))).status == "Completed"


async def test_lease_that_names_its_project_needs_no_look_up() -> None:
    """The project of the lease is kept, and an access key names it in a signed header."""

    class Vault:
        def __init__(self, lease: Lease) -> None:
            self.lease = lease

        async def obtain(self, send: Any) -> Lease:
            return self.lease

    async def send(request: Any, read: Any, key: Any = None) -> Any:
        return read(200, {}, b'{"projects": [{"id": "found", "name": "n"}]}')

    for own, used in (("p", "p"), ("", "found")):
        vault = Vault(Lease(AccessKey("AK", "s3cret"), 7.0, own))
        lease = await ProjectByName(vault, "https://iam.test", "n").obtain(send)
        assert lease == Lease(AccessKey("AK", "s3cret", project_id=used), 7.0, used)


@pytest.mark.parametrize(
    ("content", "lease"),
    [
        (body(project={"id": "7"}), Lease(Token("t0ken"), 86400.0 - 1800.0, "7")),
        (body("2021-01-01T00:40:00Z"), Lease(Token("t0ken"), 1200.0)),
        (body("2020-01-01T00:00:00Z"), Lease(Token("t0ken"), 0.5)),
        (body("soon"), Lease(Token("t0ken"), 1800.0)),
        (b"no JSON", Lease(Token("t0ken"), 1800.0)),
        (b"[]", Lease(Token("t0ken"), 1800.0)),
    ],
)
def test_lease_ends_well_before_its_token(content: bytes, lease: Lease) -> None:
    """Renewal is due half an hour before the end, by the server's clock, or at half-time."""
    assert read_token(201, HEADERS, content) == lease


@pytest.mark.parametrize(
    ("status", "headers", "meaning"),
    [
        (201, {}, TransientFailure),
        (201, {"X-Subject-Token": "two words"}, TransientFailure),
        (200, HEADERS, TransientFailure),
        (401, {}, Refusal),
        (403, {}, Refusal),
        (429, {}, Throttled),
        (503, {}, TransientFailure),
    ],
)
def test_anything_else_is_a_fault_or_a_refusal(
    status: int, headers: dict[str, str], meaning: type
) -> None:
    """IAM's errors mean what DDS's mean; a 201 without a token is a fault."""
    assert type(read_token(status, headers, body())) is meaning


async def looked_up(dds: Simulator, name: str, key: Any = None) -> Outcome:
    source = key or AccessKey(dds.access_key, dds.secret_key, clock=dds.present)
    auth = ProjectByName(source, dds.endpoint, name)
    async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
        [outcome] = await waiter.wait_all([dds.add_job(seconds=60)])
    return outcome


async def test_project_is_looked_up_once() -> None:
    """An access key, a token or an ECS without a project: one look-up by name."""
    for kind in ("key", "token", "ecs"):
        async with Simulator() as dds:
            dds.projects["0" * 32] = "another"
            dds.key_seconds = 2430.0  # the ECS renews its key each minute
            key = {"token": Token(dds.token), "ecs": EcsMetadata(dds.endpoint, dds.present)}
            outcome = await looked_up(dds, dds.region, key.get(kind))
            assert outcome.kind is OutcomeKind.COMPLETED
            assert sum(seen.path == "/v3/projects" for seen in dds.requests) == 1


async def test_no_project_or_several_are_listed() -> None:
    """The message lists what there is, and nothing is polled."""
    async with Simulator() as dds:
        dds.projects = {"1" * 32: "one", "2" * 32: "twin", "3" * 32: "twin"}
        none = await looked_up(dds, "nobody")
        several = await looked_up(dds, "twin")
        assert not any(seen.path.endswith("/jobs") for seen in dds.requests)
    assert {none.kind, several.kind} == {OutcomeKind.REFUSED}
    assert f"one ({'1' * 32})" in none.message
    assert f"{'2' * 32}, {'3' * 32}" in several.message
    assert all("give the project ID" in outcome.message for outcome in (none, several))


async def test_look_up_that_fails_is_tried_again() -> None:
    """An IAM in trouble costs time, and no job; one that refuses ends all with one request."""
    async with Simulator() as dds:
        dds.inject("error", count=5, path="/v3/projects")
        dds.inject("not_json", count=2, path="/v3/projects")
        assert (await looked_up(dds, dds.region)).ok
    async with Simulator() as dds:
        refused = await looked_up(dds, dds.region, AccessKey("AK", "wrong", clock=dds.present))
        assert (refused.kind, dds.statuses) == (OutcomeKind.REFUSED, {401: 1})
