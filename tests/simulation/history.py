"""The lines of a history that a person reads."""

from __future__ import annotations

import hashlib
from typing import Protocol

_MOST = 4000
_SHOWN = 60


class Listener(Protocol):
    """Takes the lines of a history."""

    def add(self, moment: float, text: str) -> None:
        """Take a line about a time in seconds since the history began."""


class History:
    """What happened, one line for each event."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0

    def add(self, moment: float, text: str) -> None:
        """Add a line; the middle of a very long history is left out."""
        if len(self._lines) >= _MOST:
            del self._lines[_MOST // 4 : _MOST // 2]
            self._left_out += _MOST // 2 - _MOST // 4
        self._lines.append(f"{moment:10.3f}  {text}")

    def text(self) -> str:
        """Return the lines, without the middle of a long history."""
        lines = self._lines
        if len(lines) <= _SHOWN:
            return "\n".join(lines)
        begin, end = lines[: _SHOWN // 3], lines[-2 * _SHOWN // 3 :]
        left_out = len(lines) - len(begin) - len(end) + self._left_out
        return "\n".join([*begin, f"            ... {left_out} more lines ...", *end])


class Digest:
    """A digest of histories: two are equal if all lines are."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, moment: float, text: str) -> None:
        """Add a line."""
        self._hash.update(f"{moment!r} {text}\n".encode())

    def text(self) -> str:
        """Return the digest of all lines so far."""
        return self._hash.hexdigest()
