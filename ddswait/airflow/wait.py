"""The wait of one task, in the event loop of a triggerer or of a worker."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ddswait import Waiter
from ddswait.airflow.task_log import TaskLog
from ddswait.cli.job_table import key_of, key_of_event
from ddswait.events import Polled, Tracked, Visible
from ddswait.runtime.log import silence
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.instance_poll import CONFIRM

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ddswait.airflow.kept_state import KeptState
    from ddswait.discovery import EnvSettings
    from ddswait.events import Event
    from ddswait.policy import Policy
    from ddswait.wait_group import WaitGroup
    from ddswait.wait_state import WaitState


async def wait_for(
    state: WaitState,
    policy: Policy,
    settings: EnvSettings,
    kept: KeptState,
    write: Callable[[str], object],
) -> WaitGroup:
    """Wait until a policy is decided, and return the group of waits.

    Args:
        state: that the wait begins with.
        policy: when it is decided.
        settings: of the waiter.
        kept: where the state is kept meanwhile.
        write: writes a line to the log of the task.

    Raises:
        ConfigurationError: the settings cannot be used; nothing was polled.
        InputError: see above.
    """
    durations = Durations()
    log = TaskLog(write, state, durations)

    def happened(event: Event) -> None:
        if isinstance(event, Tracked):  # thousands at once, and the log says nothing of them
            return
        log.event(event)
        if isinstance(event, Visible):
            kept.soon()

    silence()  # the log of the task has its own lines
    own: EnvSettings = {**settings, "durations": durations, "on_event": happened}
    waiter = await Waiter.from_env_async(**own)
    async with waiter:
        group = waiter.track_all(state, policy)
        saving = asyncio.create_task(kept.save_again_and_again(lambda: group.state))
        logging = asyncio.create_task(log.every_minute())
        try:
            async for outcome in group:
                log.outcome(outcome)
                kept.soon()
            kept.end()
            await saving
        finally:
            await _cancel([saving, logging])
        await waiter.close()
    return group


async def poll_once(
    state: WaitState, policy: Policy, settings: EnvSettings, longest: float
) -> WaitGroup:
    """Poll each job once, and return the group of waits.

    With `ready`, the instance of a job that has completed is polled too. What one poll cannot
    decide is polled again: the next call remembers nothing of it.

    Args:
        state: that the wait begins with.
        policy: when it is decided.
        settings: of the waiter.
        longest: seconds after which jobs that could not be polled are left to the next time; with
            `ready`, the time in which instances are confirmed is added.

    Raises:
        ConfigurationError: the settings cannot be used; nothing was polled.
        InputError: see above.
    """
    to_see = {each.key for each in state.open}
    group: WaitGroup | None = None

    def seen(key: str) -> None:
        to_see.discard(key)
        if group is not None and not to_see:
            group.stop()

    def happened(event: Event) -> None:
        if isinstance(event, Polled) and not _is_followed(event):
            seen(key_of_event(event))

    silence()
    own: EnvSettings = {**settings, "on_event": happened}
    waiter = await Waiter.from_env_async(**own)
    async with waiter:
        group = waiter.track_all(state, policy)
        longest += 2 * CONFIRM if state.ready else 0.0
        asyncio.get_running_loop().call_later(longest, group.stop)
        async for outcome in group:
            seen(key_of(outcome))
        await waiter.close()
    return group


def _is_followed(polled: Polled) -> bool:
    """Return whether an outcome or another poll follows soon, without which nothing is decided."""
    has_ended = not polled.next_in
    return has_ended or polled.unconfirmed


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


def run(work: Coroutine[Any, Any, WaitGroup]) -> WaitGroup:
    """Run a wait in a worker, which has no event loop."""
    return asyncio.run(work)
