"""Draws lines again and again at the bottom of a terminal, below what was printed before.

The rules

1. The cursor rests on the line below the picture. Whatever else is printed begins there.
2. Lines are drawn without automatic wrapping, so a line of the picture is a line of the terminal.
3. A terminal that gets narrower may wrap the lines of the last picture, so that nobody knows how
many there are. What cannot be erased then is scrolled away.
4. After a stop (Ctrl-Z), and in the background, the lines above belong to the shell. The next
picture is drawn below them.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"
_ERASE_LINE, _ERASE_BELOW, _HOME = "\x1b[K", "\x1b[J", "\x1b[H"


class Size(NamedTuple):
    """The size of a terminal, in cells."""

    columns: int
    lines: int


class Line(NamedTuple):
    """A line to draw: its text with control sequences, and its width in cells."""

    text: str
    width: int


class Terminal:
    """The bottom of a terminal.

    Args:
        stream: writes to it.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._drawn: Sequence[Line] = ()
        self._size = self.size()
        self._is_at_top = False  # whether the picture begins in the first line of the terminal

    def size(self) -> Size:
        """Return the present size."""
        try:
            columns, lines = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            columns = lines = 0
        return Size(columns or 80, lines or 24)  # serial lines have no size

    def draw(self, lines: Sequence[Line]) -> None:
        """Draw lines in place of the last ones; at most one fewer than the terminal has.

        Raises:
            OSError: the terminal cannot be written.
        """
        if not self._is_foreground():
            self.forget()
            return
        begin = self._back()
        picture = "".join(f"{line.text}{_ERASE_LINE}\n" for line in lines)
        self._write(f"{_HIDE_CURSOR}{begin}{_WRAP_OFF}{picture}{_ERASE_BELOW}{_WRAP_ON}")
        self._drawn = lines

    def print(self, line: str) -> None:
        """Print a line above the picture, to stay there.

        Raises:
            OSError: the terminal cannot be written.
        """
        drawn = self._drawn
        if not self._is_foreground() or not drawn:
            self.forget()
            self._write(f"{line}\n")
            return
        self._write(f"{self._back()}{_ERASE_BELOW}{line}\n")
        self.forget()
        self.draw(drawn)

    def erase(self) -> None:
        """Erase the picture, and show the cursor: the terminal belongs to others for a while.

        Raises:
            OSError: the terminal cannot be written.
        """
        if self._is_foreground():
            self._write(f"{self._back()}{_ERASE_BELOW}{_SHOW_CURSOR}")
        self.forget()

    def close(self) -> None:
        """Leave the picture where it is, and show the cursor.

        Raises:
            OSError: the terminal cannot be written.
        """
        self._write(_SHOW_CURSOR)

    def forget(self) -> None:
        """Leave the picture where it is; the next one is drawn below it."""
        self._drawn = ()
        self._is_at_top = False

    def _back(self) -> str:
        """Return what moves the cursor to the beginning of the picture, also after a resize."""
        before, now = self._size, self.size()
        self._size = now
        if now.lines > before.lines:
            self._is_at_top = False  # some terminals show again what has been scrolled away
        if not self._drawn:
            return "\r"
        is_wrapped = any(line.width > now.columns for line in self._drawn)
        if is_wrapped and self._is_at_top:
            return f"{_HOME}{_ERASE_BELOW}"
        up = f"\x1b[{len(self._drawn)}A\r"
        if not is_wrapped:
            return up
        self._is_at_top = True
        return f"{up}{_ERASE_BELOW}{chr(10) * (now.lines - 1)}{_HOME}"

    def _is_foreground(self) -> bool:
        """Whether this process may draw: a shell with job control has given it the terminal."""
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, ValueError):
            return True  # it is not the terminal that controls this process

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
