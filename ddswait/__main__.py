"""The process `ddswait`: `python -m ddswait`, and the command that pip installs."""

import atexit
import gc
import os
import sys

from ddswait.cli.main import main

# Hardly anything that a short run creates is garbage: with the default, 700, Python searches all
# modules for it again and again while they are imported. aiohttp and ddswait make fewer than this.
_GC_THRESHOLD = 100_000  # new objects


def run() -> None:
    """Run the command line, and end the process with its exit code."""
    gc.set_threshold(_GC_THRESHOLD)
    try:
        code = main()
    except SystemExit as end:  # argparse, after --help, --version and a usage error
        if not isinstance(end.code, int):
            raise
        code = end.code
    end_process(code)


def end_process(code: int) -> None:
    """End this process as `sys.exit` does, without freeing objects and modules one by one.

    That takes longer than a short wait itself, and the operating system frees them at once. By
    then `main` has closed all files and connections, and no thread is left.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing ends its processes
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # reports that the output is lost
    os._exit(code)


if __name__ == "__main__":
    run()
