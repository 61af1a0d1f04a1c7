"""`ddswait --print-completion SHELL`: completion scripts, written by shtab from the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli import arguments
from ddswait.cli.option_values import ALL_SERVICES
from ddswait.cli.output import streams
from ddswait.errors import ConfigurationError
from ddswait.service import NAMES
from ddswait.service.registry import aliases

if TYPE_CHECKING:
    import argparse


def run(shell: str) -> int:
    """Print the completion script for one of `arguments.SHELLS` and return the exit code.

    Raises:
        ConfigurationError: shtab is not installed.
    """
    return streams.document(script(shell))


def script(shell: str) -> str:
    """Return the completion script for one of `arguments.SHELLS`.

    Raises:
        ConfigurationError: shtab is not installed, or is too old for the shell.
    """
    try:
        import shtab
    except ImportError:
        raise ConfigurationError(
            "--print-completion needs shtab: install it with pip install shtab"
        ) from None
    if shell not in shtab.SUPPORTED_SHELLS:
        raise ConfigurationError(
            f"shtab {shtab.__version__} cannot write a completion script for {shell}: install a "
            "newer one with pip install -U shtab"
        )
    return str(shtab.complete(_parser(shtab.FILE), shell))


def _parser(file_completion: object) -> argparse.ArgumentParser:
    """Return the parser with completion of services, and of paths for options that take a FILE."""
    parser = arguments.parser()
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to list the options
        if action.metavar == "FILE":
            setattr(action, "complete", file_completion)  # noqa: B010 - an attribute of shtab's own
        if action.dest == "service":
            action.choices = [*NAMES, *sorted(aliases()), ALL_SERVICES]
    return parser
