"""What is known about a batch, kept in an XCom of its task, for the next triggerer.

The arguments of a trigger are fixed once its task is deferred. XComs are not: a trigger reaches
them through the process that supervises it, and Airflow deletes them only when the task begins
anew. The text is compressed: 5,000 jobs take about 100 kB.
"""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from ddswait.errors import InputError
from ddswait.wait_state import WaitState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddswait.outcome import Outcome

STATE = "ddswait_state"
"""The key of the XCom with the state; only ddswait reads it."""
ALL_OUTCOMES = "ddswait_outcomes"
"""The key of the XCom with the outcomes that do not fit into an event; only ddswait reads it."""
OUTCOMES = "outcomes"
"""The key of the XCom with every outcome, as `Outcome.to_dict` returns it."""

_SAVE_EVERY = 0.5  # seconds between two writes
_SAVING_SHARE = 20.0  # the time after a write, as a multiple of what the write took


class Task(Protocol):
    """The task instance of a trigger, as far as it is used."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int | None


class KeptState:
    """The XComs of one task.

    Args:
        task: whose they are; None if they cannot be reached, as in `airflow dags test`.
        complain: is called with a message when they cannot be read or written.
    """

    def __init__(self, task: Task | None, complain: Callable[[str], object]) -> None:
        self._task = task
        self._complain = complain
        self._news = asyncio.Event()
        self._end = asyncio.Event()
        self._has_failed = False

    async def load(self, begun: WaitState) -> WaitState:
        """Return what an earlier triggerer knew; the given state if there was none.

        Args:
            begun: the state that the wait began with.
        """
        from airflow.sdk.execution_time.comms import GetXCom

        if self._task is None:
            return begun
        try:
            reply = await _asend(GetXCom(key=STATE, **_names(self._task)))
            kept = getattr(reply, "value", None)
            return await asyncio.to_thread(unpacked_state, str(kept)) if kept else begun
        except InputError as error:
            self._complain(f"the state of an earlier triggerer is not used: {error}")
        except Exception as error:  # noqa: BLE001 - whatever Airflow raises, the wait goes on
            self._complain(f"the state of an earlier triggerer cannot be read: {error}")
        return begun

    def soon(self) -> None:
        """Let the state be saved soon."""
        self._news.set()

    def end(self) -> None:
        """Let save_again_and_again() return when it has saved what it is saving."""
        self._end.set()
        self._news.set()

    async def save_again_and_again(self, state: Callable[[], WaitState]) -> None:
        """Save the state soon after each `soon`, until `end`.

        Args:
            state: returns what is known now.
        """
        clock = asyncio.get_running_loop().time
        while True:
            await self._news.wait()
            if self._end.is_set():
                return
            self._news.clear()
            began = clock()
            await self.save(state())
            # However many jobs there are, saving takes only a small share of the time.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(_SAVE_EVERY, _SAVING_SHARE * (clock() - began))):
                    await self._end.wait()

    async def save(self, state: WaitState) -> None:
        """Save a state; if that fails, complain once and go on."""
        # In a thread, and as one text: many records would block the event loop.
        await self._set(STATE, await asyncio.to_thread(packed_state, state))

    async def save_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Save every outcome for the task."""
        await self._set(ALL_OUTCOMES, await asyncio.to_thread(packed_outcomes, outcomes))

    async def _set(self, key: str, value: Any) -> None:  # noqa: ANN401 - JSON
        from airflow.sdk.execution_time.comms import SetXCom

        if self._task is None:
            return
        try:
            await _asend(SetXCom(key=key, value=value, **_names(self._task)))
            self._has_failed = False
        except Exception as error:  # noqa: BLE001 - whatever Airflow raises, the wait goes on
            if not self._has_failed:
                self._complain(f"the XCom {key!r} was not written: {error}")
            self._has_failed = True


async def _asend(message: Any) -> Any:  # noqa: ANN401 - Airflow's messages
    from airflow.sdk.execution_time import task_runner

    return await task_runner.SUPERVISOR_COMMS.asend(message)


def _names(task: Task) -> dict[str, Any]:
    return {
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": task.map_index,
    }


def packed(records: Iterable[dict[str, Any]]) -> str:
    """Return records as a short text.

    Each is a line of its own: nothing that takes long keeps the event loop from its turn.
    """
    squeeze = zlib.compressobj(1)
    parts = [squeeze.compress(json.dumps(each).encode() + b"\n") for each in records]
    return base64.b64encode(b"".join([*parts, squeeze.flush()])).decode()


def unpacked(text: str) -> list[dict[str, Any]]:
    """Return the records that packed() made a text of.

    Raises:
        InputError: the text is another one.
    """
    try:
        lines = zlib.decompress(base64.b64decode(text)).splitlines()
        return [json.loads(each) for each in lines]
    except (ValueError, zlib.error) as error:
        raise InputError(f"it is damaged ({error})") from None


def packed_outcomes(outcomes: Sequence[Outcome]) -> str:
    """Return outcomes as a short text."""
    return packed(each.to_dict() for each in outcomes)


def packed_state(state: WaitState) -> str:
    """Return a state as a short text."""
    document = state.to_dict()
    jobs = document.pop("jobs")
    return packed([document, *jobs])


def unpacked_state(text: str) -> WaitState:
    """Return the state that an earlier triggerer kept.

    Raises:
        InputError: the text is another one.
    """
    document, *jobs = unpacked(text) or [{}]
    return WaitState.from_dict({**document, "jobs": jobs})
