"""A host name that never resolves: the library and the command, in virtual time."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, NoReturn

import pytest

import ddswait as library
from ddswait.simulator import Simulator

if TYPE_CHECKING:
    from tests.cli.in_process import Command

HOST = "dds.cn-nroth-9.myhuaweicloud.com"
CAUSE = (
    f"the host name {HOST} does not resolve (name or service not known; "
    "is the region 'cn-nroth-9' right? did you mean cn-north-9?)"
)


@pytest.mark.usefixtures("unknown_name")
@pytest.mark.parametrize(
    ("region", "given", "ends_at"),
    [
        ("cn-north-9", None, 60.0),
        ("cn-nroth-9", None, 5.0),
        ("cn-nroth-9", 20.0, 20.0),
        ("cn-nroth-9", 120.0, 120.0),
    ],
)
async def test_wait_ends_within_a_minute_unless_told_otherwise(
    region: str, given: float | None, ends_at: float
) -> None:
    """An unknown region ends it at once; `unreachable_after` holds as for any other failure."""
    start = asyncio.get_running_loop().time()
    async with library.Waiter(
        endpoint=f"https://dds.{region}.myhuaweicloud.com",
        project_id="p",
        auth=library.Token("t"),
        unreachable_after=given,
    ) as waiter:
        with pytest.raises(library.Unreachable) as caught:
            await waiter.wait("a")
    assert caught.value.cause == CAUSE or region != "cn-nroth-9"
    assert ends_at <= asyncio.get_running_loop().time() - start <= ends_at + 1.0


@pytest.mark.usefixtures("unknown_name")
async def test_wrong_name_of_iam_ends_the_wait_soon() -> None:
    """A password needs IAM first, whose name is made from the same wrong region."""
    start = asyncio.get_running_loop().time()
    iam = "https://iam.cn-nroth-9.myhuaweicloud.com"
    auth = library.Password("u", "s3cret", "d", iam, "cn-nroth-9")
    async with library.Waiter(endpoint=f"https://{HOST}", auth=auth) as waiter:
        with pytest.raises(library.Unreachable, match="did you mean cn-north-9") as caught:
            await waiter.wait("a")
    assert "iam.cn-nroth-9.myhuaweicloud.com" in caught.value.cause
    assert asyncio.get_running_loop().time() - start <= 7.0


async def test_name_that_resolved_in_an_earlier_block_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The waiter remembers it, so that a name server may fail for ten minutes."""
    monkeypatch.setenv("no_proxy", "*")
    async with Simulator(visible_after=0.0) as dds:
        endpoint = dds.endpoint.replace("127.0.0.1", "localhost")
        waiter = library.Waiter(
            endpoint=endpoint, project_id=dds.project_id, auth=library.Token(dds.token)
        )
        async with waiter:
            await waiter.wait(dds.add_job(seconds=1))

        def find(*_: object) -> NoReturn:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", find)
        start = asyncio.get_running_loop().time()
        async with waiter:
            with pytest.raises(library.Unreachable):
                await waiter.wait(dds.add_job(seconds=1))
        assert asyncio.get_running_loop().time() - start >= 600.0


@pytest.mark.usefixtures("unknown_name")
async def test_command_with_a_mistyped_region_ends_with_5_within_seconds(
    ddswait: Command, dds: Simulator
) -> None:
    """It warns at the start, and its last lines ask whether the region is right."""
    start = dds.now()
    done = await ddswait("--region", "cn-nroth-9", "a", HW_AUTH_TOKEN="t")
    assert done.code == 5
    assert dds.now() - start <= 7.0
    assert (
        "ddswait: warning: --region: ddswait does not know the region 'cn-nroth-9': "
        "did you mean cn-north-9?\n"
    ) in done.stderr
    assert "did you mean cn-north-9?" in " ".join(done.stderr.split()[-80:])
    assert "Error" not in done.stderr
    said = " ".join(done.stderr.split())
    assert "Correct the region or the endpoint, or connect this machine" in said
    assert "wait for it again" not in said
    assert "to resume" not in said


@pytest.mark.usefixtures("unknown_name")
@pytest.mark.parametrize(("region", "seconds"), [("cn-nroth-9", 7.0), ("cn-north-9", 62.0)])
async def test_token_without_a_project_id_says_what_is_missing(
    ddswait: Command, dds: Simulator, region: str, seconds: float
) -> None:
    """The token itself needs nothing: the ID of its project is what cannot be looked up."""
    start = dds.now()
    settings = {"HW_AUTH_TOKEN": "t", "HW_PROJECT_ID": "", "DDSWAIT_ENDPOINT": ""}
    done = await ddswait("--region", region, "a", **settings)
    assert done.code == 5
    assert dds.now() - start <= seconds
    missing = f"the ID of project {region!r} could not be looked up, and none is set: "
    assert (
        f"no credentials for the project yet, next try in 1s: {missing}the host name iam."
        in done.stderr
    )
    assert "renewed" not in done.stderr
    assert f"the last poll failed: no credentials: {missing}" in done.stdout
