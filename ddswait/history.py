"""Durations of past jobs, kept in a file between runs.

Written atomically, merged with what other processes wrote meanwhile, locked while that happens.
Only what this process learned is added: what it once read may long be outdated by others.
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

from ddswait.errors import ConfigurationError
from ddswait.runtime.log import log
from ddswait.scheduler.durations import Durations
from ddswait.storage import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["load", "save"]

_FORM = "durations, version 1"  # another form is one that this version cannot read
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError)
_HINT = "name a file in a folder that can be written to"
_LARGEST = 10_000_000  # bytes; a file beyond that is none of ours


def load(path: str | os.PathLike[str], warn: Callable[[str], object] | None = None) -> Durations:
    """Return the durations in a file, empty ones when it does not exist yet.

    A damaged file is renamed to end in `.damaged`, with a warning.

    Args:
        path: of the file; its folder must be writable.
        warn: is told what a person should know; the log hears of it in any case.

    Raises:
        ConfigurationError: it cannot be read, is no regular file, or its folder cannot be written
            to.
    """
    file = _file(path)
    durations = Durations()
    try:
        with _locked(file):
            _read_into(durations, file, warn)
    except OSError as error:
        raise ConfigurationError(
            f"history {file} cannot be written: {error.strerror}: {_HINT}"
        ) from None
    durations.settle()
    return durations


def save(path: str | os.PathLike[str], durations: Durations) -> None:
    """Add to a file what was learned since it was loaded, or saved last.

    Raises:
        ConfigurationError: it cannot be read, or is no regular file.
        OSError: it cannot be written; the old file is as it was.
    """
    file = _file(path)
    with _locked(file):
        both = Durations()
        _read_into(both, file)
        for name, job_id, seconds in durations.learned():
            both.add(name, job_id, seconds)
        document = {_FORM: {name: dict(known) for name, known in both.items()}}
        replace_file(file, json.dumps(document, indent=1))
    durations.settle()


def _file(path: str | os.PathLike[str]) -> Path:
    """Return the file behind symbolic links, so that these stay and all writers share its lock.

    Raises:
        ConfigurationError: it exists and is no regular file; a device must not be set aside, and
            a pipe would block.
    """
    file = Path(os.path.realpath(path))
    if file.is_dir():
        raise ConfigurationError(f"history {file} is a folder: {_HINT}")
    if file.exists() and not file.is_file():
        raise ConfigurationError(f"history {file} is no regular file: {_HINT}")
    return file


def _read_into(
    durations: Durations, file: Path, warn: Callable[[str], object] | None = None
) -> None:
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
    except _DAMAGE as error:
        aside = file.with_name(f"{file.name}.damaged")
        file.replace(aside)
        log(
            logging.WARNING,
            "ddswait.history_damaged",
            file=str(file),
            set_aside=str(aside),
            cause=str(error) or type(error).__name__,
        )
        if warn is not None:
            warn(f"history {file} is damaged: set aside as {aside}, and begun anew")


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock beside a file: a lock on the file itself would go with each replacement."""
    lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
