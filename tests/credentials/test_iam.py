"""ddswait.credentials.iam: tokens for a user name and a password."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ddswait import ConfigurationError, Lease, Token, Waiter
from ddswait.credentials.iam import Password, read_token, token_request
from ddswait.credentials.project import ProjectByName
from ddswait.outcome import Refusal
from ddswait.service.replies import Request, Throttled, TransientFailure
from ddswait.simulator import Simulator

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"
HEADERS = {"X-Subject-Token": "t0ken", "Date": DATE}


def body(expires_at: object = "2021-01-02T00:00:00.000000Z", project: object = None) -> bytes:
    return json.dumps({"token": {"expires_at": expires_at, "project": project}}).encode()


def test_request_is_the_documented_one() -> None:
    """A token is requested for a project by its ID, or by the region's name, without catalog."""
    request = token_request(Password("u", "p", "d", "https://iam.test", region="cn-north-4"))
    assert (request.method, request.url) == (
        "POST",
        "https://iam.test/v3/auth/tokens?nocatalog=true",
    )
    auth = json.loads(request.body)["auth"]
    assert auth["scope"] == {"project": {"name": "cn-north-4", "domain": {"name": "d"}}}
    assert "p" in request.secrets
    user = {"name": "u", "password": "p", "domain": {"name": "d"}}
    assert auth["identity"] == {"methods": ["password"], "password": {"user": user}}
    by_id = token_request(Password("u", "p", "d", "https://iam.test", project_id="7"))
    assert json.loads(by_id.body)["auth"]["scope"] == {"project": {"id": "7"}}


@pytest.mark.parametrize(
    ("changed", "user_domain", "project_domain"),
    [
        ({}, {"name": "d"}, {"name": "d"}),
        ({"domain_id": "7"}, {"id": "7"}, {"id": "7"}),
        ({"project_domain": "x"}, {"name": "d"}, {"name": "x"}),
        ({"project_domain": "x", "project_domain_id": "8"}, {"name": "d"}, {"id": "8"}),
    ],
)
def test_project_by_name_is_in_a_domain(
    changed: dict[str, str], user_domain: dict[str, str], project_domain: dict[str, str]
) -> None:
    """Keystone wants the domain of a project beside its name; an ID comes before a name."""
    password = replace(Password("u", "p", "d", "https://iam.test", "eu-de"), **changed)
    auth = json.loads(token_request(password).body)["auth"]
    assert auth["identity"]["password"]["user"]["domain"] == user_domain
    assert auth["scope"]["project"] == {"name": "eu-de", "domain": project_domain}


def test_each_field_of_a_reply_stands_for_itself() -> None:
    """Without a date, or with an unreadable one, the project is read, and the other way round."""
    token, project = {"X-Subject-Token": "t0ken"}, {"id": "7"}
    lease = Lease(Token("t0ken"), 1800.0, "7")
    assert read_token(201, token, body(project=project)) == lease
    assert read_token(201, HEADERS, body("soon", project)) == lease
    assert read_token(201, HEADERS, body(project=[])) == Lease(Token("t0ken"), 84600.0)
    times = {"issued_at": "2021-01-01T00:00:00Z", "expires_at": "2021-01-02T00:00:00Z"}
    content = json.dumps({"token": {**times, "project": project}}).encode()
    assert read_token(201, token, content) == Lease(Token("t0ken"), 84600.0, "7")


@pytest.mark.parametrize("status", [400, 404, 409])
def test_error_with_a_number_as_its_code_is_final(status: int) -> None:
    """Keystone repeats the status as the code: the password is not sent again and again."""
    error = {"error": {"code": status, "message": "Expecting to find domain in project"}}
    refusal = read_token(status, {}, json.dumps(error).encode())
    assert isinstance(refusal, Refusal)
    assert str(refusal) == f"HTTP {status}: Expecting to find domain in project"


@pytest.mark.parametrize("end", ["/v3", "/v3/", "/"])
async def test_version_at_the_end_of_an_iam_endpoint_is_ignored(end: str) -> None:
    """Keystone's URL with a version works, for tokens and for projects."""
    async with Simulator() as dds:
        iam = dds.endpoint + end
        password = Password(dds.user, dds.password, dds.domain, iam, region=dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=password) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=1))).status == "Completed"
        auth = ProjectByName(Token(dds.token), iam, dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=1))).status == "Completed"


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
def test_token_is_renewed_before_it_expires(content: bytes, lease: Lease) -> None:
    """Half an hour before, by the server's clock; a short-lived token after half its lifetime."""
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
def test_reply_without_a_token(status: int, headers: dict[str, str], meaning: type) -> None:
    """Error replies mean what those of DDS mean; 201 without a token is a transient failure."""
    assert type(read_token(status, headers, body())) is meaning


class _Reply:
    """Replies to every request with a token and the given body."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __call__(self, request: Request, read: Any, key: object = None) -> Any:
        return read(201, HEADERS, self.content)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"token": 7}', b"{}"])
async def test_token_without_its_description_is_asked_for_again(content: bytes) -> None:
    """If only the reply says which project it is for; a project that is known needs no reply."""
    login = Password("u", "p", "d", "https://iam.test", region="cn-north-4")
    reply = await login.obtain(_Reply(content))
    assert reply == TransientFailure(
        "the reply of IAM does not describe the token that it contains"
    )
    known = replace(login, project_id="p")
    assert await known.obtain(_Reply(content)) == Lease(Token("t0ken"), 1800.0)
    assert await login.obtain(_Reply(body(project={"id": "7"}))) == Lease(
        Token("t0ken"), 84600.0, "7"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"user": ""}, "the user is empty"),
        ({"password": ""}, "the password is empty"),
        ({"domain": ""}, "the domain is empty"),
        ({"iam_endpoint": ""}, "the iam_endpoint is empty"),
        ({"region": ""}, "needs a project"),
    ],
)
def test_incomplete_password_is_an_error(changed: dict[str, str], message: str) -> None:
    """The message names the missing part; the password is never shown."""
    parts = {"user": "u", "password": "s3cret", "domain": "d", "iam_endpoint": "https://i"}
    with pytest.raises(ConfigurationError, match=message) as caught:
        Password(**{**parts, "region": "eu-de", **changed})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Password(**parts, region="eu-de"))
