"""The inputs that are kept: one file per target, with a bytes literal in each line.

People can read such a file, and a change to it shows which inputs came and went.
"""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent / "corpus"

_WORD = re.compile(rb"[\w.:%+-]{2,40}")


def read(name: str) -> list[bytes]:
    """Return the inputs that are kept for a target."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="ascii").splitlines()
    return [literal_eval(line) for line in lines]


def write(name: str, inputs: Iterable[bytes]) -> None:
    """Keep these inputs for a target, the shortest first."""
    lines = [f"{each!r}\n" for each in sorted(set(inputs), key=lambda each: (len(each), each))]
    (FOLDER / f"{name}.txt").write_text("".join(lines), encoding="ascii")


def words(name: str) -> list[bytes]:
    """Return the words of the inputs, which a fuzzer puts together anew."""
    return sorted({word for each in read(name) for word in _WORD.findall(each)})
