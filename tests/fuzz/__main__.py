"""Fuzzes one target, and keeps the inputs that reach new code.

    python -m tests.fuzz NAME --seconds 600

An input that breaks a promise is printed as small as it gets, with its traceback; the exit code
is 1 then. atheris is not among the requirements of the tests: install it in an environment of its
own.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import traceback
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 2048  # bytes of an input: what matters shows in short ones
MOST_KEPT = 20_000  # bytes for each target


def main() -> int:
    """Run the command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="[default: %(default)s]")
    given = parser.parse_args()
    if find_spec("atheris") is None:
        parser.error("atheris is not installed: run pip install atheris")
    with TemporaryDirectory() as folder:
        return fuzz(given.name, given.seconds, Path(folder))


def fuzz(name: str, seconds: int, folder: Path) -> int:
    """Fuzz a target for some time, then keep what reaches new code, or report what broke."""
    found, kept, broken = (folder / each for each in ("found", "kept", "broken"))
    for each in (found, kept, broken):
        each.mkdir()
    known = corpus.read(name)
    for data in known:
        (kept / sha256(data).hexdigest()).write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{word.decode()}"\n' for word in corpus.words(name)))
    engine = program(name, folder)
    limits = (f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10")
    subprocess.run(
        [engine, *limits, f"-dict={words}", f"-artifact_prefix={broken}/", found, kept], check=False
    )
    subprocess.run([engine, "-merge=1", f"-artifact_prefix={broken}/", kept, found], check=False)
    keep(name, known, [each.read_bytes() for each in kept.iterdir()])
    return max((report(name, each.read_bytes()) for each in broken.iterdir()), default=0)


def program(name: str, folder: Path) -> Path:
    """Return a program that runs the engine for a target, with options of libFuzzer."""
    file = folder / "engine"
    command = shlex.join([sys.executable, "-m", "tests.fuzz.engine", name, str(file)])
    file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    file.chmod(0o700)
    return file


def keep(name: str, known: list[bytes], found: list[bytes]) -> None:
    """Add what was found to the corpus, the shortest first, as long as it stays small."""
    kept = set(known)
    size = sum(map(len, known))
    for data in sorted(found, key=len):
        size += len(data)
        if size <= MOST_KEPT:
            kept.add(data)
    corpus.write(name, kept)
    print(f"{name}: {len(kept) - len(known)} inputs more, {len(kept)} in all")


def report(name: str, data: bytes) -> int:
    """Print an input that breaks a promise; return 1, or 0 if it breaks none any more."""
    target = TARGETS[name]
    kind = failure(target, data)
    smallest = shrunk(data, lambda each: failure(target, each) == kind) if kind else data
    print(f"\n{name}: {smallest!r}")
    try:
        target(smallest)
    except BaseException:  # noqa: BLE001 - whatever it is, it is what was found
        traceback.print_exc()
        return 1
    print("it is read without an error, but perhaps slowly: see the log above")
    return 0


def failure(target: Callable[[bytes], None], data: bytes) -> str:
    """Return the kind of error that an input causes and its place, or ""."""
    try:
        target(data)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what was found
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} {place.filename}:{place.lineno}"
    return ""


def shrunk(data: bytes, is_same: Callable[[bytes], bool]) -> bytes:
    """Return a shorter input that fails in the same way: no part of it can be left out."""
    size = len(data) // 2
    while size:
        place = 0
        while place < len(data):
            shorter = data[:place] + data[place + size :]
            if is_same(shorter):
                data = shorter
            else:
                place += size
        size //= 2
    return data


if __name__ == "__main__":
    sys.exit(main())
