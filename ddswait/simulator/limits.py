"""Rate limits as the API Gateway enforces and words them. Pure: the time is an argument.

Source: error APIGW.0308 of the API Gateway reference.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

Policy = Literal["user", "ip", "api"]

_UNITS = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0))


@dataclass(slots=True)
class Limit:
    """A number of requests in a window of time. Refused requests count as well.

    Attributes:
        count: how many requests may pass in one window.
        seconds: the length of the window.
        policy: whom the message names; the simulator has one client only.
        fixed: whether windows follow one another from second 0 on, instead of sliding.
    """

    count: int
    seconds: float
    policy: Policy = "user"
    fixed: bool = False
    _counted: deque[float] = field(default_factory=deque)

    def refusal(self, now: float) -> str | None:
        """Count a request; return the message that refuses it, or None if it may pass."""
        self._forget(now)
        self._counted.append(now)
        return None if len(self._counted) <= self.count else self._message()

    def _forget(self, now: float) -> None:
        """Drop the requests that the window has left behind."""
        counted = self._counted
        begin = now // self.seconds * self.seconds if self.fixed else now - self.seconds
        # A fixed window contains its first moment; a sliding one contains its last.
        while counted and (counted[0] < begin or (counted[0] == begin and not self.fixed)):
            counted.popleft()

    def _message(self) -> str:
        unit, length = next(each for each in _UNITS if self.seconds % each[1] == 0)
        return (
            f"The throttling threshold has been reached: policy {self.policy} over ratelimit,"
            f"limit:{self.count},time:{int(self.seconds // length)} {unit}"
        )
