"""The command that resumes a run whose jobs have not all ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ddswait.cli.job_table import JobTable

_MOST_IN_A_COMMAND = 20  # IDs; more are piped


def resume(
    table: JobTable, arguments: argparse.Namespace, parser: argparse.ArgumentParser
) -> list[str]:
    """Return the lines that tell how to go on waiting; none when nothing is open."""
    open_ends = [
        entry for entry in table if entry.outcome is None or entry.outcome.facts.may_still_complete
    ]
    if not open_ends:
        return []
    if arguments.state:
        words = list(_options(arguments, parser, set()))
        kinds = {entry.outcome.kind for entry in open_ends if entry.outcome}
        if kinds & {OutcomeKind.TIMED_OUT, OutcomeKind.NOT_READY} and arguments.timeout is None:
            words += ["--timeout", "1h"]  # the first deadline has passed
        return ["", "to go on:", f"  {shlex.join(['ddswait', *words])}"]
    words = [
        f"{entry.label}={entry.job_id}" if entry.label else entry.job_id for entry in open_ends
    ]
    needed = (arguments.wait_for or 0) - table.tally[OutcomeKind.COMPLETED]
    policy = ["--wait-for", str(needed)] if 0 < needed < len(words) else []
    options = [*_options(arguments, parser, {"wait_for"}), *policy]
    if len(words) <= _MOST_IN_A_COMMAND:
        return ["", "to go on:", f"  {shlex.join(['ddswait', *options, *words])}"]
    command = shlex.join(["ddswait", *options, "-"])
    return ["", f"to go on, pipe these lines to: {command}", *words]


def _options(
    arguments: argparse.Namespace, parser: argparse.ArgumentParser, left_out: set[str]
) -> Sequence[str]:
    """Return the options that were given, as words."""
    words: list[str] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        value = getattr(arguments, action.dest, None)
        given = action.option_strings and value is not None and value != action.default
        if not given or action.dest in left_out:
            continue
        words.append(action.option_strings[-1])
        if value is not True:
            words.append(f"{value:g}" if isinstance(value, float) else str(value))
    return words
