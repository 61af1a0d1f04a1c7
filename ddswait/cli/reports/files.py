"""The files that a run leaves behind: found unwritable before polling, written at the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.cli.job_table import JobTable
    from ddswait.cli.options import Options


def check(options: Options) -> None:
    """Find out now what would else be found out after an hour.

    Raises:
        InputError: a file cannot be written; the message names option, path and mend.
    """
    paths = {option: getattr(options, option) for option in ("report", "junit")}
    for option, path in paths.items():
        if path:
            _check(f"--{option}", Path(path))
    kept = (*paths.values(), options.state, options.history)
    named = [str(Path(path).resolve()) for path in kept if path]
    if twice := [path for path in named if named.count(path) > 1]:
        raise InputError(f"two options name the file {twice[0]}: give each its own")


def _check(option: str, path: Path) -> None:
    hint = "name a file in a folder that can be written to"
    if path.is_dir() or path.is_fifo():
        what = "a folder" if path.is_dir() else "a pipe"
        raise InputError(f"{option} {path} is {what}: {hint}")
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise InputError(f"{option} {path} cannot be written: {error.strerror}: {hint}") from None


def write(
    options: Options, table: JobTable, code: int, now: float, env: Mapping[str, str]
) -> list[str]:
    """Write every file that was asked for; return what went wrong, which changes no verdict."""
    wrong = []
    if options.junit:
        from ddswait.cli.reports import junit

        wrong += _written("--junit", options.junit, junit.document(table, code, now))
    if options.report:
        from ddswait.cli.reports import html as report

        wrong += _written("--report", options.report, report.document(table, code, now))
    if is_github(options, env):
        from ddswait.cli.reports import github

        try:
            github.write(table, code, env)
        except OSError as error:
            wrong.append(f"GITHUB_STEP_SUMMARY or GITHUB_OUTPUT was not written: {error.strerror}")
    return wrong


def is_github(options: Options, env: Mapping[str, str]) -> bool:
    """Whether this runs in a GitHub workflow, or shall behave as if."""
    return bool(options.github) or env.get("GITHUB_ACTIONS") == "true"


def _written(option: str, path: str, text: str) -> list[str]:
    try:
        # Not replaced as a whole: it may be /dev/stdout, or a file that something else watches.
        with Path(path).open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if stream.seekable():
                os.fsync(stream.fileno())
    except OSError as error:
        return [f"{option} {path} was not written: {error.strerror}"]
    return []
