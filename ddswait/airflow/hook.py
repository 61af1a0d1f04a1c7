"""The hook: a waiter with the settings of an Airflow connection."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ddswait.airflow.connection import settings_of
from ddswait.airflow.provider import CONNECTION_TYPE

if TYPE_CHECKING:
    from ddswait import Waiter
    from ddswait.checks import CheckResult
    from ddswait.discovery import EnvSettings


class DdsHook(BaseHook):
    """Connects to DDS with the settings of an Airflow connection.

    A connection of type `ddswait` or `huaweicloud` has the endpoint or the region, the project and
    the credentials. What it leaves out is looked for where the hook runs.

    Args:
        ddswait_conn_id: the ID of the connection.
    """

    conn_name_attr = "ddswait_conn_id"
    default_conn_name = "ddswait_default"
    conn_type = CONNECTION_TYPE
    hook_name = "Huawei Cloud DDS (ddswait)"

    def __init__(self, ddswait_conn_id: str = default_conn_name, **kwargs: Any) -> None:  # noqa: ANN401 - Airflow's
        super().__init__(**kwargs)
        self.ddswait_conn_id = ddswait_conn_id

    def settings(self) -> EnvSettings:
        """Return the arguments of `Waiter.from_env` in the connection.

        Raises:
            ConfigurationError: the connection cannot be used.
        """
        return settings_of(self.get_connection(self.ddswait_conn_id))

    async def settings_async(self) -> EnvSettings:
        """Return what settings() returns, without blocking the event loop.

        Raises:
            ConfigurationError: the connection cannot be used.
        """
        # In a thread: Airflow's own asynchronous form finds nothing in `airflow dags test`.
        return await asyncio.to_thread(self.settings)

    def get_conn(self) -> Waiter:
        """Return a waiter, to be entered with `async with`.

        Raises:
            ConfigurationError: the connection, or what it leaves out, cannot be used.
        """
        from ddswait import Waiter

        return Waiter.from_env(**self.settings())

    def test_connection(self) -> tuple[bool, str]:
        """Return whether DDS accepts the connection, and what `ddswait --check` shows."""
        from ddswait.errors import DdswaitError

        try:
            # In a thread, because Airflow may call this from a thread that runs an event loop.
            with ThreadPoolExecutor(1) as threads:
                found = threads.submit(asyncio.run, _check(self.settings())).result()
        except DdswaitError as error:
            return False, str(error)
        return found.ok, str(found)


async def _check(settings: EnvSettings) -> CheckResult:
    from ddswait import check

    return await check(**settings)
