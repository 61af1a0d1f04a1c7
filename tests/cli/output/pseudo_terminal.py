"""A command in a pseudo-terminal whose screen is read back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pexpect
import pyte

if TYPE_CHECKING:
    from tests.cloud_process import Cloud

SHOWN = ("TERM", "NO_COLOR", "COLORTERM", "FORCE_COLOR", "COLUMNS", "LINES", "CI")


class Terminal:
    """A command in a terminal of so many columns and lines."""

    def __init__(
        self,
        cloud: Cloud,
        *arguments: str,
        columns: int = 80,
        lines: int = 30,
        env: dict[str, str] | None = None,
        command: list[str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        kept = {name: value for name, value in cloud.env.items() if name not in SHOWN}
        command = command or cloud.command(*arguments)
        self.process: Any = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=(lines, columns),
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})},
        )

    def read(self) -> bool:
        """Read what the command writes next; return whether it has not ended."""
        try:
            data = self.process.read_nonblocking(65536, timeout=20)
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, pattern: str) -> str:
        """Read until the screen shows a pattern; return the screen."""
        for _ in range(200):  # pictures; a view never ends by itself
            if re.search(pattern, self.text):
                return self.text
            assert self.read(), f"{pattern!r} never came:\n{self.text}"
        raise AssertionError(f"{pattern!r} never came:\n{self.text}")

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self.read():
            pass
        self.process.close()
        code: int = self.process.exitstatus
        return code

    def resize(self, columns: int, lines: int) -> None:
        self.process.setwinsize(lines, columns)
        self.screen.resize(lines, columns)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def row(self, begin: str) -> str:
        rows = [line for line in self.text.splitlines() if line.startswith(begin)]
        assert len(rows) == 1, self.text
        return rows[0]
