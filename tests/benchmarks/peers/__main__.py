"""Waiting for 200 jobs of 30 s: ddswait beside what else one could use, in one run.

    python3 -m venv .venv-peers
    .venv-peers/bin/pip install -r tests/benchmarks/peers/requirements.txt
    .venv-peers/bin/python -m tests.benchmarks.peers

Two tables in Markdown, in less than eight minutes: without a rate limit, and with 200 requests in
each five minutes. Each competitor is a process of its own, and all run at the same time: so they
share the noise of the machine, and the run lasts as long as the slowest of them. Their CPU is
counted by process. A job that is not seen to end by then is late until then at least.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

COMPETITORS = {
    "ddswait": "loops.own",
    "`backoff.on_predicate`, aiohttp": "loops.with_backoff",
    "`tenacity.AsyncRetrying`, aiohttp": "loops.with_tenacity",
    "botocore's `Waiter`, 200 threads": "threads.with_botocore",
    "official SDK, 200 threads": "threads.official_sdk",
    "Terraform's schedule": "loops.terraform",
}
SCHEDULE_ONLY = {"Terraform's schedule"}  # its CPU and memory are those of Go
LIMIT = 200
FREE_SECONDS, LIMITED_SECONDS = 75.0, 400.0


class Process:
    """A child that talks in lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.peers.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: object) -> None:
        assert self._child.stdin is not None
        print(json.dumps(what), file=self._child.stdin, flush=True)

    def line(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise SystemExit(f"a process ended early: {self._child.args!r}")
        return line

    def hear(self) -> Any:
        return json.loads(self.line())

    def end(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


def run(names: list[str], limit: int | None, seconds: float) -> list[list[str]]:
    """Let all competitors wait at the same time; return the rows of the table."""
    cloud = Process("cloud", str(len(names)))
    processes = [
        Process("competitor", COMPETITORS[name], json.dumps(where))
        for name, where in zip(names, cloud.hear(), strict=True)
    ]
    for process in processes:
        process.line()
    cloud.tell({"limit": limit})
    ends: list[dict[str, float]] = cloud.hear()
    until = time.monotonic() + seconds
    for process, jobs in zip(processes, ends, strict=True):
        process.tell({"ids": list(jobs), "until": until})
    told = [process.hear() for process in processes]
    cloud.tell("")
    counts = cloud.hear()
    for process in (*processes, cloud):
        process.end()
    return [
        row(name, *each, until)
        for name, each in zip(names, zip(told, ends, counts, strict=True), strict=True)
    ]


def row(
    name: str, told: dict[str, Any], ends: dict[str, float], counts: list[int], until: float
) -> list[str]:
    seen = told["seen"]
    late = sorted(max(0.0, seen.get(job_id, until) - end) for job_id, end in ends.items())
    least = "" if len(seen) == len(ends) else "≥ "
    mean, p99 = sum(late) / len(late), late[int(0.99 * (len(late) - 1))]
    is_bare = name in SCHEDULE_ONLY
    return [
        name,
        str(counts[0]),
        str(counts[1]),
        str(len(seen)),
        f"{least}{mean:.1f}",
        f"{least}{p99:.1f}",
        "-" if is_bare else f"{told['cpu']:.2f}",
        "-" if is_bare else f"{told['peak']:.0f}",
    ]


HEAD = ["", "requests", "429s", "seen", "mean lateness, s", "p99, s", "CPU, s", "peak MB"]


def table(rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(HEAD) - 1)]
    return "\n".join(f"| {' | '.join(each)} |" for each in (HEAD, rule, *rows))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers")
    parser.add_argument("--only", choices=["free", "limited"], help="one of the two tables")
    only = parser.parse_args().only
    names = list(COMPETITORS)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}", flush=True)
    if only != "limited":
        print(f"\nNo rate limit:\n\n{table(run(names, None, FREE_SECONDS))}", flush=True)
    if only != "free":
        rows = table(run(names, LIMIT, LIMITED_SECONDS))
        print(f"\n{LIMIT} requests in each five minutes:\n\n{rows}", flush=True)


if __name__ == "__main__":
    main()
