"""ddswait.check and Waiter.from_env_async: settings are found and tried without blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ddswait
from ddswait.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the user that runs the tests is found."""
    for name in ("HW_ACCESS_KEY", "HW_AUTH_TOKEN", "HW_PROJECT_ID", "HW_REGION_NAME", "OS_CLOUD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


async def test_check_is_that_of_the_command_line() -> None:
    """Settings first, then what the replies say; all is well."""
    async with Simulator() as dds:
        found = await ddswait.check(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
        )
    assert found.ok
    names = [item.name for item in found.items]
    assert names == ["credentials", "endpoint", "project", "connection", "clock", "polls", "lists"]
    assert str(found).startswith("ok       credentials")
    assert dds.token not in str(found) + repr(found)


async def test_check_says_that_credentials_are_refused() -> None:
    """As a result, not as an exception: a program decides what it does."""
    async with Simulator() as dds:
        found = await ddswait.check(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token("other")
        )
    assert (found.ok, found.kind) == (False, ddswait.OutcomeKind.REFUSED)
    assert [item.name for item in found.items if item.state == "failed"] == ["polls"]


async def test_check_lists_what_is_missing() -> None:
    """As from_env() does, before anything is sent."""
    with pytest.raises(ddswait.ConfigurationError, match="the configuration is incomplete"):
        await ddswait.check(endpoint="https://dds.test")


@pytest.mark.real_time  # a thread searches, which the virtual clock cannot see
async def test_search_does_not_block_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metadata service in the same event loop replies meanwhile, so it is found."""
    async with Simulator() as dds:
        dds.metadata_token = "m"
        monkeypatch.setenv("DDSWAIT_METADATA", dds.endpoint)
        with pytest.raises(ddswait.ConfigurationError):  # nobody replies while the loop is blocked
            ddswait.Waiter.from_env(endpoint=dds.endpoint, project_id=dds.project_id)
        waiter = await ddswait.Waiter.from_env_async(
            endpoint=dds.endpoint, project_id=dds.project_id
        )
        async with waiter:
            job = await waiter.wait(dds.add_job(seconds=0.0))
        assert job.is_final
