"""Durations of past jobs, kept in a file between runs.

A file is merged with what other processes wrote meanwhile. Only what this process learned is
added: what it once read may be outdated by then. A damaged file is set aside with a warning: a
history helps, and is never a reason to fail. A file that ddswait did not write is left alone.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ddswait.errors import ConfigurationError
from ddswait.runtime.log import log
from ddswait.scheduler.durations import Durations
from ddswait.storage import Damaged, JsonFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

__all__ = ["load", "save"]

_ANY_FORM = "durations, version "
_FORM = f"{_ANY_FORM}1"  # this version of ddswait reads no other form
_LARGEST = 10_000_000  # characters; ddswait never writes a larger file


def load(path: str | os.PathLike[str], warn: Callable[[str], object] | None = None) -> Durations:
    """Return the durations in a file; none if it does not exist yet.

    A damaged file is renamed to end in `.damaged`, with a warning.

    Args:
        path: of the file; its folder must be writable.
        warn: is called with each warning for the user; the log gets it in any case.

    Raises:
        ConfigurationError: the file cannot be read, is not a regular file, holds something else, or
            its folder cannot be written to.
    """
    file = _file(path)
    with file.locked() as warning:
        durations = _read(file, warn)
    if warning:
        log(logging.WARNING, "ddswait.history_not_locked", file=str(file), cause=warning)
        if warn is not None:
            warn(warning)
    durations.settle()
    return durations


def save(path: str | os.PathLike[str], durations: Durations) -> None:
    """Add to a file what was learned since it was loaded or last saved.

    Raises:
        ConfigurationError: see load().
        OSError: the file cannot be written; the old one is as it was.
    """
    file = _file(path)
    with file.locked():
        merged = _read(file)
        for name, job_id, seconds in durations.learned():
            merged.take(name, job_id, seconds)
        file.write({_FORM: {name: dict(known) for name, known in merged.items()}}, indent=1)
    durations.settle()


def _file(path: str | os.PathLike[str]) -> JsonFile:
    return JsonFile(path, title="history", error=ConfigurationError, largest=_LARGEST)


def _read(file: JsonFile, warn: Callable[[str], object] | None = None) -> Durations:
    try:
        return file.read(_parse) or Durations()
    except Damaged as damage:
        if not _is_ours(damage.begin):
            raise ConfigurationError(
                f"history {file} holds something else than durations that ddswait has kept: use "
                "another file"
            ) from None
        aside = file.set_aside()
        log(
            logging.WARNING,
            "ddswait.history_damaged",
            file=str(file),
            set_aside=str(aside),
            cause=str(damage),
        )
        if warn is not None:
            warn(f"history {file} is damaged: it was renamed to {aside}, and a new one is started")
        return Durations()


def _is_ours(begin: str | None) -> bool:
    """Return whether a damaged file can be a history: it is empty, or begins as one."""
    if begin is None:
        return False
    written = begin.strip("\0 \r\n\t")  # zeros are what a power cut leaves in a file
    return not written or written.lstrip("{ \r\n\t").startswith(f'"{_ANY_FORM}')


def _parse(document: Any) -> Durations:  # noqa: ANN401 - JSON
    durations = Durations()
    for name, known in document[_FORM].items():
        for job_id, seconds in known.items():
            durations.take(name, job_id, float(seconds))
    return durations
