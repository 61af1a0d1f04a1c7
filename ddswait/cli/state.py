"""`--state FILE`: what a run must know to be taken up again after any end, a power cut included.

The file is replaced whole, never written into; it is private, and holds no secret. A lock beside
it keeps a second process away.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddswait.cli.ledger import Ledger
from ddswait.cli.reading import Named, checked
from ddswait.errors import InputError
from ddswait.history import replace_file
from ddswait.job import Job
from ddswait.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.cli.ledger import Entry

_FORM = "ddswait state, version 1"
_OVER = frozenset(
    {
        OutcomeKind.COMPLETED,
        OutcomeKind.FAILED,
        OutcomeKind.NOT_FOUND,
        OutcomeKind.VANISHED,
        OutcomeKind.NOT_READY,
    }
)
"""Outcomes that another run would not change; all others are waited for again."""


class State:
    """The file, locked until the process ends.

    Args:
        path: of the file.

    Raises:
        InputError: it cannot be used: another process has it, it is damaged, or cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._file = Path(path)
        self._deadline: float | None = None
        self._lock = self._locked()
        self._document = self._read()

    @property
    def is_new(self) -> bool:
        """Whether there was no file."""
        return self._document is None

    def _locked(self) -> int:
        lock = self._file.with_name(f".{self._file.name}.lock")
        try:
            if self._file.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
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
        mend = "remove it to begin anew, or name another file"
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no UTF-8"
            raise InputError(f"--state {self._file} cannot be read ({reason}): {mend}") from None
        try:
            document = json.loads(text)
            if not isinstance(document, dict) or document.get("form") != _FORM:
                raise InputError(f"--state {self._file} is no state of ddswait: {mend}")
            _restore(Ledger((), 0.0), document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"--state {self._file} is damaged: {mend}") from None
        return document

    def ledger(self, jobs: Sequence[Named], now: float) -> Ledger:
        """Return the jobs of the file and the given ones, with what is known of each."""
        if self._document is None:
            return Ledger(jobs, now)
        known = [Named(each["id"], each["label"]) for each in self._document["jobs"]]
        labels = {each.job_id: each.label for each in jobs if each.label}
        both = {each.job_id: each for each in [*known, *jobs]}
        named = [Named(each, labels.get(each, both[each].label)) for each in both]
        ledger = Ledger(named, now)
        _restore(ledger, self._document)
        return ledger

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

    def save(self, ledger: Ledger) -> None:
        """Write everything.

        Raises:
            OSError: it cannot be written; the old file is as it was.
        """
        document = {
            "form": _FORM,
            "deadline": self._deadline,
            "jobs": [_kept(entry) for entry in ledger],
        }
        replace_file(self._file, json.dumps(document, indent=1))


def _kept(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    over = outcome is not None and outcome.kind in _OVER
    return {
        "id": entry.job_id,
        "label": entry.label,
        "tracked_at": round(entry.tracked_at, 3),
        "ended_at": round(entry.ended_at, 3) if over and entry.ended_at else None,
        "outcome": (
            outcome
            and over
            and {
                "kind": str(outcome.kind),
                "message": outcome.message,
                "waited": round(outcome.waited, 3),
                "polls": outcome.polls,
            }
        )
        or None,
        "record": dict(entry.job.raw) if entry.job else None,
    }


def _restore(ledger: Ledger, document: dict[str, Any]) -> None:
    """Put into the ledger what a document says of its jobs."""
    float(document["deadline"])
    for kept in document["jobs"]:
        job_id = checked(Named(kept["id"], kept["label"])).job_id
        record, told = kept["record"], kept["outcome"]
        job = None if record is None else Job.from_record(dict(record))
        outcome = told and Outcome(
            job_id,
            OutcomeKind(told["kind"]),
            job,
            str(told["message"]),
            waited=float(told["waited"]),
            polls=int(told["polls"]),
        )
        tracked_at, ended_at = float(kept["tracked_at"]), kept["ended_at"]
        if entry := ledger.entries.get(job_id):
            entry.tracked_at, entry.job = tracked_at, job
            entry.outcome = outcome or None
            entry.ended_at = None if ended_at is None else float(ended_at)
