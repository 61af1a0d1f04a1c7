"""The report files: checked before the first poll, written at the end of the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from ddswait.cli.job_table import JobTable


def check(arguments: argparse.Namespace) -> None:
    """Check that every file can be written, now and not after an hour of polling.

    Raises:
        InputError: a file cannot be written, or two options name the same file.
    """
    paths = {option: getattr(arguments, option) for option in ("report", "junit")}
    for option, path in paths.items():
        if path:
            _check(f"--{option}", Path(path))
    kept = (*paths.values(), arguments.state, arguments.history)
    named = [str(Path(path).resolve()) for path in kept if path]
    if twice := [path for path in named if named.count(path) > 1]:
        raise InputError(f"two options name the file {twice[0]}: give each option its own file")


def _check(option: str, path: Path) -> None:
    hint = "name a file in a writable folder"
    if path.is_dir() or path.is_fifo():
        what = "a folder" if path.is_dir() else "a pipe"
        raise InputError(f"{option} {path} is {what}: {hint}")
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    except OSError as error:
        raise InputError(f"{option} {path} cannot be written ({error.strerror}): {hint}") from None


def write(
    arguments: argparse.Namespace, table: JobTable, code: int, now: float, env: Mapping[str, str]
) -> list[str]:
    """Write every requested file.

    Args:
        arguments: the options.
        table: all jobs; every wait has ended.
        code: the exit code.
        now: when the run ended, in seconds since 1970.
        env: the environment.

    Returns:
        A message for each file that could not be written; the exit code stays as it is.
    """
    problems = []
    if arguments.junit:
        from ddswait.cli.reports import junit

        problems += _written("--junit", arguments.junit, junit.document(table, code, now))
    if arguments.report:
        from ddswait.cli.reports import html

        problems += _written("--report", arguments.report, html.document(table, code, now))
    if is_github(arguments, env):
        from ddswait.cli.reports import github

        try:
            github.write(table, code, env)
        except OSError as error:
            problems.append(
                f"GITHUB_STEP_SUMMARY or GITHUB_OUTPUT was not written: {error.strerror}"
            )
    return problems


def is_github(arguments: argparse.Namespace, env: Mapping[str, str]) -> bool:
    """Return whether to write for GitHub Actions: in a workflow, or with `--github`."""
    return bool(arguments.github) or env.get("GITHUB_ACTIONS") == "true"


def _written(option: str, path: str, text: str) -> list[str]:
    try:
        # Not replaced by a new file: it may be /dev/stdout, or a file that a program watches.
        with Path(path).open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if stream.seekable():
                os.fsync(stream.fileno())
    except OSError as error:
        return [f"{option} {path} was not written: {error.strerror}"]
    return []
