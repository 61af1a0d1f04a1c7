"""The command line: `ddswait [OPTIONS] JOB_ID...`.

Each command is a module of `ddswait.cli.commands`. `--help`, `--version` and usage errors import
neither asyncio nor aiohttp nor typing, so that they appear at once.
"""

from __future__ import annotations

import io
import os
import sys

from ddswait.cli import arguments
from ddswait.cli.escaping import safe
from ddswait.errors import ConfigurationError, InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.cli.options import Options

_USAGE = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `--help` lists the codes.

    Args:
        argv: the arguments; None for those of the process.
    """
    _prepare_streams()
    try:
        return _run(arguments.parse(argv))
    except (ConfigurationError, InputError) as error:
        from ddswait.cli.wrapping import say  # late: only errors need it

        for line in _report(error):
            say(sys.stderr, line)
        return _USAGE
    except KeyboardInterrupt:  # before or after the wait, which handles the signal itself
        return _INTERRUPTED


def _report(error: ConfigurationError | InputError) -> list[str]:
    """Return the lines about an error; only a list of what is missing has several."""
    if isinstance(error, ConfigurationError):
        from ddswait.credentials.checklist import IncompleteConfiguration, lines

        if isinstance(error, IncompleteConfiguration):
            return [
                "ddswait: error: the configuration is incomplete",
                *(f"  {safe(line)}" for line in lines(error.items)),
                "ddswait --help lists all ways to set each; ddswait --demo needs none of them",
            ]
    return [f"ddswait: error: {safe(str(error))}"]


def _check_alone(given: Options) -> None:
    """Check that a command that waits for nothing is given nothing to wait for.

    Raises:
        InputError: it is; the message quotes it.
    """
    named = given.job_ids or given.instance
    if named and given.command != "wait":
        option = "--print-completion" if given.command == "completion" else f"--{given.command}"
        raise InputError(
            f"{option} waits for no job: leave out {named[0]!a}, or leave out {option} to "
            "wait for it"
        )


def _run(given: Options) -> int:
    from typing import assert_never  # not for `--help`

    _check_alone(given)
    match given.command:
        case "wait":
            from ddswait.cli.commands import wait

            return wait.run(given)
        case "check":
            from ddswait.cli.commands import check

            return check.run(given)
        case "demo":
            from ddswait.cli.commands import demo
            from ddswait.cli.services import chosen_service

            return demo.run(chosen_service(given, os.environ))
        case "schema":
            from ddswait.cli.commands import schema

            return schema.run()
        case "completion":
            from ddswait.cli.commands import completion

            return completion.run(given.print_completion)
        case _:
            return assert_never(given.command)


def _prepare_streams() -> None:
    """Replace closed standard streams (`>&-`) and those without a buffer.

    What the encoding of a stream lacks is escaped.

    A socket would otherwise take the number of a closed stream, and would get its output.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the life of the process
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        stream.reconfigure(errors="backslashreplace")
        if isinstance(stream.buffer, io.RawIOBase):
            # PYTHONUNBUFFERED: such a stream drops what a signal leaves of a write.
            number, form = stream.fileno(), (stream.encoding, stream.errors)
            setattr(sys, name, open(number, "w", 1, *form, closefd=False))  # noqa: SIM115 - as above
