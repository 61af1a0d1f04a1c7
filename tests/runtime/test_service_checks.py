"""ddswait.runtime.service_checks: the requests of `--check`, over real sockets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ddswait import Password, Token
from ddswait.credentials.project import ProjectByName
from ddswait.outcome import OutcomeKind
from ddswait.runtime.client import Client
from ddswait.runtime.service_checks import check_service
from ddswait.service import service_named

if TYPE_CHECKING:
    from ddswait.credentials.checklist import CheckItem
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.runtime.service_checks import Checked
    from ddswait.simulator import Simulator


async def check(dds: Simulator, auth: Key | CredentialProvider | None = None) -> Checked:
    client = Client(
        service_named(), dds.endpoint, dds.project_id, auth or Token(dds.token), connections=1
    )
    return await check_service(client)


def states(checked: Checked) -> dict[str, str]:
    return {item.name: item.state for item in checked.items}


def item(checked: Checked, name: str) -> CheckItem:
    [found] = [item for item in checked.items if item.name == name]
    return found


def set_clock(dds: Simulator, ahead: float) -> None:
    dds.epoch = datetime.now(UTC) + timedelta(seconds=ahead - dds.now())


async def test_good_service_is_ok_in_every_respect(dds: Simulator) -> None:
    """Two requests: one poll of a job that does not exist, and a list of one job."""
    set_clock(dds, 0.0)
    checked = await check(dds)
    assert checked.kind is OutcomeKind.COMPLETED
    assert states(checked) == {"connection": "ok", "clock": "ok", "polls": "ok", "lists": "ok"}
    assert re.fullmatch(
        r"the first reply took \d+ ms, the next one \d+ ms", item(checked, "connection").text
    )
    assert [seen.path.split("/")[1] for seen in dds.requests] == ["v3", "v3.1"]


async def test_list_request_has_a_page_of_one(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The permission is all that is of interest."""
    service, urls = service_named(), []
    made = type(service).list_jobs

    def list_jobs(*given: object, **details: object) -> object:
        urls.append(made(*given, **details).url)  # type: ignore[arg-type]
        return made(*given, **details)  # type: ignore[arg-type]

    monkeypatch.setattr(type(service), "list_jobs", list_jobs)
    await check(dds)
    [url] = urls
    assert "limit=1&offset=0" in url


@pytest.mark.parametrize(
    ("ahead", "state", "text"),
    [
        (0.0, "ok", "agrees with that of the service"),
        (-30.0, "ok", r"(29|30)s ahead of that of the service"),
        (2000.0, "warning", r"33m\d\ds behind that of the service"),
        (-2000.0, "warning", r"33m\d\ds ahead of that of the service"),
    ],
)
async def test_clock_is_compared_with_that_of_the_service(
    dds: Simulator, ahead: float, state: str, text: str
) -> None:
    """A difference that may lead to refused signatures is a warning with its remedy."""
    set_clock(dds, ahead)
    found = item(await check(dds), "clock")
    assert (found.state, bool(found.next_step)) == (state, state == "warning")
    assert re.fullmatch(text, found.text)


@pytest.mark.parametrize("permitted", [True, False])
async def test_lists_that_are_refused_are_only_a_warning(
    dds: Simulator, *, permitted: bool
) -> None:
    """Without the permission, or where the cloud has no lists, each job is polled by itself."""
    dds.may_list, dds.has_lists = permitted, not permitted
    checked = await check(dds)
    assert checked.kind is OutcomeKind.COMPLETED
    found = item(checked, "lists")
    assert found.state == "warning"
    assert "ddswait polls each job by itself" in found.text
    assert found.next_step == (
        "nothing: some clouds do not offer lists"
        if permitted
        else "ask for the permission dds:task:listAll"
    )


async def test_list_without_a_reply_is_a_warning(dds: Simulator) -> None:
    """It may pass by itself."""
    dds.inject("error", status=503, path=f"/v3.1/{dds.project_id}/jobs")
    found = item(await check(dds), "lists")
    assert (found.state, found.next_step) == ("warning", "try again in a minute")
    assert found.text.startswith("no reply: HTTP 503")


async def test_refused_credentials_fail_with_what_to_do(dds: Simulator) -> None:
    """The connection and the clock are good all the same; nothing else is requested."""
    set_clock(dds, 0.0)
    checked = await check(dds, Token("wrong"))
    assert checked.kind is OutcomeKind.REFUSED
    assert states(checked) == {"connection": "ok", "clock": "ok", "polls": "failed"}
    assert item(checked, "polls").text.startswith("refused: HTTP 401 APIGW.0301")
    assert "get a new token" in item(checked, "polls").next_step
    assert len(dds.requests) == 1


async def test_password_that_is_refused_fails_before_any_poll(dds: Simulator) -> None:
    """The item is that of the credentials."""
    auth = Password("u", "s3cret", "d", dds.endpoint, "simulated-region-1")
    checked = await check(dds, auth)
    assert checked.kind is OutcomeKind.REFUSED
    assert states(checked) == {"credentials": "failed"}


async def test_service_that_does_not_reply_fails_with_what_to_check(dds: Simulator) -> None:
    """A refused connection, an error of the gateway, too many requests."""
    dds.inject("error", status=502, count=1)
    checked = await check(dds)
    assert checked.kind is OutcomeKind.UNREACHABLE
    assert item(checked, "connection").next_step.startswith("check the endpoint, and the network")
    dds.inject("throttle", count=1)
    throttled = item(await check(dds), "connection")
    assert (throttled.state, throttled.next_step) == ("failed", "try again in a minute")


@pytest.mark.usefixtures("unknown_name")
@pytest.mark.parametrize(
    ("host", "step"),
    [
        (
            "dds.cn-nroth-9.myhuaweicloud.com",
            "correct the region 'cn-nroth-9': did you mean cn-north-9?",
        ),
        ("dds.xx-nowhere-7.myhuaweicloud.com", "correct the region 'xx-nowhere-7': check its name"),
        ("dds.cn-north-9.myhuaweicloud.com", "check that the region is right; then check the"),
        ("dds.nowhere.invalid", "check that the endpoint is right; then check the endpoint"),
    ],
)
@pytest.mark.parametrize("has_project", [True, False])
async def test_name_that_does_not_resolve_is_a_matter_of_the_region(
    host: str, step: str, *, has_project: bool
) -> None:
    """Of the endpoint of DDS, and of that of IAM, which a look-up of the project needs."""
    iam = ProjectByName(Token("t"), f"https://{host.replace('dds', 'iam')}", "some")
    auth = Token("t") if has_project else iam
    project = "p" if has_project else ""
    client = Client(service_named(), f"https://{host}", project, auth, connections=1)
    failed = (await check_service(client)).items[-1]
    assert failed.next_step.startswith(step)
    assert ("the ID of project 'some' could not be looked up" in failed.text) is not has_project


async def test_request_without_an_end_is_given_up(dds: Simulator) -> None:
    """`--check` ends, whatever the service does."""
    dds.inject("stall", seconds=1000.0)
    checked = await check(dds)
    assert checked.kind is OutcomeKind.UNREACHABLE
    assert item(checked, "connection").text == "no reply: nothing came within 30 s"
