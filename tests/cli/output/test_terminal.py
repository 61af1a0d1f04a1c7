"""Lines drawn at the bottom of a real pseudo-terminal, whose screen is read back."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from typing import TYPE_CHECKING, Any

import pyte
import pytest

from ddswait.cli.output.terminal import Line, Size, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator


class Emulator:
    """A terminal of so many columns and lines; one that reflows wraps its lines when it shrinks."""

    def __init__(self, columns: int, lines: int, *, reflows: bool = False) -> None:
        self.master, slave = pty.openpty()
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._feed = pyte.ByteStream(self.screen)
        self._reflows = reflows
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._set_size(columns, lines)
        self.terminal = Terminal(self.stream)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.stream, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Change the size as the window of a terminal does."""
        self.read()
        text = [line.rstrip() for line in self.screen.display]
        text = text[: self.screen.cursor.y]  # the cursor is below all text
        shown_again = max(lines - self.screen.lines, 0) if self._reflows else 0
        text = [*self.scrolled[len(self.scrolled) - shown_again :], *text]
        self._set_size(columns, lines)
        if not self._reflows:
            self.screen.resize(lines, columns)
            return
        pieces = [
            line[start : start + columns]
            for line in text
            for start in range(0, max(len(line), 1), columns)
        ]
        self.screen.reset()
        self.screen.resize(lines, columns)
        self._feed.feed("".join(f"{piece}\r\n" for piece in pieces).encode())

    @property
    def scrolled(self) -> list[str]:
        """The lines that were scrolled away."""
        return [
            "".join(line[column].data for column in range(self.screen.columns)).rstrip()
            for line in self.screen.history.top
        ]

    def read(self) -> list[str]:
        """Return the lines on the screen, without the empty ones at its end."""
        os.set_blocking(self.master, False)
        while True:
            try:
                self._feed.feed(os.read(self.master, 65536))
            except BlockingIOError:
                break
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def draw(self, *texts: str) -> list[str]:
        self.terminal.draw([Line(each, len(each)) for each in texts])
        return self.read()

    def close(self) -> None:
        self.stream.close()
        os.close(self.master)


@pytest.fixture
def made() -> Iterator[Any]:
    emulators: list[Emulator] = []

    def make(columns: int, lines: int, *, reflows: bool = False) -> Emulator:
        emulators.append(Emulator(columns, lines, reflows=reflows))
        return emulators[-1]

    yield make
    for emulator in emulators:
        emulator.close()


def test_picture_is_drawn_in_place(made: Any) -> None:
    """Longer and shorter ones take the place of the last, and what was printed before stays."""
    emulator = made(40, 10)
    emulator.terminal.print("before")
    assert emulator.draw("one", "two", "three") == ["before", "one", "two", "three"]
    assert emulator.draw("1") == ["before", "1"]
    assert emulator.draw("1", "2") == ["before", "1", "2"]
    emulator.terminal.print("above")
    assert emulator.read() == ["before", "above", "1", "2"]
    assert emulator.screen.cursor.y == 4


def test_picture_of_a_whole_screen_stays_in_place(made: Any) -> None:
    """One line fewer than the terminal has: nothing scrolls from one drawing to the next."""
    emulator = made(40, 5)
    emulator.terminal.print("before")
    for number in range(3):
        shown = emulator.draw(*(f"{number}{row}" for row in "abcd"))
        assert shown == [f"{number}{row}" for row in "abcd"]
    assert len(emulator.screen.history.top) == 1


def test_line_of_the_whole_width_takes_one_line(made: Any) -> None:
    """And a longer one, drawn while the terminal shrinks, is cut by the terminal."""
    emulator = made(10, 6)
    for _ in range(2):
        assert emulator.draw("x" * 10, "y" * 14, "z")[::2] == ["x" * 10, "z"]
    emulator.terminal.print("w" * 14)
    assert emulator.read()[:2] == ["w" * 10, "w" * 4]  # other lines are wrapped


@pytest.mark.parametrize("reflows", [False, True])
@pytest.mark.parametrize("columns", [6, 9, 11, 30])
@pytest.mark.parametrize("lines", [6, 12, 20])
def test_no_stale_row_after_a_resize(made: Any, columns: int, lines: int, *, reflows: bool) -> None:
    """The old picture is gone, however a terminal treats its lines; also after several sizes."""
    emulator = made(20, 12, reflows=reflows)
    emulator.terminal.print("before")
    emulator.draw("old " * 5, "old " * 4, "old")
    for size in ((columns, lines), (columns - 2, lines), (25, 12)):
        emulator.resize(*size)
        screen = emulator.draw("new", "n" * min(size[0], 20))
        assert not [line for line in screen if "old" in line]
        assert screen[-2:] == ["new", "n" * min(size[0], 20)]
        assert "".join(screen).count("new") == 1


def test_lines_above_stay_when_nothing_was_wrapped(made: Any) -> None:
    """A terminal that is still wide enough keeps what the shell has printed."""
    emulator = made(20, 12, reflows=True)
    emulator.terminal.print("before")
    emulator.draw("short", "rows")
    emulator.resize(10, 12)
    assert emulator.draw("new") == ["before", "new"]


def test_what_cannot_be_erased_is_scrolled_away(made: Any) -> None:
    """The lines above a wrapped picture are not lost: the terminal can scroll back to them."""
    emulator = made(20, 12)
    emulator.terminal.print("before")
    emulator.draw("x" * 20)
    emulator.resize(10, 12)
    assert emulator.draw("new") == ["new"]
    assert "before" in emulator.scrolled
    count = len(emulator.scrolled)
    emulator.draw("y" * 10)
    emulator.resize(5, 12)
    assert emulator.draw("new") == ["new"]
    assert len(emulator.scrolled) == count  # once is enough


def test_lines_that_come_back_are_not_erased(made: Any) -> None:
    """A higher terminal shows again what was scrolled away, above the picture."""
    emulator = made(20, 6, reflows=True)
    emulator.terminal.print("before")
    emulator.draw("x" * 20)
    emulator.resize(10, 6)
    emulator.draw("y" * 10)
    emulator.resize(10, 60)
    assert "before" in emulator.draw("y" * 10)
    emulator.resize(5, 60)
    assert emulator.draw("new") == ["new"]
    assert "befor" in "".join(emulator.scrolled)


def test_erased_before_a_stop_and_drawn_below_after_it(made: Any) -> None:
    """What others print meanwhile stays, and the cursor is theirs."""
    emulator = made(40, 12)
    emulator.terminal.print("before")
    emulator.draw("one", "two")
    assert emulator.screen.cursor.hidden
    emulator.terminal.erase()
    assert emulator.read() == ["before"]
    assert not emulator.screen.cursor.hidden
    os.write(emulator.stream.fileno(), b"[1]+  Stopped\n$ fg\n")
    emulator.terminal.forget()
    expected = ["before", "[1]+  Stopped", "$ fg", "one", "two"]
    assert emulator.draw("one", "two") == expected
    assert emulator.draw("one", "two") == expected


def test_cursor_is_back_at_the_end(made: Any) -> None:
    """The last picture stays above it."""
    emulator = made(40, 12)
    emulator.draw("one")
    emulator.terminal.close()
    assert emulator.read() == ["one"]
    assert (emulator.screen.cursor.hidden, emulator.screen.cursor.y) == (False, 1)


def test_terminal_without_a_size_counts_as_usual(made: Any) -> None:
    """A serial line reports a size of zero."""
    emulator = made(40, 12)
    emulator._set_size(0, 0)
    assert emulator.terminal.size() == Size(80, 24)
