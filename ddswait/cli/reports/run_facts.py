"""What the HTML report says of a run itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class RunFacts(NamedTuple):
    """What a report says of the run itself; no secret.

    Attributes:
        code: the exit code.
        ended: when the run ended, in seconds since 1970.
        endpoint: that of the service, or those of several, joined by commas.
        region: the name of the region, or "".
        project: the project of the jobs, or "" if the credentials have one.
        command: the words of the command that was run.
        resume: the words of the command that resumes the run; empty if there is nothing to wait
            for any more.
    """

    code: int = 0
    ended: float = 0.0
    endpoint: str = ""
    region: str = ""
    project: str = ""
    command: Sequence[str] = ()
    resume: Sequence[str] = ()
