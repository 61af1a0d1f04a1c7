"""The benchmarks run, and their figures are held against goals and gates."""

import json
import os
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import COUNTED, TIMED, Done, table
from tests.benchmarks.goals import GOALS, Goal
from tests.benchmarks.peers.__main__ import row
from tests.benchmarks.table import figure

HERE = Path(__file__).parent
# .ci/run counts instructions by itself.
NAMES = sorted({*TIMED, *COUNTED} - {"instructions"})
RATIO = "CPU of ddswait, a usage error / import aiohttp"
TIME = "lateness of polls, p99"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_benchmark_yields_figures_that_have_goals(name: str) -> None:
    """Each benchmark ends by itself, and yields figures with a goal, or says why it has none."""
    # Measuring the coverage of a benchmark would make it many times slower.
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", "--quick", "--json"],
        env=env,
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {json.loads(line)["name"] for line in done.stdout.splitlines()}
    assert names <= GOALS.keys()
    assert names or "no ratio" in done.stderr


def test_every_benchmark_is_run() -> None:
    """`python -m tests.benchmarks` runs each file that measures."""
    ending = "main(measure)\n"
    measuring = {path.stem for path in HERE.glob("*.py") if path.read_text().endswith(ending)}
    assert measuring == {*TIMED, *COUNTED}


def test_figure_worse_than_its_gate_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A figure more than 15 % above its goal is a failure; up to there it is shown."""
    goal = GOALS[RATIO].most
    figures = [figure(RATIO, [goal]), figure(RATIO, [1.14 * goal]), figure(RATIO, [1.16 * goal])]
    assert table([Done("scheduler", figures, "", failed=False)]) == 1
    shown = capsys.readouterr().out.splitlines()[1:]
    assert [line.split("  ")[-1] for line in shown] == [
        "reached",
        "within its gate",
        "WORSE THAN ITS GATE",
    ]


def test_absolute_time_has_no_gate() -> None:
    """A busy machine is no failure: an absolute time is shown for orientation."""
    assert table([Done("lateness", [figure(TIME, [1e6])], "", failed=False)]) == 0


def test_benchmark_that_fails_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A benchmark that ends with an error is a failure, and its message is shown."""
    assert table([Done("memory", [], "Traceback", failed=True)]) == 1
    assert "Traceback" in capsys.readouterr().out


def test_gate_counts_from_what_is_reached_when_the_goal_is_out_of_reach() -> None:
    """A figure that cannot reach its goal is held where it is."""
    goal = Goal(1.0, reached=2.0)
    assert goal.verdict(2.2) == "within its gate"
    assert goal.verdict(2.4) == "WORSE THAN ITS GATE"


def test_every_gate_holds_something() -> None:
    """No ratio lacks its gate: only figures with a unit, or without a goal, are unheld."""
    unheld = [name for name, goal in GOALS.items() if goal.gate == inf and goal.most < inf]
    assert all(GOALS[name].unit in {"µs", "ms"} for name in unheld), unheld


def test_job_that_is_never_seen_is_late_until_the_end() -> None:
    """A competitor that misses a job gets no better lateness for it, but a lower bound."""
    told = {"seen": {"a": 12.0}, "cpu": 1.0, "peak": 30.0}
    cells = row("x", told, {"a": 10.0, "b": 20.0}, [7, 3], 50.0)
    assert cells == ["x", "7", "3", "1", "≥ 16.0", "≥ 2.0", "1.00", "30"]
