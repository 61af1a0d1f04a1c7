"""Writes to a standard stream that may be closed, or whose disk may be full."""

from __future__ import annotations

import errno
import os
import stat
import sys

from ddswait.cli.exit_codes import OUTPUT_CLOSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO


_ONE_LOG = ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD")  # variables that runners set


def document(text: str) -> int:
    """Write a whole document to standard output; return the exit code.

    Returns:
        0, or 141 if it cannot be written; standard error says why, unless its reader has left.
    """
    error = write(sys.stdout, text)
    if error is None:
        return 0
    if message := loss(error):
        write(sys.stderr, message)
    return OUTPUT_CLOSED


def write(stream: TextIO, line: str) -> OSError | None:
    """Write a line at once; return the error if that is not possible."""
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as error:
        # The interpreter flushes once more when it exits; without this, that prints a traceback.
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            pass
        finally:
            os.close(nowhere)
        return error
    return None


def are_one_log(one: TextIO, other: TextIO, env: Mapping[str, str]) -> bool:
    """Return whether two streams end in the same file, pipe, terminal or log.

    The runners of GitHub Actions, GitLab and Azure Pipelines read a pipe for each of them, and show
    both in one log.

    Args:
        one: the first stream.
        other: the second stream.
        env: the environment.
    """
    try:
        numbers = one.fileno(), other.fileno()
        kinds = {stat.S_IFMT(os.fstat(number).st_mode) for number in numbers}
        are_pipes = kinds in ({stat.S_IFIFO}, {stat.S_IFSOCK})
        return os.path.sameopenfile(*numbers) or (are_pipes and any(map(env.get, _ONE_LOG)))
    except (OSError, ValueError):
        return False


def loss(error: OSError) -> str:
    """Return the message about output that is lost; "" if whoever read it has left."""
    if error.errno == errno.EPIPE:
        return ""
    cause = error.strerror or "it is closed"
    return f"ddswait: error: standard output cannot be written: {cause}"
