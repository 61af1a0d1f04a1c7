"""ddswait.credentials.checklist and configuration_items: what is there, and what is missing."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from ddswait.credentials.chain import resolve
from ddswait.credentials.checklist import CheckItem, IncompleteConfiguration, lines
from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey, Token
from ddswait.credentials.metadata import EcsMetadata
from ddswait.credentials.settings import ExplicitSettings

if TYPE_CHECKING:
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from tests.cli.in_process import RealCommand

NOWHERE = {"HOME": "/home/me", "DDSWAIT_METADATA": "off"}
REGION = {"HW_REGION_NAME": "cn-north-4"}

ALL_MISSING = """\
missing  credentials  none in the variables HUAWEICLOUD_SDK_*, HW_* and OS_*,
                      in /home/me/.huaweicloud/credentials, or at the metadata
                      service of an ECS (DDSWAIT_METADATA=off)
                      next: export HW_ACCESS_KEY=... HW_SECRET_KEY=...
missing  endpoint     none of --region, HW_REGION_NAME, OS_REGION_NAME,
                      --endpoint and DDSWAIT_ENDPOINT is set
                      next: export HW_REGION_NAME=ap-southeast-1 (or yours)
missing  project      none of --project-id, HW_PROJECT_ID,
                      HUAWEICLOUD_SDK_PROJECT_ID and OS_PROJECT_ID is set, and
                      without a region it cannot be looked up by its name
                      next: set the region as above
"""

POINTER = "ddswait --help lists all ways to set each; ddswait --demo needs none of them"


def incomplete(env: dict[str, str]) -> IncompleteConfiguration:
    with pytest.raises(IncompleteConfiguration) as caught:
        resolve({**NOWHERE, **env})
    return caught.value


def states(error: IncompleteConfiguration) -> dict[str, str]:
    return {item.name: item.state for item in error.items}


def test_everything_missing_is_a_checklist() -> None:
    """Each item says where it was looked for and what to do next, in 80 columns."""
    error = incomplete({})
    assert "\n".join([*lines(error.items), ""]) == ALL_MISSING
    assert str(error) == f"the configuration is incomplete\n{ALL_MISSING}".rstrip()
    assert max(map(len, ALL_MISSING.splitlines())) <= 78


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        (REGION, {"credentials"}),
        ({"HW_AUTH_TOKEN": "t"}, {"endpoint", "project"}),
        ({"HW_AUTH_TOKEN": "t", "HW_PROJECT_ID": "p"}, {"endpoint"}),
        ({"HW_AUTH_TOKEN": "t", "DDSWAIT_ENDPOINT": "https://dds.test"}, {"project"}),
        ({"DDSWAIT_ENDPOINT": "https://dds.test"}, {"credentials", "project"}),
    ],
)
def test_what_is_there_is_listed_as_well(env: dict[str, str], missing: set[str]) -> None:
    """A region is enough for the endpoint and the project."""
    found = states(incomplete(env))
    assert {name for name, state in found.items() if state == "missing"} == missing
    assert set(found.values()) <= {"ok", "missing"}


def test_metadata_service_that_does_not_reply_is_named() -> None:
    """Unless detection is off, it was tried."""
    [item, *_] = incomplete({"DDSWAIT_METADATA": "http://127.0.0.1:9"}).items
    assert "the metadata service of an ECS (no reply)" in item.text


def test_next_step_without_a_project_depends_on_the_endpoint() -> None:
    """Where the endpoint is set, a region would not be used for it."""
    [*_, item] = incomplete({"HW_AUTH_TOKEN": "t", "DDSWAIT_ENDPOINT": "https://dds.test"}).items
    assert item.next_step == "export HW_PROJECT_ID=..."


@pytest.mark.parametrize(
    ("auth", "text"),
    [
        (Token("s3cret"), "the caller (a token, project 'cn-north-4' looked up)"),
        (
            AccessKey("ABCDEFGHIJ", "s3cret"),
            "the caller (ABCD...IJ, project 'cn-north-4' looked up)",
        ),
        (AccessKey("SHORT", "s3cret", project_id="p"), "the caller (SHORT)"),
        (EcsMetadata(), "the caller (temporary keys, project 'cn-north-4' looked up)"),
        (
            Password("me", "s3cret", "d", "https://iam.cn-north-4.myhuaweicloud.com", "cn-north-4"),
            "the caller (user me)",
        ),
    ],
)
def test_complete_configuration_says_what_is_used(
    auth: Key | CredentialProvider, text: str
) -> None:
    """Credentials are described without their secret, and settings with their origin."""
    items = {item.name: item for item in resolve({**NOWHERE, **REGION}, auth=auth).items}
    assert {item.state for item in items.values()} == {"ok"}
    assert items["credentials"].text == text
    assert items["region"].text == "cn-north-4, from HW_REGION_NAME"
    assert items["endpoint"].text == (
        "https://dds.cn-north-4.myhuaweicloud.com, from HW_REGION_NAME"
    )


@pytest.mark.parametrize(
    ("region", "next_step"),
    [("cn-nroth-9", "did you mean cn-north-9?"), ("mars-1", "check its name in the console")],
)
def test_unknown_region_is_a_warning(region: str, next_step: str) -> None:
    """New regions appear, so it is used all the same."""
    found = resolve(NOWHERE, ExplicitSettings(region=region, project_id="p"), Token("t"))
    [item] = [item for item in found.items if item.name == "region"]
    assert item.state == "warning"
    assert item.text == f"{region}, from --region, is not known to ddswait"
    assert item.next_step == next_step
    assert [*found.source.warnings] == [
        f"--region: ddswait does not know the region {region!r}: {next_step}"
    ]


def test_region_of_another_cloud_or_endpoint_is_not_doubted() -> None:
    """Where the region only names the project, or the cloud is one of its own."""
    own = {**NOWHERE, "HW_CLOUD": "cloud.example", "HW_REGION_NAME": "office-1"}
    elsewhere = {**NOWHERE, "DDSWAIT_ENDPOINT": "https://dds.test", "OS_REGION_NAME": "office-1"}
    for env in (own, elsewhere):
        found = resolve(env, ExplicitSettings(project_id="p"), Token("t"))
        assert {item.state for item in found.items} == {"ok"}
        assert found.source.warnings == ()


def test_error_survives_pickling() -> None:
    """It may cross processes, with its items."""
    error = IncompleteConfiguration([CheckItem("endpoint", "missing", "looked at x", "set x")])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (str(again), again.items) == (str(error), error.items)


@pytest.mark.parametrize("arguments", [["x"], ["--check"]])
def test_command_prints_the_checklist(command: RealCommand, arguments: list[str]) -> None:
    """A wait and `--check` show the same, exit with 2, and point to the help and the demo."""
    empty = dict.fromkeys(("DDSWAIT_ENDPOINT", "HW_PROJECT_ID", "HW_AUTH_TOKEN"), "")
    done = command(*arguments, **NOWHERE, **empty)
    indented = "".join(f"  {line}\n" for line in ALL_MISSING.splitlines())
    assert done == (
        2,
        "",
        f"ddswait: error: the configuration is incomplete\n{indented}{POINTER}\n",
    )
