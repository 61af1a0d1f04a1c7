"""`--state FILE`: what a run must know to be taken up again after any end, a power cut included.

The file is replaced whole, never written into; it is private, and holds no secret. A lock beside
it keeps a second process away.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddswait.cli.inputs import Named, checked, unique
from ddswait.cli.job_table import JobTable
from ddswait.errors import InputError
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service import service_named
from ddswait.storage import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait.cli.job_table import Entry

_FORM = "ddswait state, version 1"
_OVER = frozenset(
    {
        OutcomeKind.COMPLETED,
        OutcomeKind.FAILED,
        OutcomeKind.NOT_FOUND,
        OutcomeKind.VANISHED,
    }
)
"""Outcomes that another run would not change; all others are waited for again."""


_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError)
_SAVE_WITHIN = 0.02  # seconds from the news to the file, so that a burst is one write
_SAVE_EVERY = 0.3  # seconds between two writes
_SAVING_SHARE = 20.0  # and at least so many times what one takes


class State:
    """The file, locked until the process ends.

    Args:
        path: of the file.

    Raises:
        InputError: it cannot be used: another process has it, it is damaged, or cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._file = self._regular(path)
        self._deadline: float | None = None
        self._lock = self._locked()
        self._document = self._read()

    def __str__(self) -> str:
        return str(self._file)

    @staticmethod
    def _regular(path: str) -> Path:
        # Behind symbolic links: they stay, and all their names share one lock.
        file = Path(os.path.realpath(path))
        if file.exists() and not file.is_file():
            what = "a folder" if file.is_dir() else "no regular file"
            raise InputError(f"--state {file} is {what}: name a file in a folder of your own")
        return file

    def _locked(self) -> int:
        lock = self._file.with_name(f".{self._file.name}.lock")
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise InputError(
                f"--state {self._file} cannot be written: {error.strerror}: name a file in a "
                "folder that can be written to"
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise InputError(
                f"--state {self._file} is in use by another process: wait for that one, or name "
                "another file"
            ) from None
        return handle

    def _read(self) -> dict[str, Any] | None:
        hint = "remove it to begin anew, or name another file"
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no UTF-8"
            raise InputError(f"--state {self._file} cannot be read ({reason}): {hint}") from None
        try:
            document = json.loads(text)
            if not isinstance(document, dict) or document.get("form") != _FORM:
                raise InputError(f"--state {self._file} is no state of ddswait: {hint}")
            _restore(JobTable((), 0.0), document, ready=False)
        except _DAMAGE as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"--state {self._file} is damaged: {hint}") from None
        return document

    def table(self, jobs: Sequence[Named], now: float, *, ready: bool = False) -> JobTable:
        """Return the jobs of the file and the given ones, with what is known of each.

        Args:
            jobs: those given now; their labels win.
            now: the time, in seconds since 1970.
            ready: whether instances must be ready: what completed without is open again.

        Raises:
            InputError: two jobs would have one name.
        """
        if self._document is None:
            return JobTable(jobs, now)
        known = [Named(each["id"], each["label"]) for each in self._document["jobs"]]
        labels = {each.job_id: each.label for each in jobs if each.label}
        both = {each.job_id: each for each in [*known, *jobs]}
        named = [Named(each, labels.get(each, both[each].label)) for each in both]
        table = JobTable(unique(named), now)
        _restore(table, self._document, ready=ready)
        return table

    def deadline(self, timeout: float | None, usual: float, now: float) -> float:
        """Return the absolute deadline: that of the first run, while it lies ahead.

        When it has passed, a given timeout begins a new one; without one there is no more time
        than for a last look.
        """
        kept = None if self._document is None else float(self._document["deadline"])
        if kept is None or (kept <= now and timeout is not None):
            kept = now + (usual if timeout is None else timeout)
        self._deadline = kept
        return kept

    def save(self, table: JobTable) -> None:
        """Write everything.

        Raises:
            OSError: it cannot be written; the old file is as it was.
        """
        document = {
            "form": _FORM,
            "deadline": self._deadline,
            "jobs": [_kept(entry) for entry in table],
        }
        # Without indents: only so json's fast encoder is used, which counts for many jobs.
        replace_file(self._file, json.dumps(document))


