"""The benchmarks run and print their ratios; what these are is for people to judge."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow

NAMES = [
    "crossings",
    "lateness",
    "many_jobs",
    "memory",
    "official_sdk",
    "oracle",
    "poll_cpu",
    "scheduler",
    "startup",
    "poll_times",
    "ranking",
]


@pytest.mark.parametrize("name", NAMES)
def test_benchmark_prints_its_ratio(name: str) -> None:
    """Each benchmark ends by itself and prints a ratio or why there is none."""
    # Measuring the coverage of a benchmark would make it many times slower.
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", "--quick"],
        env=env,
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ratio" in done.stdout or "goal" in done.stdout or " x\n" in done.stdout
