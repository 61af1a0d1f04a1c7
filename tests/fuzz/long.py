"""Runs every target with long inputs, under a limit of processor time for each.

    python -m tests.fuzz.long [NAME...]

A reader whose time grows with the square of the length needs minutes for such an input, and any
other needs a fraction of a second. The limit counts the time of this process alone, so that it
holds on a busy machine too; the kernel ends the process when it is passed.
"""

from __future__ import annotations

import resource
import sys
from math import ceil
from typing import TYPE_CHECKING

from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = 200_000  # bytes
LENGTHS = {"clouds": 5_000}  # PyYAML reads 50 kB in a second, or 1 kB of brackets
LIMIT = 10  # seconds of processor time for each input

PARTS = (
    *(
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"0",
        b"9",
        b"-",
        b"%",
        b"a ",
        b"a\n",
        b"a=\n",
        b"=",
        b"a,",
        b"::",
    ),
    *(b"[", b"{", b'{"a":', b'"', b"\\", b'"a",', b"[],", b"{}\n", b'{"job_id":"x"}', b"\xff"),
    *(
        b"limit: 1,time: 1 ",
        b"limit:",
        b"policy user ",
        b"Jan ",
        b"1:1:",
        b"- ",
        b"? ",
        b"#",
        b"&a ",
    ),
)


def long_inputs(name: str) -> Iterator[tuple[str, bytes]]:
    """Return long inputs of a target, each with its description.

    A part is repeated alone, and in the middle of the longest input that is kept.
    """
    length = LENGTHS.get(name, LENGTH)
    longest = corpus.read(name)[-1]
    middle = len(longest) // 2
    for part in PARTS:
        stretched = part * (length // len(part))
        yield f"{part!r} alone", stretched
        if length == LENGTH:
            yield f"{part!r} in {longest[:60]!r}", longest[:middle] + stretched + longest[middle:]


def main(names: list[str]) -> None:
    """Run the targets; print each input before it is run."""
    for name in names or TARGETS:
        for description, data in long_inputs(name):
            print(name, description, flush=True)
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = ceil(used.ru_utime + used.ru_stime) + LIMIT
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            TARGETS[name](data)


if __name__ == "__main__":
    main(sys.argv[1:])
