"""The trigger: one for a whole batch of jobs.

A triggerer imports this file in its event loop, so what takes long is imported in a thread.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from ddswait.errors import ConfigurationError, InputError

_NOT_BEFORE = 5.0  # seconds from the beginning to the event; see run()

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from ddswait.discovery import EnvSettings


class DdsJobTrigger(BaseTrigger):
    """Waits for a batch of jobs in the triggerer, and yields one event.

    If the triggerer ends, another one goes on: the deadline stays, and jobs that had ended are not
    polled again. When the task is cleared or marked, the polls end; the jobs themselves go on.

    Args:
        batch: what to wait for, as `Batch.to_dict` returns it.
        ddswait_conn_id: the ID of the connection.
    """

    def __init__(self, batch: Mapping[str, Any], ddswait_conn_id: str = "ddswait_default") -> None:
        super().__init__()
        self.batch = dict(batch)
        self.ddswait_conn_id = ddswait_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another process makes the same trigger of; no secret is in it."""
        arguments = {"batch": self.batch, "ddswait_conn_id": self.ddswait_conn_id}
        return "ddswait.airflow.trigger.DdsJobTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield the event that says how the wait ended."""
        clock = asyncio.get_running_loop().time
        not_before = clock() + _NOT_BEFORE
        event = await self._event()
        # The scheduler fails a task that runs again before it has noted that the task was deferred
        # ("the task instance's state attribute is running"): jobs that have ended take some time.
        await asyncio.sleep(max(not_before - clock(), 0.0))
        yield TriggerEvent(event)

    async def _event(self) -> dict[str, Any]:
        await asyncio.to_thread(_load)
        from ddswait.airflow.event import unusable_event

        try:
            return await self._wait()
        except (ConfigurationError, InputError) as error:
            return unusable_event(error)

    async def _wait(self) -> dict[str, Any]:
        from ddswait.airflow.batch import Batch
        from ddswait.airflow.event import event_of
        from ddswait.airflow.hook import DdsHook
        from ddswait.airflow.kept_state import KeptState
        from ddswait.airflow.wait import wait_for

        batch = Batch(**self.batch)
        kept = KeptState(self.task_instance, self.log.warning)
        found = await DdsHook(self.ddswait_conn_id).settings_async()
        settings: EnvSettings = {**found, **batch.settings}
        state = await kept.load(batch.state())
        group = await wait_for(state, batch.policy, settings, kept, self._write)
        event = event_of(group.outcomes, group.decision)
        await kept.save(group.state)
        if not event["complete"]:
            await kept.save_outcomes(group.outcomes)
        return event

    def _write(self, line: str) -> None:
        self.log.info("%s", line)


def _load() -> None:
    """Import everything that a wait needs."""
    from ddswait.airflow import batch, event, hook, kept_state, wait  # noqa: F401
    from ddswait.runtime import transport

    transport.load()
