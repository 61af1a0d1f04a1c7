"""`python -m ddswait.simulator`: a simulator in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import get_args

from ddswait.simulator import first_jobs
from ddswait.simulator.dialect import Dialect, MissingInstance
from ddswait.simulator.server import Simulator
from ddswait.simulator.services import SERVICES, USUAL

_ALL = "all"


def main(argv: list[str] | None = None) -> int:
    """Start jobs, print what a second terminal needs to wait for them, and serve until a signal.

    Returns:
        The exit code: 0, or 2 if the address cannot be used.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if not 0 <= arguments.fail <= arguments.jobs:
        parser.error(f"--fail {arguments.fail}: use a number from 0 to that of --jobs")
    try:
        return asyncio.run(_serve(arguments))
    except (OSError, OverflowError) as error:
        print(f"cannot listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ddswait.simulator",
        description="Runs a simulated DDS and its sibling services until it is interrupted. It"
        " prints the lines for a second terminal: the environment variables that point ddswait at"
        " it, the command that waits for its jobs, and one that creates another job.",
        epilog="It serves all services at once: DDS at http://HOST:PORT, each other one below its"
        f" own name: {_paths()}. IAM is at http://HOST:PORT.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--service",
        choices=[*SERVICES, _ALL],
        default=USUAL,
        help="the service of the jobs that it starts with and of the printed lines; 'all' for one"
        " job of each service in turn",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--jobs", type=int, default=0, help="how many jobs to start with")
    parser.add_argument("--fail", type=int, default=0, help="how many of them fail")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument(
        "--job-seconds", type=float, default=600.0, help="how long a job runs, in simulated seconds"
    )
    parser.add_argument(
        "--visible-after",
        type=float,
        default=3.0,
        help="for how long a new job ID is unknown, in simulated seconds",
    )
    parser.add_argument(
        "--missing-instance",
        type=int,
        choices=get_args(MissingInstance),
        default=200,
        help="status of a reply about an instance that is not there; regions differ in it",
    )
    parser.add_argument(
        "--backup-seconds",
        type=float,
        default=argparse.SUPPRESS,
        help="how long the backup takes that a service makes by itself ten seconds after an"
        " instance was created or restored, in simulated seconds; 0 for none (default: 60 in RDS,"
        " none in others)",
    )
    return parser


def _paths() -> str:
    return ", ".join(f"http://HOST:PORT/{name}" for name in SERVICES if name != USUAL)


def _simulator(arguments: argparse.Namespace) -> Simulator:
    settings = {
        name: value for name, value in vars(arguments).items() if name not in {"jobs", "fail"}
    }
    if settings["service"] == _ALL:
        settings["service"] = USUAL
    dialect = Dialect(missing_instance=settings.pop("missing_instance"))
    return Simulator(dialect=dialect, **settings)


async def _serve(arguments: argparse.Namespace) -> int:
    simulator = _simulator(arguments)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        every = arguments.service == _ALL
        services = list(SERVICES) if every else []
        jobs = first_jobs.start(simulator, arguments.jobs, arguments.fail, services)
        first_jobs.show(
            simulator, arguments.speed, jobs, sys.stdout, sys.stderr, every_service=every
        )
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
