"""Runs one target under atheris, which guides its inputs by the code that they reach.

A process of its own, since atheris instruments modules as they are imported, and ends the process:

    python -m tests.fuzz.engine NAME PROGRAM [OPTION_OF_LIBFUZZER...]

libFuzzer starts PROGRAM with options of its own where it needs another process.
"""

from __future__ import annotations

import sys

import atheris

PARSERS = ("ddswait", "email", "configparser", "yaml", "urllib.parse", "ipaddress", "argparse")
"""What is instrumented: ddswait, and the parsers that it passes texts to."""


def main(name: str, arguments: list[str]) -> None:
    """Fuzz a target: the arguments are the program and the options of libFuzzer."""
    # Python's own start has imported some of them already.
    for module in [each for each in sys.modules if each.startswith(PARSERS)]:
        del sys.modules[module]
    with atheris.instrument_imports(include=list(PARSERS)):
        from tests.fuzz.targets import TARGETS
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
