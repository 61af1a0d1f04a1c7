"""`--state FILE`: what a later run needs to resume this one, whatever ends it.

The file is private and holds no secret. It stays locked until the run ends.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from ddswait.cli.job_checks import checked, unique
from ddswait.cli.job_table import JobTable, outcome_of
from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.outcome import OutcomeKind
from ddswait.service import DEFAULT, service_named
from ddswait.service.registry import canonical
from ddswait.storage import Damaged, JsonFile, hint_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddswait.cli.job_table import Entry
    from ddswait.job import Job
    from ddswait.outcome import Outcome

_FORM = "ddswait state, version 1"
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
    """

    def __init__(self, path: str) -> None:
        self._file = JsonFile(path, title="--state", error=InputError, largest=_LARGEST)
        self.warning = self._file.lock()
        self._deadline: float | None = None
        self._timeout: float | None = None  # what the deadline came from, in seconds
        try:
            self._document = self._file.read(_checked)
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
        known = [_named(each) for each in self._document["jobs"]] if self._document else []
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
        if self._document is None:
            return table
        _restore(table, self._document, ready=ready)
        for entry in table:  # times of a clock that was ahead
            entry.tracked_at = min(entry.tracked_at, now)
            if entry.created_at is not None:
                entry.created_at = min(entry.created_at, now)
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
        kept, before = None, None
        if self._document is not None:
            kept, before = float(self._document["deadline"]), _optional(self._document["timeout"])
        if kept is None or (kept <= now and timeout is not None):
            before = usual if timeout is None else timeout
            kept = now + before
        # A clock that was wrong then, or is wrong now, makes no wait longer than it was meant.
        self._deadline = kept if before is None else min(kept, now + before)
        self._timeout = before
        return self._deadline

    def save(self, table: JobTable) -> None:
        """Write everything.

        Raises:
            OSError: the file cannot be written; the old one is as it was.
        """
        jobs = [_record(entry) for entry in table]
        # Without indents json uses its fast encoder, which matters with many jobs.
        document = {"form": _FORM, "deadline": self._deadline, "timeout": self._timeout}
        self._file.write({**document, "jobs": jobs})


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


def _record(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome if entry.outcome and entry.outcome.facts.is_final else None
    return {
        "id": entry.job_id,
        "service": entry.service,
        "label": entry.label,
        "tracked_at": round(entry.tracked_at, 3),
        "born_at": None if entry.created_at is None else round(entry.created_at, 3),
        "ended_at": round(entry.ended_at, 3) if outcome and entry.ended_at else None,
        "outcome": outcome and _outcome_record(outcome, ready=entry.ready),
        "record": dict(entry.job.raw) if entry.job else None,
    }


def _outcome_record(outcome: Outcome, *, ready: bool) -> dict[str, Any]:
    return {
        "kind": str(outcome.kind),
        "message": outcome.message,
        "waited": round(outcome.waited, 3),
        "polls": outcome.polls,
        "ready": ready,
    }


def _checked(document: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a document from which a table can be restored."""
    if not isinstance(document, dict) or document.get("form") != _FORM:
        raise ValueError("it was not written by this version of ddswait")
    ids = [each["id"] for each in document["jobs"]]
    if len(set(ids)) < len(ids):
        raise ValueError("it lists a job twice")
    _finite(document["deadline"])
    document.setdefault("timeout", None)  # previews of 0.1.0 did not write it
    _optional(document["timeout"])
    for each in document["jobs"]:
        each["service"] = canonical(each.get("service", DEFAULT))  # older files are of DDS
    named = [checked(_named(each)) for each in document["jobs"]]
    _restore(JobTable(named, 0.0), document, ready=False)
    return document


def _named(record: dict[str, Any]) -> Named:
    return Named(record["id"], record["label"], record["service"])


def _restore(table: JobTable, document: dict[str, Any], *, ready: bool) -> None:
    """Copy what a document says of its jobs into a table that has all of them."""
    for each in document["jobs"]:
        entry = table[each["id"]]
        if entry.service != each["service"]:
            continue
        entry.tracked_at = _finite(each["tracked_at"])
        entry.created_at = _optional(each["born_at"])
        record = each["record"]
        entry.job = None if record is None else _read(entry.service, record)
        outcome, ended_at = _outcome(each["outcome"], entry), _optional(each["ended_at"])
        if outcome and (each["outcome"]["ready"] or not (ready and outcome.ok)):
            entry.ready = bool(each["outcome"]["ready"])
            table.settle(outcome, ended_at or entry.tracked_at)


def _outcome(record: dict[str, Any] | None, entry: Entry) -> Outcome | None:
    if record is None:
        return None
    kind, message = OutcomeKind(record["kind"]), str(record["message"])
    outcome = outcome_of(entry.job_id, kind, entry.job, message)
    return replace(outcome, waited=_finite(record["waited"]), polls=int(record["polls"]))


def _read(service: str, record: dict[str, Any]) -> Job:
    return service_named(service).read_record(dict(record))


def _optional(value: object) -> float | None:
    return None if value is None else _finite(value)


def _finite(value: object) -> float:
    number = float(str(value))
    if not isfinite(number):
        raise ValueError(f"{number} is not a time")
    return number