class Keeper:
    """Writes the state whenever there is news, soon but not at once.

    Args:
        state: where to; None to keep nothing.
        ledger: what is kept.
        complain: is told when it cannot be written.
    """

    def __init__(
        self, state: State | None, table: JobTable, complain: Callable[[str], object]
    ) -> None:
        self._state = state
        self._table = table
        self._complain = complain
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._failed = False

    def begin(self) -> None:
        """Write the state before anything is polled.

        Raises:
            InputError: it cannot be written.
        """
        if self._state is not None:
            try:
                self._state.save(self._table)
            except OSError as error:
                raise InputError(
                    f"--state cannot be written: {error.strerror}: make room, or name another file"
                ) from None

    def soon(self) -> None:
        """Note that there is news."""
        if self._state is not None and self._timer is None:
            pause = max(self._not_before - time.monotonic(), _SAVE_WITHIN)
            self._timer = asyncio.get_running_loop().call_later(pause, self.now)

    def now(self) -> None:
        """Write the state; when that fails, complain once and try again with the next news."""
        self._timer = None
        if self._state is None:
            return
        began = time.monotonic()
        try:
            self._state.save(self._table)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._complain(
                    f"ddswait: warning: --state {self._state} was not written: "
                    f"{error.strerror}; tried again with the next news"
                )
            self._failed = True
        # However many jobs there are, writing takes a small part of the time.
        ended = time.monotonic()
        self._not_before = ended + max(_SAVE_EVERY, _SAVING_SHARE * (ended - began))


def _kept(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    over = outcome is not None and outcome.kind in _OVER
    return {
        "id": entry.job_id,
        "label": entry.label,
        "tracked_at": round(entry.tracked_at, 3),
        "born_at": None if entry.born_at is None else round(entry.born_at, 3),
        "ended_at": round(entry.ended_at, 3) if over and entry.ended_at else None,
        "outcome": (
            outcome
            and over
            and {
                "kind": str(outcome.kind),
                "message": outcome.message,
                "waited": round(outcome.waited, 3),
                "polls": outcome.polls,
                "ready": entry.ready,
            }
        )
        or None,
        "record": dict(entry.job.raw) if entry.job else None,
    }


def _restore(table: JobTable, document: dict[str, Any], *, ready: bool) -> None:
    """Put into the ledger what a document says of its jobs."""
    _finite(document["deadline"])
    ids = [kept["id"] for kept in document["jobs"]]
    if len(set(ids)) < len(ids):
        raise ValueError("a job stands in it twice")
    for kept in document["jobs"]:
        job_id = checked(Named(kept["id"], kept["label"])).job_id
        record, told = kept["record"], kept["outcome"]
        job = None if record is None else service_named().read_record(dict(record))
        outcome = told and Outcome(
            job_id,
            OutcomeKind(told["kind"]),
            job,
            str(told["message"]),
            waited=_finite(told["waited"]),
            polls=int(told["polls"]),
        )
        times = _finite(kept["tracked_at"]), _moment(kept["born_at"]), _moment(kept["ended_at"])
        if entry := table.entries.get(job_id):
            entry.tracked_at, entry.born_at = times[:2]
            entry.job = job
            if outcome and (told["ready"] or not (ready and outcome.ok)):
                entry.ready = bool(told["ready"])
                table.settle(outcome, times[2] or times[0])


def _moment(value: object) -> float | None:
    return None if value is None else _finite(value)


def _finite(value: object) -> float:
    number = float(str(value))
    if not isfinite(number):
        raise ValueError(f"{number} is no time")
    return number
