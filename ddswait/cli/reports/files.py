"""The report files: checked before the first poll, written at the end of the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.errors import InputError
from ddswait.storage import sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.cli.job_table import JobTable
    from ddswait.cli.options import Options
    from ddswait.cli.reports.run_facts import RunFacts


def check(options: Options) -> None:
    """Check that every file can be written, now and not after an hour of polling.

    Raises:
        InputError: a file cannot be written, or two options name the same file.
    """
    for option, path in (("--report", options.report), ("--junit", options.junit)):
        if path:
            _check(option, Path(path))
    paths = (options.report, options.junit, options.state, options.history)
    named = [str(Path(path).resolve()) for path in paths if path]
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


def write(options: Options, table: JobTable, run: RunFacts, env: Mapping[str, str]) -> list[str]:
    """Write every requested file.

    Args:
        options: the options.
        table: all jobs; every wait has ended.
        run: how the run was and how it ended.
        env: the environment.

    Returns:
        A message for each file that could not be written; the exit code stays as it is.
    """
    problems = []
    if options.junit:
        from ddswait.cli.reports import junit

        problems += _written("--junit", options.junit, junit.document(table, run.ended))
    if options.report:
        from ddswait.cli.reports import html

        problems += _written("--report", options.report, html.document(table, run))
    if is_github(options, env):
        from ddswait.cli.reports import github

        try:
            github.write(table, run.code, env)
        except OSError as error:
            problems.append(
                f"GITHUB_STEP_SUMMARY or GITHUB_OUTPUT was not written: {error.strerror}"
            )
    return problems


def is_github(options: Options, env: Mapping[str, str]) -> bool:
    """Return whether to write for GitHub Actions: in a workflow, or with `--github`."""
    return options.github or env.get("GITHUB_ACTIONS") == "true"


def _written(option: str, path: str, text: str) -> list[str]:
    try:
        # Not replaced by a new file: it may be /dev/stdout, or a file that another program reads.
        with Path(path).open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if stream.seekable():
                sync(stream.fileno())
    except OSError as error:
        return [f"{option} {path} was not written: {error.strerror}"]
    return []
