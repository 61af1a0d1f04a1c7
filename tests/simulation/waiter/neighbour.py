"""A history of one waiter beside another one that shares with it, and must not notice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait import Waiter
from ddswait.errors import WaitError
from tests.simulation.waiter.stage import Stage

if TYPE_CHECKING:
    from ddswait.simulator import Simulator
    from tests.simulation.waiter.watched import WatchedWaiter

_SECONDS = 40.0  # that the job of the neighbour takes
_TIMEOUT = 2000.0
_AFTER = 120.0  # seconds after its job's end or its deadline, whatever the rate


class SharedStage(Stage):
    """Runs one history while a neighbour waits for a job of its own.

    Whatever is entered, left, closed or cancelled: the wait of the neighbour ends once, in time,
    and completes unless the service itself fails.
    """

    def _make(self, dds: Simulator) -> WatchedWaiter:
        waiter, plan = super()._make(dds), self._plan
        self._neighbour = Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=waiter._engine._parts.client._auth,
            connections=plan.connections,
            rate=plan.rate,
        )
        self._job_id = dds.add_job(seconds=_SECONDS, visible_after=0.0)
        self._is_beside = True
        self.has_shared = False
        return waiter

    async def _own(self) -> None:
        beside = asyncio.create_task(self._wait_beside(), name="neighbour")
        try:
            await asyncio.sleep(0)
            await super()._own()
        finally:
            await asyncio.wait([beside])
            beside.result()

    async def _wait_beside(self) -> None:
        began = self.loop.time()
        try:
            async with self._neighbour as waiter:
                future = waiter.track(self._job_id, timeout=_TIMEOUT)
                await asyncio.wait([future])
                self.has_shared = len(waiter._engine.running()._channel._users) > 1
            await future
        except WaitError as error:
            if not self._plan.faults:
                self.ledger.break_promise("the wait of a neighbour failed", repr(error))
        except asyncio.CancelledError:
            self.ledger.break_promise("the wait of a neighbour was cancelled")
        longest = _AFTER + (_TIMEOUT if self._plan.faults else _SECONDS)
        if self.loop.time() - began > longest:
            self.ledger.break_promise("the wait of a neighbour has ended late")
        self._is_beside = False

    def _is_nothing_left(self) -> None:
        if not self._is_beside:
            super()._is_nothing_left()
