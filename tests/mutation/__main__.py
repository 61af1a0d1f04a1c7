"""Runs mutmut, and compares the mutants that survive with those that no test can kill.

    python -m tests.mutation [PATTERN...]

A pattern such as 'ddswait.scheduler.queue*' selects mutants; without one, all of them are run.
mutmut is not among the requirements of the tests: install it in an environment of its own. The
exit code is 1 if a mutant survives that equivalent.txt does not explain, or if all were run and
fewer than 95 % of them are killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.mutation.mutants import Result, equivalent, results

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mutants"
GOAL = 0.95


def main(patterns: list[str]) -> int:
    """Run mutmut for the patterns; return the exit code."""
    mutmut = Path(sys.executable).with_name("mutmut")
    if not mutmut.exists():
        sys.exit(f"{mutmut} does not exist: run pip install mutmut")
    # What an earlier run left would be taken for results.
    shutil.rmtree(FOLDER, ignore_errors=True)
    processes = str(os.cpu_count() or 1)
    subprocess.run([mutmut, "run", "--max-children", processes, *patterns], cwd=ROOT, check=False)
    listed = subprocess.run(
        [mutmut, "results", "--all", "true"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [*results(listed.stdout, FOLDER)]
    unexplained = report(found)
    killed = sum(each.is_killed for each in found)
    is_enough = bool(patterns) or killed >= GOAL * len(found)
    return 0 if found and is_enough and not unexplained else 1


def report(found: list[Result]) -> list[Result]:
    """Print what was killed in each file, and the survivors without a reason; return those."""
    known = equivalent()
    by_file: dict[str, list[Result]] = defaultdict(list)
    for result in found:
        by_file[result.mutant.file].append(result)
    for file, each in sorted(by_file.items()):
        print(f"{file}: {share(each)}")
    print(f"all: {share(found)}")
    unexplained = [each for each in found if not each.is_killed and each.mutant not in known]
    for result in unexplained:
        print(f"\n{result.mutant}\n{result.status}, and equivalent.txt does not say why")
    return unexplained


def share(found: list[Result]) -> str:
    """Return in words how many mutants were killed."""
    killed = sum(each.is_killed for each in found)
    return f"{killed} of {len(found)} mutants killed ({killed / max(len(found), 1):.1%})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
