"""What the tests of a waiter's life share."""

import asyncio
from typing import Any

from ddswait import Token, Waiter
from ddswait.simulator import Simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = settings.pop("auth", None) or Token(dds.token)
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


def own_tasks() -> list[str]:
    return [each.get_name() for each in asyncio.all_tasks() if "ddswait" in each.get_name()]


def now() -> float:
    return asyncio.get_running_loop().time()
