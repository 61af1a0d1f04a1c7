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
    """So many requests in any window of so many seconds; a refused one counts as well.

    Attributes:
        count: requests.
        seconds: the window.
        policy: whom it counts; here there is one client only.
        fixed: whether windows follow one another from second 0 on, instead of sliding.
    """

    count: int
    seconds: float
    policy: Policy = "user"
    fixed: bool = False
    _seen: deque[float] = field(default_factory=deque)

    def refusal(self, now: float) -> str | None:
        """Count a request; return the message that refuses it, None when it may pass."""
        begin = now // self.seconds * self.seconds if self.fixed else now - self.seconds
        while self._seen and (self._seen[0] < begin if self.fixed else self._seen[0] <= begin):
            self._seen.popleft()
        self._seen.append(now)
        if len(self._seen) <= self.count:
            return None
        unit, length = next(each for each in _UNITS if self.seconds % each[1] == 0)
        return (
            f"The throttling threshold has been reached: policy {self.policy} over ratelimit,"
            f"limit:{self.count},time:{int(self.seconds // length)} {unit}"
        )
