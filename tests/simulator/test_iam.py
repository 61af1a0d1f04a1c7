"""ddswait.simulator.iam: tokens by password, and projects."""

from typing import Any

import pytest

from ddswait.simulator import Simulator
from tests.simulator.calls import call, jobs

TOKENS = "/v3/auth/tokens"


def login(dds: Simulator, **changed: Any) -> dict[str, Any]:
    user = {"name": dds.user, "password": dds.password, "domain": {"name": dds.domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    auth = {"identity": identity, "scope": {"project": {"id": dds.project_id}}, **changed}
    return {"auth": auth}


async def test_token_opens_the_api_until_it_expires(dds: Simulator) -> None:
    """A token comes in a header with status 201, and tells its end and project."""
    dds.revoke()
    reply = await call(dds, "POST", f"{TOKENS}?nocatalog=true", body=login(dds))
    assert (reply.status, reply.body["token"]) == (
        201,
        {
            "expires_at": "2026-01-02T00:00:00.000000Z",
            "project": {"id": dds.project_id, "name": dds.region},
            "methods": ["password"],
        },
    )
    own = {"X-Auth-Token": reply.headers["X-Subject-Token"]}
    job_id = dds.add_job(visible_after=0)
    assert (await call(dds, "GET", jobs(dds, job_id), headers=own)).status == 200


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ({"id": "2" * 32}, "other"),
        ({"name": "other", "domain": {"name": "account"}}, "other"),
        (
            {"name": "simulated-region-1", "domain": {"name": "account"}},
            "simulated-region-1",
        ),
        ({"name": "twin", "domain": {"name": "account"}}, None),
        ({"name": "nobody", "domain": {"name": "account"}}, None),
        ({"name": "other", "domain": {"name": "another"}}, None),
        ({"id": "nobody"}, None),
    ],
)
async def test_token_is_scoped_to_any_project(
    dds: Simulator, scope: dict[str, Any], name: str | None
) -> None:
    """By ID, or by a name that only one project has."""
    dds.projects |= {"2" * 32: "other", "3" * 32: "twin", "4" * 32: "twin"}
    body = login(dds, scope={"project": scope})
    status, reply, _ = await call(dds, "POST", f"{TOKENS}?nocatalog=true", body=body)
    assert status == (401 if name is None else 201)
    if name is not None:
        assert reply["token"]["project"]["name"] == name
        assert dds.projects[reply["token"]["project"]["id"]] == name


async def test_token_comes_with_a_catalogue_unless_it_is_not_wanted(dds: Simulator) -> None:
    """The catalogue of services is left out by `nocatalog`."""
    [service] = (await call(dds, "POST", TOKENS, body=login(dds))).body["token"]["catalog"]
    assert service["endpoints"][0]["url"] == f"{dds.endpoint}/v3/{dds.project_id}"
    reply = await call(dds, "POST", f"{TOKENS}?nocatalog=true", body=login(dds))
    assert "catalog" not in reply.body["token"]


@pytest.mark.parametrize("part", ["user", "password", "domain"])
async def test_wrong_login_is_refused(dds: Simulator, part: str) -> None:
    """User, password and account must all be right; the error is worded as Keystone does."""
    body = login(dds)
    user = body["auth"]["identity"]["password"]["user"]
    user.update({"domain": {"name": "wrong"}} if part == "domain" else {part: "wrong"})
    user["name"] = user.pop("user", user["name"])
    reply = await call(dds, "POST", TOKENS, body=body)
    assert (reply.status, reply.body["error"]["code"]) == (401, 401)
    assert "X-Subject-Token" not in reply.headers


async def test_project_by_name_needs_its_domain(dds: Simulator) -> None:
    """As in Keystone, the name of a project means nothing without its domain."""
    body = login(dds, scope={"project": {"name": dds.region}})
    assert (await call(dds, "POST", TOKENS, body=body)).status == 400


@pytest.mark.parametrize("methods", [[], ["token"], None])
async def test_method_must_be_password(dds: Simulator, methods: list[str] | None) -> None:
    """Other methods are not offered."""
    body = login(dds)
    body["auth"]["identity"]["methods"] = methods
    assert (await call(dds, "POST", TOKENS, body=body)).status == 400


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"auth": {}}'])
async def test_malformed_request_is_refused(dds: Simulator, data: bytes) -> None:
    """What is not a request for a token is a bad request."""
    reply = await call(dds, "POST", TOKENS, data=data)
    assert (reply.status, reply.body["error"]["title"]) == (400, "Bad Request")


async def test_projects_are_listed_by_name(dds: Simulator) -> None:
    """All projects, or those of one name; a wrong token lists none."""
    dds.projects["2" * 32] = "other"
    for query, found in (
        ("", {dds.project_id, "2" * 32}),
        ("?name=other", {"2" * 32}),
        ("?name=nobody", set()),
    ):
        body = (await call(dds, "GET", f"/v3/projects{query}")).body
        assert {project["id"] for project in body["projects"]} == found
    reply = await call(dds, "GET", "/v3/projects", headers={"X-Auth-Token": "wrong"})
    assert (reply.status, reply.body["error"]["code"]) == (401, 401)
