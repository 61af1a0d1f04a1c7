"""Simulates users of the waiter in virtual time, and interferes at any turn of the loop.

    python -m tests.simulation.waiter --seeds 1..200 --every 101 --jobs 2

Each plan is run once without interference, and then once for every K-th moment: a moment is a turn
of the loop and a way to interfere. Prints counts. For a broken promise it prints the seed, a
minimal plan, the moment, and the command that replays it.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.waiter.generator import plan_of
from tests.simulation.waiter.ledger import BrokenPromiseError
from tests.simulation.waiter.plan import Plan
from tests.simulation.waiter.shrinker import shortest
from tests.simulation.waiter.stage import WAYS, Interference, Stage
from tests.simulation.waiter.tally import Tally, run_seeds

_CHUNK = 5  # seeds


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 1 when a promise was broken."""
    options = _options(arguments)
    if options.plan or options.turn is not None:
        plan = Plan.from_json(options.plan) if options.plan else plan_of(options.seeds[0])
        turn = -1 if options.turn is None else options.turn
        return _replay(plan, Interference(turn, options.way))
    began = time.perf_counter()
    tally = _run(options.seeds, options.every, options.jobs)
    print(f"{tally.text()}\n{time.perf_counter() - began:.1f} s")
    for reason, found in sorted(tally.broken.items(), key=lambda item: -len(item[1])):
        seed, moment = min(found)
        print(f"\n{reason}: {len(found)} runs, such as seed {seed}")
        if options.shrink:
            _show(seed, moment, reason)
    return 1 if tally.broken else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.waiter", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(1, 101), metavar="A..B")
    parser.add_argument(
        "--every", type=int, default=101, metavar="K", help="of all moments; 1 takes each"
    )
    parser.add_argument("--turn", type=int, metavar="N", help="interfere at this turn only")
    parser.add_argument("--way", choices=WAYS, default="victim", help="how, at that turn")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--plan", help="replay one plan, as printed for a broken promise")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="print no plans")
    return parser.parse_args(arguments)


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def _run(seeds: range, every: int, jobs: int) -> Tally:
    if jobs <= 1:
        return run_seeds(seeds, every)
    tally = Tally()
    with ProcessPoolExecutor(jobs) as pool:
        parts = [
            pool.submit(run_seeds, seeds[begin : begin + _CHUNK], every)
            for begin in range(0, len(seeds), _CHUNK)
        ]
        for part in as_completed(parts):
            tally.add(part.result())
    return tally


def _show(seed: int, moment: Interference, reason: str) -> None:
    plan, moment = shortest(plan_of(seed), moment, reason)
    _replay(plan, moment)
    turn = f" --turn {moment.turn} --way {moment.way}" if moment.way else ""
    print(f"replay: python -m tests.simulation.waiter --plan {shlex.quote(plan.as_json())}{turn}")


def _replay(plan: Plan, moment: Interference) -> int:
    """Run a plan once, and print what became of its waits."""
    stage = Stage(plan, moment)
    error = None
    try:
        stage.run()
    except BrokenPromiseError as broken:
        error = broken
    print(f"seed {plan.seed}, interference {moment.way or 'none'} at turn {moment.turn}")
    for wait in stage.ledger.waits:
        kind = wait.outcome.kind if wait.outcome else "cancelled" if wait.ended else "goes on"
        print(f"  {wait}: {kind}, callback called {wait.called} times")
    print(f"broken: {error}" if error else "no promise is broken")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
