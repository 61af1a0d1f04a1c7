"""Simulates many histories of waits, and checks every promise after each step.

    python -m tests.simulation --seeds 1..2000 --jobs 2

Prints counts. For a broken promise it prints the seed, a minimal history, and the command that
replays it.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.generator import plan_of
from tests.simulation.history import Digest, History
from tests.simulation.plan import Plan
from tests.simulation.promises import PROMISES
from tests.simulation.promises.promise import BrokenPromiseError
from tests.simulation.shrinker import Shrinker, break_of
from tests.simulation.tally import Tally, run_seeds
from tests.simulation.world import World

_CHUNK = 100  # seeds


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 1 when a promise was broken."""
    options = _options(arguments)
    if options.plan:
        return 1 if _replay(Plan.from_json(options.plan)) else 0
    if options.digest:
        print(_digest(options.seeds))
        return 0
    began = time.perf_counter()
    tally = _run(options.seeds, options.jobs)
    print(f"{tally.text()}\n{time.perf_counter() - began:.1f} s")
    for (promise, reason), seeds in sorted(tally.broken.items(), key=lambda item: -len(item[1])):
        print(f"\n{promise}: {reason}: {len(seeds)} histories, such as seed {min(seeds)}")
        if options.shrink:
            _show(min(seeds, key=_size))
    return 1 if tally.broken else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(1, 1001), metavar="A..B")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--plan", help="replay one plan, as printed for a broken promise")
    parser.add_argument("--digest", action="store_true", help="print a digest of all histories")
    parser.add_argument(
        "--no-shrink", dest="shrink", action="store_false", help="print seeds and no histories"
    )
    return parser.parse_args(arguments)


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def _run(seeds: range, jobs: int) -> Tally:
    if jobs <= 1:
        return run_seeds(seeds)
    tally = Tally()
    with ProcessPoolExecutor(jobs) as pool:
        parts = [
            pool.submit(run_seeds, seeds[begin : begin + _CHUNK])
            for begin in range(0, len(seeds), _CHUNK)
        ]
        for part in as_completed(parts):
            tally.add(part.result())
    return tally


def _size(seed: int) -> int:
    plan = plan_of(seed)
    return len(plan.waits) + len(plan.faults)


def _show(seed: int) -> None:
    plan = plan_of(seed)
    if (error := break_of(plan)) is not None:
        plan = Shrinker(plan, error).shortest()
    _replay(plan)
    print(f"replay: python -m tests.simulation --plan {shlex.quote(plan.as_json())}")
    print(f"the whole history: python -m tests.simulation --seeds {seed}")


def _replay(plan: Plan) -> BrokenPromiseError | None:
    """Run a plan, and print its history."""
    history = History()
    error = None
    try:
        World(plan, history).run()
    except BrokenPromiseError as broken:
        error = broken
        words = {promise.__name__: promise.words for promise in PROMISES}
        print(f"The promise: {words.get(broken.promise, broken.promise)}")
    print(f"seed {plan.seed}, {len(plan.waits)} waits, {len(plan.faults)} faults")
    print(history.text())
    return error


def _digest(seeds: range) -> str:
    digest = Digest()
    for seed in seeds:
        try:
            World(plan_of(seed), digest).run()
        except BrokenPromiseError:
            continue
    return digest.text()


if __name__ == "__main__":
    sys.exit(main())
