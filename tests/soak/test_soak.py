"""The soak, in small; and the figures that it does not accept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.figures import Sample, faults

ROOT = Path(__file__).parents[2]
BEFORE = Sample(0.0, 0, 0, 40.0, 40_000, 10, 1)
STEADY = [Sample(float(each), 100, 100 + each, 50.0, 60_000, 20, 33) for each in range(40)]
AFTER = Sample(41.0, 0, 140, 50.0, 45_000, 10, 1)
GROWING = [each._replace(memory=50 + 1.5 * each.at) for each in STEADY]
LEAKING = [each._replace(objects=60_000 + 300 * int(each.at)) for each in STEADY]
HOARDING = [each._replace(descriptors=20 + 3 * int(each.at)) for each in STEADY]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ("virtual", "--jobs", "50", "--mean", "40", "--hours", "0.2"),
        ("sockets", "--jobs", "50", "--mean", "1", "--hours", "1e-3"),
    ],
)
def test_soak_finds_nothing_wrong(options: tuple[str, ...]) -> None:
    """Jobs that come and go, and requests that fail, leave nothing behind."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    command = [sys.executable, "-m", "tests.soak", *options]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("all good\n")
    assert "'completed'" in done.stdout


def test_steady_figures_are_good() -> None:
    """What does not grow is accepted, and so is a ramp at the begin."""
    ramp = [each._replace(memory=each.memory - 30, objects=50_000) for each in STEADY[:20]]
    assert faults(BEFORE, [*ramp, *STEADY[20:]], AFTER, 16) == []


@pytest.mark.parametrize(
    ("during", "after", "named"),
    [
        (GROWING, AFTER, "memory grew by 15 from 87"),
        (LEAKING, AFTER, "objects grew by 3000 from 673"),
        (HOARDING, AFTER, "137 descriptors were open, 10 before"),
        (STEADY, AFTER._replace(descriptors=11), "1 descriptors are left open"),
        (STEADY, AFTER._replace(tasks=3), "2 tasks are left"),
    ],
)
def test_figure_that_is_not_accepted_is_named(
    during: list[Sample], after: Sample, named: str
) -> None:
    """Each kind of leak is found, and only that one."""
    [found] = faults(BEFORE, during, after, 16)
    assert found.startswith(named)
