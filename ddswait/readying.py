"""Carries the looks at one instance; readiness.py decides."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait.api import Fault
from ddswait.outcome import Refusal
from ddswait.question import Renewed

if TYPE_CHECKING:
    from ddswait.budget import Budget
    from ddswait.messenger import Messenger
    from ddswait.outcome import Outcome
    from ddswait.readiness import Readiness, Reply

_UNAUTHORIZED = 401


async def until_ready(
    readiness: Readiness, messenger: Messenger, budget: Budget, request_timeout: float
) -> Outcome:
    """Look at an instance until it is ready, or will not be; every look passes the budget."""
    now = asyncio.get_running_loop().time
    outcome = None if readiness.instance_id else readiness.outcome
    while outcome is None:
        await asyncio.sleep(max(readiness.due, budget.at(now())) - now())
        if budget.at(now()) > now():
            continue  # others were faster
        budget.spend(now())
        try:
            async with asyncio.timeout(request_timeout):
                reply = await _look(readiness.instance_id, messenger)
        except TimeoutError:
            reply = Fault("no answer in time")
        outcome = readiness.take(reply, now())
    return outcome


async def _look(instance_id: str, messenger: Messenger) -> Reply:
    reply = await messenger.look_at(instance_id)
    refused = isinstance(reply, Refusal) and reply.http_status == _UNAUTHORIZED
    if refused and messenger.renews and isinstance(await messenger.renew(), Renewed):
        return await messenger.look_at(instance_id)
    return reply
