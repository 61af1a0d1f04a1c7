"""The clock of the simulated cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(kw_only=True, eq=False, repr=False)
class Clock:
    """Simulated seconds, and the wall time that belongs to them.

    Attributes:
        time: returns the seconds of the clock that drives the simulation.
        speed: simulated seconds per second of that clock. Only what happens is faster: the wall
            time is that of the clients, so ages and durations are right on their clocks.
        epoch: the wall time at simulated second 0; the present by default.
    """

    time: Callable[[], float]
    speed: float = 1.0
    epoch: datetime = field(default_factory=lambda: datetime.now(UTC))
    _started: float = field(init=False, default=0.0)

    def start(self) -> None:
        """Make the present simulated second 0."""
        self._started = self.time()

    def now(self) -> float:
        """Return the simulated seconds since the start."""
        return (self.time() - self._started) * self.speed

    def present(self) -> datetime:
        """Return the wall time."""
        return self.wall_time(self.now())

    def wall_time(self, seconds: float) -> datetime:
        """Return the wall time at a moment in simulated seconds."""
        return self.epoch + timedelta(seconds=seconds / self.speed)
