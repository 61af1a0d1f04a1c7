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


def measure(base: str, rounds: int) -> None:
    commands = {
        "--help": (["--help"], "<= 0.20"),
        "--version": (["--version"], "<= 0.20"),
        "a usage error": (["a b"], "<= 0.20"),
        "a whole run, Completed at once": (["--endpoint", base, "some-job"], "<= 1.10"),
    }
    ratios: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, (arguments, _) in commands.items():
            reference = cpu("-c", "import aiohttp")
            ratio = cpu("-m", "ddswait", *arguments) / reference
            if number:  # the first round compiles
                ratios[name].append(ratio)
    for name, (_, goal) in commands.items():
        row(f"CPU of ddswait, {name} / import aiohttp", ratios[name], goal)


if __name__ == "__main__":
    with serving("Completed") as address:
        measure(address, 1 if "--quick" in sys.argv else 15)
