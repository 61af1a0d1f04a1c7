"""CPU of whole commands, against `python -c "import aiohttp"`.

    python -m tests.benchmarks.startup [--quick | --brief] [--json]

The children's own CPU, as the operating system counts it, in turns; modules compiled beforehand.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.server import serving
from tests.benchmarks.table import Figure, Size, figure, main

ENV = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "HW_PROJECT_ID": "p",
    "HW_AUTH_TOKEN": "t",
}


def cpu(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=ENV, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


RUN = "a whole run, Completed at once"
COMMANDS = {
    "--help": ["--help"],
    "--version": ["--version"],
    "a usage error": ["a b"],
    RUN: ["some-job"],
}


def turns(base: str, names: list[str], rounds: int) -> Iterator[Figure]:
    command = ["-m", "ddswait", "--endpoint", base]
    cpu(*command, *COMMANDS[RUN])  # compiles
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            reference = cpu("-c", "import aiohttp")
            ratios[name].append(cpu(*command, *COMMANDS[name]) / reference)
    for name in names:
        yield figure(f"CPU of ddswait, {name} / import aiohttp", ratios[name])


def measure(size: Size) -> Iterator[Figure]:
    with serving("Completed") as address:
        if size is Size.QUICK:
            yield from turns(address, ["--version", RUN], 1)
        else:
            yield from turns(address, list(COMMANDS), 9 if size is Size.BRIEF else 15)


if __name__ == "__main__":
    main(measure)
