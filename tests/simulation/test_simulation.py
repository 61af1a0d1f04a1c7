"""The simulation: no promise is broken, and each way to break the scheduler is found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.breakages import BREAKAGES, Breakage
from tests.simulation.generator import plan_of
from tests.simulation.plan import Plan
from tests.simulation.promises import PROMISES
from tests.simulation.tally import Tally, run_seeds

ROOT = Path(__file__).parents[2]
FAILED = (ROOT / "tests/simulation/failed_plans.txt").read_text(encoding="utf-8").splitlines()
QUICK = 60  # histories
SEEDS_UNTIL_FOUND = 200  # in case that the scheduler has changed


def test_no_promise_is_broken() -> None:
    """In some histories, the same in every run."""
    tally = run_seeds(range(1, QUICK + 1))
    assert not tally.broken
    assert tally.waits > QUICK


@pytest.mark.parametrize("text", FAILED)
def test_history_that_broke_a_promise_once(text: str) -> None:
    """It is kept, and never does so again."""
    tally = Tally()
    tally.run(Plan.from_json(text))
    assert not tally.broken


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.name)
def test_broken_scheduler_is_found(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise is one that can be broken, and its checker finds it."""
    breakage.apply(monkeypatch)
    tally = Tally()
    for history in [breakage.history, *range(1, SEEDS_UNTIL_FOUND)]:
        tally.run(history if isinstance(history, Plan) else plan_of(history))
        if breakage.promise.__name__ in (promise for promise, _ in tally.broken):
            return
    pytest.fail(f"no history breaks {breakage.promise.__name__}")


def test_each_promise_can_be_broken() -> None:
    """No checker is left out of the table."""
    assert {breakage.promise for breakage in BREAKAGES} == set(PROMISES)


@pytest.mark.slow
def test_one_seed_is_one_history_in_any_process() -> None:
    """Nothing depends on the order of a set, which differs from process to process."""
    digests = set()
    for seed in ("1", "2", "3"):
        found = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seeds", "4100..4130", "--digest"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(found.stdout)
    assert len(digests) == 1


def test_broken_promise_is_printed_with_the_command_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed, a minimal history, and the command."""
    BREAKAGES[0].apply(monkeypatch)
    assert main(["--seeds", "1..2"]) == 1
    printed = capsys.readouterr().out
    assert "EndsOnce" in printed
    assert "histories, such as seed" in printed
    assert "replay: python -m tests.simulation --plan '{" in printed
