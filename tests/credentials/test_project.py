"""ddswait.credentials.project: the project of the jobs, by ID or looked up by name."""

from typing import Any

import pytest

from ddswait import AccessKey, EcsMetadata, Lease, Outcome, OutcomeKind, Password, Token, Waiter
from ddswait.credentials.project import (
    ProjectByName,
    read_projects,
    select_project_id,
    with_project,
)
from ddswait.credentials.settings import ExplicitSettings, Settings
from ddswait.credentials.source import SourceSettings
from ddswait.outcome import Refusal
from ddswait.service.replies import TransientFailure
from ddswait.simulator import Simulator

TOKEN = Token("t")
PASSWORD = Password("u", "s3cret", "d", "https://iam.test", "eu-de")
ENV = {"HW_PROJECT_ID": "env", "HW_REGION_NAME": "eu-de"}


@pytest.mark.parametrize(
    ("auth", "own", "explicit", "project_id"),
    [
        (TOKEN, SourceSettings(project_id="own"), ExplicitSettings(project_id="p"), "p"),
        (TOKEN, SourceSettings(project_id="own"), ExplicitSettings(), "own"),
        (TOKEN, SourceSettings(), ExplicitSettings(), "env"),
        (TOKEN, SourceSettings(project_name="name"), ExplicitSettings(), ""),
        (PASSWORD, SourceSettings(), ExplicitSettings(), ""),
        (PASSWORD, SourceSettings(project_id="own"), ExplicitSettings(), "own"),
        (ProjectByName(TOKEN, "https://iam.test", "n"), SourceSettings(), ExplicitSettings(), ""),
        (None, SourceSettings(), ExplicitSettings(), "env"),
    ],
)
def test_project_id(
    auth: Any, own: SourceSettings, explicit: ExplicitSettings, project_id: str
) -> None:
    """The ID of another source is not used with credentials that select a project themselves."""
    assert select_project_id(auth, Settings(ENV, explicit, own)) == project_id


def test_credentials_are_used_for_the_project() -> None:
    """A key sends the ID, a password has it in its scope; without ID, the name is looked up."""
    settings = Settings(ENV)
    key = AccessKey("AK", "s3cret", project_id="other")
    assert with_project(key, "p", settings) == AccessKey("AK", "s3cret", project_id="p")
    assert getattr(with_project(PASSWORD, "p", settings), "project_id", "") == "p"
    assert with_project(TOKEN, "p", settings) is TOKEN
    assert with_project(PASSWORD, "", settings) is PASSWORD
    assert with_project(TOKEN, "", Settings({})) is TOKEN
    by_name = with_project(TOKEN, "", settings)
    assert isinstance(by_name, ProjectByName)
    assert (by_name.auth, by_name.name) == (TOKEN, "eu-de")
    assert by_name.iam_endpoint == "https://iam.eu-de.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"no JSON", TransientFailure),
        (200, b'{"projects": [7]}', TransientFailure),
        (503, b"", TransientFailure),
        (401, b"", Refusal),
    ],
)
def test_reply_without_projects(status: int, body: bytes, kind: type) -> None:
    """It is a transient failure, unless it refuses."""
    assert type(read_projects(status, {}, body)) is kind


async def test_lease_that_names_its_project_needs_no_look_up() -> None:
    """The project of the lease is kept, and an access key sends it in a signed header."""

    class Vault:
        def __init__(self, lease: Lease) -> None:
            self.lease = lease

        async def obtain(self, send: Any) -> Lease:
            return self.lease

    async def send(request: Any, read: Any, key: Any = None) -> Any:
        return read(200, {}, b'{"projects": [{"id": "looked-up", "name": "n"}]}')

    for own, used in (("p", "p"), ("", "looked-up")):
        vault = Vault(Lease(AccessKey("AK", "s3cret"), 7.0, own))
        lease = await ProjectByName(vault, "https://iam.test", "n").obtain(send)
        assert lease == Lease(AccessKey("AK", "s3cret", project_id=used), 7.0, used)


async def test_server_that_ignores_the_filter() -> None:
    """The name decides, even if the reply lists other projects as well."""

    async def send(request: Any, read: Any, key: Any = None) -> Any:
        return read(
            200, {}, b'{"projects": [{"id": "1", "name": "other"}, {"id": "2", "name": "mine"}]}'
        )

    lease = await ProjectByName(TOKEN, "https://iam.test", "mine").obtain(send)
    assert lease == Lease(TOKEN, project_id="2")


async def looked_up(dds: Simulator, name: str, key: Any = None) -> Outcome:
    auth = key or AccessKey(dds.access_key, dds.secret_key, clock=dds.present)
    auth = ProjectByName(auth, dds.endpoint, name)
    async with Waiter(endpoint=dds.endpoint, auth=auth) as waiter:
        [outcome] = await waiter.wait_all([dds.add_job(seconds=60)])
    return outcome


async def test_project_is_looked_up_once() -> None:
    """An access key, a token or an ECS without a project: one poll-up by name."""
    for kind in ("key", "token", "ecs"):
        async with Simulator() as dds:
            dds.projects["0" * 32] = "another"
            dds.key_seconds = 2430.0  # the ECS renews its key each minute
            key = {"token": Token(dds.token), "ecs": EcsMetadata(dds.endpoint, dds.present)}
            outcome = await looked_up(dds, dds.region, key.get(kind))
            assert outcome.kind is OutcomeKind.COMPLETED
            assert sum(seen.path == "/v3/projects" for seen in dds.requests) == 1


async def test_no_project_or_several_are_listed() -> None:
    """The message lists the projects, and no job is polled."""
    async with Simulator() as dds:
        dds.projects = {"1" * 32: "one", "2" * 32: "twin", "3" * 32: "twin"}
        none = await looked_up(dds, "nobody")
        several = await looked_up(dds, "twin")
        assert not any(seen.path.endswith("/jobs") for seen in dds.requests)
    assert {none.kind, several.kind} == {OutcomeKind.REFUSED}
    assert f"one ({'1' * 32})" in none.message
    assert f"{'2' * 32}, {'3' * 32}" in several.message
    assert all("set the project ID" in outcome.message for outcome in (none, several))


async def test_look_up_that_fails_is_tried_again() -> None:
    """A failing IAM only causes a delay; an IAM that refuses ends every wait with one request."""
    async with Simulator() as dds:
        dds.inject("error", count=5, path="/v3/projects")
        dds.inject("not_json", count=2, path="/v3/projects")
        assert (await looked_up(dds, dds.region)).ok
    async with Simulator() as dds:
        refused = await looked_up(dds, dds.region, AccessKey("AK", "wrong", clock=dds.present))
        assert (refused.kind, dds.statuses) == (OutcomeKind.REFUSED, {401: 1})
