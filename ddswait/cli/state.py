"""`--state FILE`: what a later run needs to resume this one, whatever ends it.

The file is private and holds no secret. It stays locked until the run ends.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ddswait.cli.job_checks import checked, unique
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.service import DEFAULT
from ddswait.storage import Damaged, JsonFile, hint_for
from ddswait.wait_state import WaitState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait.wait_state import JobState

_LARGEST = 1_000_000_000  # characters; 100,000 jobs take about 60 million
_HINT = "remove it to start again, or use another file"

_SAVE_WITHIN = 0.02  # seconds from an event to the file, so that a burst is one write
_SAVE_EVERY = 0.3  # seconds between two writes
_SAVING_SHARE = 20.0  # the time after a write, as a multiple of what the write took


class State:
    """The file, locked until `close`.

    Args:
        path: of the file.

    Raises:
        InputError: another process uses the file, it is damaged, or it cannot be written.

    Attributes:
        warning: what the user should know about the file, or "".
        timeout: what the deadline came from, in seconds; None if that is not known.
    """

    def __init__(self, path: str) -> None:
        self._file = JsonFile(path, title="--state", error=InputError, largest=_LARGEST)
        self.warning = self._file.lock()
        self._deadline = 0.0
        self.timeout: float | None = None  # what the deadline came from, in seconds
        self._ready = False
        try:
            self._saved = self._file.read(_checked)
        except Damaged as damage:
            raise InputError(f"--state {self._file} is damaged ({damage}): {_HINT}") from None

    def __str__(self) -> str:
        return str(self._file)

    def close(self) -> None:
        """Let other processes use the file."""
        self._file.unlock()

    def table(
        self, jobs: Sequence[Named], now: float, service: str = "", *, ready: bool = False
    ) -> JobTable:
        """Return the jobs of the file and the given ones, with what the file says of each.

        Args:
            jobs: those given now; their labels and services replace those of the file. A job of
                another service than before begins anew.
            now: the time, in seconds since 1970.
            service: the one that the user chose, for the given jobs that name none; "" for none.
            ready: whether instances must be ready; then a job that completed in a run without
                this is waited for again.

        Raises:
            InputError: a given job has the name of another one in the file.
        """
        self._ready = ready
        saved = self._saved and self._saved.resumed(now, ready=ready)
        known = [_named(each) for each in saved.jobs] if saved else []
        both = {each.job_id: each for each in known}
        for job in jobs:
            before = both.get(job.job_id, job)
            now_of = job.service or service or before.service
            both[job.job_id] = Named(job.job_id, job.label or before.label, now_of)
        try:
            named = unique(list(both.values()))
        except InputError as error:  # the given jobs alone have names of their own
            raise InputError(
                f"{error}, or another file to a new wait: --state {self} has one of the two"
            ) from None
        table = JobTable(named, now, service or DEFAULT)
        if saved:
            table.restore(saved)
        return table

    def deadline(self, timeout: float | None, usual: float, now: float) -> float:
        """Return the deadline in seconds since 1970: that of the first run if it has not passed.

        If it has passed, a given timeout starts a new one; without one, the old one stays, so that
        there is time for one last poll only.

        Args:
            timeout: seconds, or None if none was given.
            usual: the timeout of a first run without one, in seconds.
            now: the time, in seconds since 1970.
        """
        self.timeout = usual if timeout is None else timeout
        self._deadline = now + self.timeout
        if self._saved is not None:
            saved = self._saved.resumed(now, timeout=timeout)
            self._deadline, self.timeout = saved.deadline, saved.timeout
        return self._deadline

    def save(self, table: JobTable) -> None:
        """Write everything.

        Raises:
            OSError: the file cannot be written; the old one is as it was.
        """
        # Without indents json uses its fast encoder, which matters with many jobs.
        self._file.write(table.state(self._deadline, self.timeout, ready=self._ready).to_dict())


class Keeper:
    """Saves the state soon after each event.

    Args:
        state: where to save; None saves nothing.
        table: what to save.
        complain: is called with a message when the state cannot be saved.
    """

    def __init__(
        self, state: State | None, table: JobTable, complain: Callable[[str], object]
    ) -> None:
        self._state = state
        self._table = table
        self._complain = complain
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._has_failed = False

    def begin(self) -> None:
        """Save the state before anything is polled.

        Raises:
            InputError: it cannot be saved.
        """
        if self._state is None:
            return
        try:
            self._state.save(self._table)
        except OSError as error:
            raise InputError(
                f"--state {self._state} cannot be written: {error.strerror}: {hint_for(error)}"
            ) from None

    def soon(self) -> None:
        """Save the state soon."""
        if self._state is not None and self._timer is None:
            delay = max(self._not_before - time.monotonic(), _SAVE_WITHIN)
            self._timer = asyncio.get_running_loop().call_later(delay, self.now)

    def now(self) -> None:
        """Save the state; if that fails, complain once and try again after the next event."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._state is None:
            return
        began = time.monotonic()
        self._save(self._state)
        # However many jobs there are, saving takes only a small share of the time.
        ended = time.monotonic()
        self._not_before = ended + max(_SAVE_EVERY, _SAVING_SHARE * (ended - began))

    def _save(self, state: State) -> None:
        try:
            state.save(self._table)
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                self._complain(
                    f"ddswait: warning: --state {state} was not written: {error.strerror}; "
                    "ddswait tries again after the next event"
                )
            self._has_failed = True

    def close(self) -> None:
        """Let other processes use the state."""
        if self._state is not None:
            self._state.close()


def _checked(document: Any) -> WaitState:  # noqa: ANN401 - JSON
    """Return a state whose job IDs and labels the command line accepts.

    Raises:
        InputError: they are invalid, or the document has another form.
    """
    state = WaitState.from_dict(document)
    for each in state.jobs:
        checked(_named(each))
    return state


def _named(job: JobState) -> Named:
    return Named(job.key, job.label, job.service)
