"""Reads what mutmut leaves behind: which mutants survived, and what each of them changes.

mutmut numbers its mutants, and each change of a function numbers them anew. So a mutant is known
here by its function and by the lines that it changes.
"""

from __future__ import annotations

import ast
import re
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

EQUIVALENT = Path(__file__).with_name("equivalent.txt")

_NUMBER = re.compile(r"__mutmut_\d+$")


class Mutant(NamedTuple):
    """A change of one function.

    Attributes:
        file: such as `ddswait/scheduler/queue.py`.
        function: such as `TimeQueue.push`.
        changes: the lines that it takes out, with `-` before each, and those that it puts in,
            with `+`.
    """

    file: str
    function: str
    changes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.file}: {self.function}", *self.changes])


class Result(NamedTuple):
    """What became of a mutant: `killed`, `timeout`, `survived`, `no tests` and so on."""

    mutant: Mutant
    status: str

    @property
    def is_killed(self) -> bool:
        """Whether a test failed, or never ended."""
        return self.status in {"killed", "timeout", "segfault"}


def results(listed: str, folder: Path) -> Iterator[Result]:
    """Return the mutants that were run.

    Args:
        listed: what `mutmut results --all true` prints.
        folder: the `mutants` that mutmut has written.
    """
    bodies: dict[str, dict[str, list[str]]] = {}
    for line in listed.splitlines():
        name, _, status = line.strip().partition(": ")
        module, _, mangled = name.rpartition(".")
        if not status or status == "not checked":
            continue
        file = f"{module.replace('.', '/')}.py"
        if not (folder / file).exists():
            file = f"{module.replace('.', '/')}/__init__.py"
        if file not in bodies:
            bodies[file] = dict(functions((folder / file).read_text(encoding="utf-8")))
        original = _NUMBER.sub("__mutmut_orig", mangled)
        before, after = [*bodies[file][original]], [*bodies[file][mangled]]
        function = plain(mangled)
        short = function.rpartition(".")[2]
        before[0] = before[0].replace(original, short)
        after[0] = after[0].replace(mangled, short)
        yield Result(Mutant(file, function, changes(before, after)), status)


def changes(before: list[str], after: list[str]) -> tuple[str, ...]:
    """Return the lines that differ, without their indents."""
    diff = unified_diff(before, after, lineterm="", n=0)
    lines = (line for line in diff if not line.startswith(("---", "+++", "@@")))
    return tuple(f"{line[0]} {line[1:].strip()}" for line in lines)


def plain(mangled: str) -> str:
    """Return the name of a function that mutmut has renamed."""
    name = _NUMBER.sub("", mangled)
    return name.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in name else name.removeprefix("x_")


def functions(source: str) -> Iterator[tuple[str, list[str]]]:
    """Return the functions and methods of a module by name, each with its lines."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, lines[node.lineno - 1 : node.end_lineno]


def equivalent() -> dict[Mutant, str]:
    """Return the mutants that no test can kill, each with the reason."""
    known: dict[Mutant, str] = {}
    for block in EQUIVALENT.read_text(encoding="utf-8").split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines()]
        if not lines or lines[0].startswith("#"):
            continue
        changed = tuple(line for line in lines[1:] if line[:2] in {"- ", "+ "})
        reason = " ".join(line for line in lines[1:] if line[:2] not in {"- ", "+ "})
        file, _, function = lines[0].partition(": ")
        known[Mutant(file, function, changed)] = reason
    return known
