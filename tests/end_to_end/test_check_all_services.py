"""`--check --service`: which services the credentials may ask, over real sockets."""

import asyncio
import os
import sys
from typing import NamedTuple

import pytest

from ddswait.service import NAMES
from ddswait.simulator import Simulator
from tests.end_to_end.test_mixed_gate import settings

pytestmark = pytest.mark.real_time  # the command is a process of its own


class Checked(NamedTuple):
    """What the command left: its exit code, and the lines about each name."""

    code: int
    about: dict[str, str]


async def check(cloud: Simulator, *arguments: str, **env: str) -> Checked:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ddswait", "--check", *arguments),
        env={
            **os.environ,
            **settings(cloud),
            "DDSWAIT_METADATA": "off",
            "HW_AUTH_TOKEN": cloud.token,
            "HW_PROJECT_ID": cloud.project_id,
            **env,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    about: dict[str, str] = {}
    name = ""
    for line in printed.decode().splitlines():
        name = line.split()[1] if line[0] != " " else name
        about[name] = f"{about.get(name, '')} {' '.join(line.split())}".strip()
    return Checked(process.returncode or 0, about)


async def test_every_service_may_be_asked() -> None:
    """Each with its endpoint; the settings stand before them, once."""
    async with Simulator() as cloud:
        checked = await check(cloud, "--service", "all")
        asked = len(cloud.requests)
    assert checked.code == 0
    assert [*checked.about] == ["credentials", "region", "project", *NAMES]
    for name in NAMES:
        endpoint = cloud.endpoint_of(name)
        assert checked.about[name] == f"ok {name} polls and lists accepted at {endpoint}"
    assert asked == 2 * len(NAMES)


async def test_service_that_refuses_has_a_next_step_of_its_own() -> None:
    """Its permission; the exit code is that of the worst."""
    async with Simulator() as cloud:
        cloud.inject("forbidden", count=None, path=f"/rds/v3/{cloud.project_id}/jobs")
        checked = await check(cloud, "--service", "all")
    assert checked.code == 4
    assert checked.about["rds"].startswith("failed rds polls: refused: HTTP 403")
    assert checked.about["rds"].endswith("next: ask for the permission rds:task:list")
    assert sum(text.startswith("ok") for text in checked.about.values()) == 3 + len(NAMES) - 1


async def test_service_without_a_list_is_accepted() -> None:
    """Only polls decide; that lists are refused is said."""
    async with Simulator() as cloud:
        cloud.inject("forbidden", count=None, path=f"/rds/v3/{cloud.project_id}/tasklist")
        checked = await check(cloud, "--service", "all")
    assert checked.code == 0
    assert checked.about["rds"].startswith("ok rds polls accepted at http://")
    assert "; lists: refused: HTTP 403" in checked.about["rds"]


async def test_service_that_does_not_reply_may_be_missing_in_the_region() -> None:
    """The next step says so."""
    async with Simulator() as cloud:
        variable = "HUAWEICLOUD_SDK_REGION_DDM_XX_SIM_1"
        checked = await check(cloud, "--service", "all", **{variable: "http://127.0.0.1:9"})
    assert checked.code == 5
    assert checked.about["ddm"].startswith("failed ddm connection: no reply: ")
    assert checked.about["ddm"].endswith("; or the region has no ddm")


@pytest.mark.parametrize("way", ["token", "password"])
async def test_wrong_credentials_are_tried_once(way: str) -> None:
    """Whoever sends wrong ones too often is locked."""
    async with Simulator() as cloud:
        env = {"HW_AUTH_TOKEN": "wr0ng"}
        if way == "password":
            login = {"HW_USER_NAME": cloud.user, "HW_USER_PASSWORD": "wr0ng"}
            account = {"HW_DOMAIN_NAME": cloud.domain, "HW_AUTH_URL": cloud.address}
            env = {"HW_AUTH_TOKEN": "", **login, **account}
        checked = await check(cloud, "--service", "all", **env)
        asked = len(cloud.requests)
    assert (checked.code, asked) == (4, 1)
    assert "refused: HTTP 401" in checked.about["dds"]
    for name in NAMES[1:]:
        assert checked.about[name] == (
            f"failed {name} not asked next: get other credentials, see dds"
        )


async def test_endpoint_without_a_region_is_that_of_one_service() -> None:
    """The others have none, which is a matter of the configuration; the next step says how to.

    An answer of a service that was asked weighs more.
    """
    async with Simulator() as cloud:
        env = {"HW_REGION_NAME": "", "DDSWAIT_ENDPOINT": cloud.address}
        checked = await check(cloud, "--service", "all", **env)
        cloud.forbids = True
        refused = await check(cloud, "--service", "all", **env)
    assert checked.code == 2
    assert checked.about["dds"].startswith("ok")
    assert checked.about["rds"] == (
        "failed rds no endpoint of rds is set, and DDSWAIT_ENDPOINT sets that of dds only next: "
        "set HW_REGION_NAME, from which the endpoint of rds follows; if DDSWAIT_ENDPOINT is meant "
        "for rds, use --service rds"
    )
    assert refused.code == 4


async def test_one_service_is_checked_as_dds_is() -> None:
    """`--service` and `DDSWAIT_SERVICE` choose it."""
    async with Simulator() as cloud:
        for arguments, env in ((("--service", "rds"), {}), ((), {"DDSWAIT_SERVICE": "rds"})):
            checked = await check(cloud, *arguments, **env)
            assert checked.code == 0
            assert cloud.endpoint_of("rds") in checked.about["endpoint"]
            assert "polls" in checked.about
