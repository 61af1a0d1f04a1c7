"""Durations of past jobs, kept in a file between runs.

Written atomically, merged with what other processes wrote meanwhile, locked while that happens.
A file that is damaged is set aside with a warning: it is a help, never a reason to fail.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.durations import Durations
from ddswait.errors import ConfigurationError
from ddswait.log import log
from ddswait.whole_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORM = "durations, version 1"  # another form is one that this version cannot read
_LARGEST = 10_000_000  # bytes; a file beyond that is none of ours


def load(path: str | os.PathLike[str]) -> Durations:
    """Return the durations in a file, empty ones when it does not exist yet.

    A damaged file is renamed to end in `.damaged`, with a warning in the log.

    Args:
        path: of the file; its folder must be writable.

    Raises:
        ConfigurationError: it cannot be read, or its folder cannot be written to.
    """
    file = Path(path)
    mend = "name a file in a folder that can be written to"
    if file.is_dir():
        raise ConfigurationError(f"history {file} is a folder: {mend}")
    durations = Durations()
    try:
        with _locked(file):
            _read_into(durations, file)
    except OSError as error:
        raise ConfigurationError(
            f"history {file} cannot be written: {error.strerror}: {mend}"
        ) from None
    return durations


def save(path: str | os.PathLike[str], durations: Durations) -> None:
    """Write the durations to a file, with those that others wrote there meanwhile.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    file = Path(path)
    with _locked(file):
        both = Durations()
        _read_into(both, file)
        for name, known in durations.items():
            for job_id, seconds in known.items():
                both.add(name, job_id, seconds)
        document = {_FORM: {name: dict(known) for name, known in both.items()}}
        replace_file(file, json.dumps(document, indent=1))


def _read_into(durations: Durations, file: Path) -> None:
    try:
        # What is too long is cut, and so is no JSON.
        with file.open(encoding="utf-8") as stream:
            document = json.loads(stream.read(_LARGEST))
        for name, known in document[_FORM].items():
            for job_id, seconds in known.items():
                durations.add(name, job_id, float(seconds))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"history {file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        aside = file.with_name(f"{file.name}.damaged")
        file.replace(aside)
        log(
            logging.WARNING,
            "ddswait.history_damaged",
            file=str(file),
            set_aside=str(aside),
            cause=str(error) or type(error).__name__,
        )


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock beside a file: a lock on the file itself would go with each replacement."""
    lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
