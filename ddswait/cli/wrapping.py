"""Lines for a terminal: they break between words, and count the cells that characters take."""

from __future__ import annotations

import os
import re

from ddswait.cli.escaping import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

_PIECE = re.compile(r"\s+|\S+")


def say(stream: TextIO, line: str) -> None:
    """Write a line to a stream; a terminal gets it broken between words."""
    stream.writelines(f"{part}\n" for part in wrapped(line, width_of(stream)))


def width_of(stream: TextIO) -> int | None:
    """Return the cells of a line on a stream, or None if it is not a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: East Asian characters take two."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def wrapped(line: str, width: int | None, indent: str = "  ") -> list[str]:
    """Return a line as lines of a terminal; it breaks between words, and beside wide characters.

    A word that is too long stays whole: somebody may copy it, or open it as an address.

    Args:
        line: a line.
        width: the cells of a line of the terminal, or None for one line.
        indent: what the second line and those after it begin with.
    """
    if width is None or cells(line) <= width:
        return [line]
    lines: list[str] = []
    current, used, space = "", 0, ""
    for piece in _pieces(line):
        if piece.isspace():
            space = piece
            continue
        more = cells(space) + cells(piece)
        if current and used + more > width:
            lines.append(current)
            current, used, space, more = indent, cells(indent), "", cells(piece)
        current, used, space = f"{current}{space}{piece}", used + more, ""
    return [safe(each) for each in [*lines, current]]  # what begins a line is another word


def continued(words: Sequence[str], width: int | None) -> list[str]:
    """Return a shell command as lines of a terminal, which backslashes join.

    Args:
        words: of the command.
        width: the cells of a line of the terminal, or None for one line.
    """
    line, *rest = words
    lines = []
    for word in rest:
        if width is not None and cells(line) + cells(word) + len("  \\") > width:
            lines.append(f"{line} \\")
            line = " "
        line = f"{line} {word}"
    return [*lines, line]


def _pieces(line: str) -> Iterator[str]:
    """Yield words, what stands between them, and each wide character with what closes it."""
    for piece in _PIECE.findall(line):
        if piece.isascii():
            yield piece
            continue
        word, was_wide = "", False
        for char in piece:
            is_wide = _cells_of(char) > 1
            if word and (is_wide or was_wide) and not _belongs_before(char):
                yield word
                word = ""
            word, was_wide = word + char, is_wide
        yield word


def _cells_of(char: str) -> int:
    from unicodedata import combining, east_asian_width  # late: most texts are ASCII

    return 0 if combining(char) else 1 + (east_asian_width(char) in {"W", "F"})


def _belongs_before(char: str) -> bool:
    """Whether a line should not begin with a character: it closes, ends or changes another one."""
    from unicodedata import category

    return category(char) in {"Pe", "Pf", "Po", "Mn", "Me"}
