"""CPU of whole commands, against `python -c "import aiohttp"`.

    python -m tests.benchmarks.startup [--quick]

The children's own CPU, as the operating system counts it, in turns; modules compiled beforehand.
"""

import os
import resource
import subprocess
import sys

from tests.benchmarks.server import serving
from tests.benchmarks.table import row

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
    "--help": (["--help"], "<= 0.20"),
    "--version": (["--version"], "<= 0.20"),
    "a usage error": (["a b"], "<= 0.20"),
    RUN: (["some-job"], "<= 1.10"),
}


def measure(base: str, names: list[str], rounds: int) -> None:
    command = ["-m", "ddswait", "--endpoint", base]
    cpu(*command, *COMMANDS[RUN][0])  # compiles
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            reference = cpu("-c", "import aiohttp")
            ratios[name].append(cpu(*command, *COMMANDS[name][0]) / reference)
    for name in names:
        row(f"CPU of ddswait, {name} / import aiohttp", ratios[name], COMMANDS[name][1])


if __name__ == "__main__":
    with serving("Completed") as address:
        if "--quick" in sys.argv:
            measure(address, ["--version", RUN], 1)
        else:
            measure(address, list(COMMANDS), 15)
