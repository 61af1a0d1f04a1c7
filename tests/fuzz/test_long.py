"""Long inputs take as long as they are, and not the square of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]


def run(*names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.long", *names]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_long_inputs_are_read_in_time() -> None:
    """Each of many long inputs is read within seconds of processor time, or refused."""
    ended = run(*TARGETS)
    last = ended.stdout.splitlines()[-1:]
    assert ended.returncode == 0, f"{last}\n{ended.stderr}"
