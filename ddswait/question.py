"""What an agenda asks, and the answers that are no replies of DDS."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ddswait.watch import Watch


class Ask(NamedTuple):
    """Look at one job; the answer goes back to `Agenda.take`. `lease` counts the renewals."""

    job_id: str
    watch: Watch
    lease: int = 0

    @property
    def by(self) -> float:
        """When the look is cut, if it has not been answered."""
        return self.watch.by if self.watch.by is not None else inf


class Renew(NamedTuple):
    """Obtain new credentials, until `by`; the answer goes back to `Agenda.take`."""

    by: float


class Renewed(NamedTuple):
    """New credentials are in use, and are to be renewed after so many seconds; None for never."""

    renew_in: float | None


class Rest(NamedTuple):
    """Nothing to ask before `until`."""

    until: float
