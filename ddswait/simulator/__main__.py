"""`python -m ddswait.simulator`: a simulated DDS in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from ddswait.simulator.server import Simulator


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; print what a shell needs to use it."""
    parser = argparse.ArgumentParser(
        prog="python -m ddswait.simulator",
        description="A simulated DDS on loopback. Prints the settings to use it by.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="where to listen (0: a free port)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second (1)")
    parser.add_argument("--job-seconds", type=float, default=600.0, help="how long jobs run (600)")
    parser.add_argument(
        "--visible-after", type=float, default=3.0, help="seconds for which an ID is unknown (3)"
    )
    arguments = parser.parse_args(argv)
    try:
        return asyncio.run(_serve(Simulator(**vars(arguments))))
    except OSError as error:
        print(f"cannot listen: {error}", file=sys.stderr)
        return 2


async def _serve(simulator: Simulator) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        print(f"export DDSWAIT_ENDPOINT={simulator.endpoint}")
        print(f"export HW_PROJECT_ID={simulator.project_id}")
        print(f"export HW_AUTH_TOKEN={simulator.token}", flush=True)
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
