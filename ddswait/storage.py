"""A locked JSON file, replaced atomically; a damaged one can be set aside.

The lock is a file beside it: a lock on the file itself would end with each replacement.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddswait.errors import ConfigurationError, InputError

_T = TypeVar("_T")

_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError)
_HINT = "use a file in a folder that you can write to"
_BEGIN = 200  # characters
_RETRY_LOCK = 0.01  # seconds between two attempts to get a lock that another process holds
_IN_USE = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
# File systems of networks, and of some containers, cannot lock, or cannot sync.
_NOT_SUPPORTED = {errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class Damaged(Exception):  # noqa: N818 - a state of the file, for the caller to handle
    """The file does not contain what ddswait wrote; the message says what is wrong.

    Args:
        problem: what is wrong.
        begin: the first characters of the file; None if it is not text.
    """

    def __init__(self, problem: str, begin: str | None = None) -> None:
        super().__init__(problem)
        self.begin = begin


class JsonFile:
    """One JSON file that several processes may use.

    Symbolic links stay, and all names of one file share its lock.

    Args:
        path: of the file; its folder must exist.
        title: what messages call the file, such as `--state`.
        error: what to raise if the file cannot be used.
        largest: how many characters the file may have.

    Raises:
        InputError, ConfigurationError: the path is that of a folder, a device or a pipe, which
            must not be replaced and may block.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        title: str,
        error: type[InputError | ConfigurationError],
        largest: int,
    ) -> None:
        self._file = Path(os.path.realpath(path))
        self._title = title
        self._error = error
        self._largest = largest
        self._lock: int | None = None  # a descriptor of the locked file
        self._warning = ""  # why the file is not locked
        if self._file.is_dir():
            raise self._unusable(f"is a folder: {_HINT}")
        if self._file.exists() and not self._file.is_file():
            raise self._unusable(f"is not a regular file: {_HINT}")

    def __str__(self) -> str:
        return str(self._file)

    def lock(self) -> str:
        """Lock the file until `unlock`, or until the process ends.

        Returns:
            A warning if the file system cannot lock; otherwise "".

        Raises:
            InputError, ConfigurationError: another process has locked it, or its folder cannot be
                written to.
        """
        self._lock, self._warning = self._acquired(blocking=False)
        return self._warning

    def unlock(self) -> None:
        """Unlock the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[str]:
        """Lock the file for a block; wait while another process has locked it.

        Yields:
            What `lock` returns.

        Raises:
            InputError, ConfigurationError: its folder cannot be written to.
        """
        lock, self._warning = self._acquired(blocking=True)
        try:
            yield self._warning
        finally:
            os.close(lock)

    def _acquired(self, *, blocking: bool) -> tuple[int, str]:
        """Return a descriptor that holds the lock, and a warning if it holds none."""
        path = self._file.with_name(f".{self._file.name}.lock")
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}: {_HINT}") from None
        try:
            return lock, self._try_lock(lock, blocking=blocking)
        except BaseException:
            os.close(lock)
            raise

    def _try_lock(self, lock: int, *, blocking: bool) -> str:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _NOT_SUPPORTED:
                    return (
                        f"{self._title} {self._file} cannot be locked ({error.strerror}): do not "
                        "use it in two processes at the same time"
                    )
                if error.errno not in _IN_USE:
                    raise self._unusable(f"cannot be locked: {error.strerror}: {_HINT}") from None
                if not blocking:
                    raise self._unusable(
                        "is in use by another process: wait until that process ends, or use "
                        "another file"
                    ) from None
                time.sleep(_RETRY_LOCK)
            else:
                return ""

    def read(self, parse: Callable[[Any], _T]) -> _T | None:
        """Return what `parse` makes of the document; None if there is no file.

        Args:
            parse: may raise any error that a wrong document causes, such as KeyError.

        Raises:
            Damaged: the file is too large, not JSON, or not what `parse` expects.
            InputError, ConfigurationError: the file cannot be read.
        """
        text = None
        try:
            with self._file.open(encoding="utf-8-sig") as stream:  # an editor may add a mark
                # A file that is too large is cut, and a cut document is not valid JSON.
                text = stream.read(self._largest)
            return parse(json.loads(text))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from None
        except _DAMAGE as error:
            begin = None if text is None else text[:_BEGIN]
            raise Damaged(str(error) or type(error).__name__, begin) from None

    def write(self, document: object, indent: int | None = None) -> None:
        """Replace the file; the caller holds the lock.

        Raises:
            OSError: the file cannot be written; the old one is as it was.
        """
        # Without a lock another process may be writing as well: each has a file of its own.
        suffix = f"{os.getpid()}.new" if self._warning else "new"
        replace_file(self._file, json.dumps(document, indent=indent), suffix)

    def set_aside(self) -> Path:
        """Rename a damaged file to end in `.damaged`, and return its new path.

        Raises:
            InputError, ConfigurationError: the file cannot be renamed.
        """
        aside = self._file.with_name(f"{self._file.name}.damaged")
        try:
            return self._file.replace(aside)
        except OSError as error:
            raise self._unusable(f"cannot be renamed to {aside}: {error.strerror}") from None

    def _unusable(self, problem: str) -> InputError | ConfigurationError:
        return self._error(f"{self._title} {self._file} {problem}")


def replace_file(file: Path, text: str, suffix: str = "new") -> None:
    """Write a file whole or not at all, readable by its owner only.

    A process that is killed meanwhile leaves the old file, and a second file beside it that the
    next call removes; so the caller must keep others from calling with the same suffix.

    Args:
        file: to write.
        text: its content.
        suffix: of the name of the second file.

    Raises:
        OSError: the file cannot be written; the old one is as it was.
    """
    new = file.with_name(f".{file.name}.{suffix}")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            sync(stream.fileno())
        new.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    _sync_folder(file.parent)


def hint_for(error: OSError) -> str:
    """Return what a user can do about a file that cannot be written."""
    return "free some space, or use another file" if error.errno in _NO_SPACE else _HINT


def sync(handle: int) -> None:
    """Let the content survive a power cut, where the file system can promise that."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut too; without that, the file is still whole."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
