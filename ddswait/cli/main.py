"""The command line: `ddswait [OPTIONS] JOB_ID...`.

`--help`, `--version` and usage errors load neither asyncio nor aiohttp: a gate that is called
wrongly says so at once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ddswait.cli.inputs import Named


_INTERRUPTED = 130


def _print(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if arguments.schema:
        import json

        from ddswait.cli.output import json_schema

        sys.stdout.write(json.dumps(json_schema.schema(), indent=2) + "\n")
    else:
        from ddswait.cli.commands import completion

        sys.stdout.write(completion.script(arguments.print_completion, parser))
    return 0


def _jobs(arguments: argparse.Namespace) -> list[Named]:
    from ddswait.cli import inputs as reading
    from ddswait.errors import InputError

    jobs = reading.jobs(arguments.job_ids, sys.stdin, sys.stderr)
    if not jobs and not arguments.state:
        raise InputError(reading.NO_JOB)
    return jobs


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `--help` lists the codes.

    Args:
        argv: the arguments; None takes those of the process.
    """
    _prepare_streams()
    try:
        return _main(argv)
    except KeyboardInterrupt:  # before or after the wait, which obeys it by itself
        return _INTERRUPTED


def _prepare_streams() -> None:
    """Let closed standard streams lead nowhere (`>&-`): a socket would else take their place.

    What a stream's encoding lacks is escaped.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the life of the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _main(argv: Sequence[str] | None) -> int:
    from ddswait.cli import options
    from ddswait.errors import ConfigurationError, InputError

    parser = options.parser()
    arguments = parser.parse_args(argv)
    if arguments.schema or arguments.print_completion:
        return _print(arguments, parser)
    try:
        if arguments.demo:
            from ddswait.cli.commands import demo

            return demo.run()
        jobs = [] if arguments.check else _jobs(arguments)
        from ddswait.credentials import chain as credentials
        from ddswait.credentials import settings as place

        given = place.Given(
            arguments.endpoint or "",
            arguments.project_id or "",
            arguments.region or "",
            arguments.iam_endpoint or "",
            arguments.ca_file or "",
            arguments.cloud or "",
            arguments.auth,
            arguments.insecure_http,
        )
        target = credentials.locate(os.environ, given)
        sys.stderr.writelines(f"ddswait: warning: {each}\n" for each in target.found.warnings)
    except (ConfigurationError, InputError) as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    if arguments.check:
        from ddswait.cli.commands import check

        return check.run(target, arguments)
    from ddswait.cli.commands import wait as run

    return run.run(jobs, target, arguments)
