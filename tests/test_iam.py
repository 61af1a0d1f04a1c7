"""ddswait.iam: a password goes in, a lease comes out."""

import json

import pytest

from ddswait.api import Fault, Throttled
from ddswait.auth import Lease, Password, Token
from ddswait.iam import read_token, token_request
from ddswait.outcome import Refusal

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
        (201, {}, Fault),
        (201, {"X-Subject-Token": "two words"}, Fault),
        (200, HEADERS, Fault),
        (401, {}, Refusal),
        (403, {}, Refusal),
        (429, {}, Throttled),
        (503, {}, Fault),
    ],
)
def test_anything_else_is_a_fault_or_a_refusal(
    status: int, headers: dict[str, str], meaning: type
) -> None:
    """IAM's errors mean what DDS's mean; a 201 without a token is a fault."""
    assert type(read_token(status, headers, body())) is meaning
