"""Files that contain credentials: how they are located, read and checked."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def exists(path: Path) -> bool:
    """Whether a file exists; a file in a folder without search permission does not."""
    try:
        return path.exists()
    except OSError:
        return False


def expand(path: str, env: Mapping[str, str]) -> Path:
    """Return a path that a variable or a file sets; a `~` at its start is the home of the user.

    Args:
        path: the path.
        env: `HOME` is the home of this user; without it, that of the system is used.
    """
    home = env.get("HOME")
    if home and (path == "~" or path.startswith("~/")):
        return Path(home + path[1:])
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path raises for an unknown user


def read_text(path: Path, largest: int) -> str:
    """Return the text of a file.

    Args:
        path: of the file.
        largest: the most bytes that such a file has.

    Raises:
        ConfigurationError: the file cannot be read, is larger, or is not text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > largest:
        raise ConfigurationError(
            f"{path} is larger than {largest // 1024} KiB, so it does not hold credentials only: "
            "set the path of the right file"
        )
    # PowerShell and editors of Windows put a mark before the text, and may save it as UTF-16.
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text: save it as UTF-8") from None


def permission_warnings(path: Path) -> tuple[str, ...]:
    """Return a warning if other users can read a file with secrets."""
    if path.stat().st_mode & 0o044:
        return (f"other users can read {path}: run chmod 600 {path}",)
    return ()
