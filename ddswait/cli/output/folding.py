"""Lines that the log viewer of a CI service folds.

Sources: "Workflow commands for GitHub Actions", grouping log lines; GitLab's "CI/CD job logs",
custom collapsible sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLEAR = "\x1b[0K"  # hides the marker on a terminal, as GitLab documents


class Fold(NamedTuple):
    """The lines before and after those that are folded."""

    begin: str
    end: str


def fold(env: Mapping[str, str], title: str, now: float) -> Fold | None:
    """Return what folds lines in this log; None if no service is known that does.

    Args:
        env: the environment.
        title: what stays visible.
        now: the time, in seconds since 1970.
    """
    if env.get("GITHUB_ACTIONS"):
        return Fold(f"::group::{title}", "::endgroup::")
    if env.get("GITLAB_CI"):
        # Sections of one name cannot be told apart, and a job may run ddswait twice.
        section = f"{now:.0f}:ddswait_{now * 1000:.0f}\r{_CLEAR}"
        return Fold(f"{_CLEAR}section_start:{section}{title}", f"{_CLEAR}section_end:{section}")
    return None
