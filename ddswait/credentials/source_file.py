"""Files that contain credentials: how they are located, read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def exists(path: Path) -> bool:
    """Whether a file exists; a file in a folder without search permission does not."""
    try:
        return path.exists()
    except OSError:
        return False


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigurationError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text: save it as UTF-8") from None


def permission_warnings(path: Path) -> tuple[str, ...]:
    """Return a warning if other users can read a file with secrets."""
    if path.stat().st_mode & 0o044:
        return (f"other users can read {path}: run chmod 600 {path}",)
    return ()
