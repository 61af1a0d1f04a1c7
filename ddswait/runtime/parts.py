"""What the blocks of one waiter share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.events import Event
    from ddswait.runtime.client import Client
    from ddswait.scheduler.durations import Durations
    from ddswait.scheduler.patience import Patiences
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.scheduler.rate_limiter import RateLimiter


class Parts(NamedTuple):
    """What the blocks of one waiter share.

    Attributes:
        client: sends the requests.
        settings: intervals and bounds, in seconds.
        rate_limiter: how many requests may leave.
        durations: how long past jobs took.
        patiences: how long each host may be unreachable.
        rate: the requests in so many seconds that the user allows.
        connections: how many requests may be under way at once.
        on_event: is called with each event; None for nobody.
        shared: whether they may share a channel with those of other waiters.
    """

    client: Client
    settings: PollSettings
    rate_limiter: RateLimiter
    durations: Durations
    patiences: Patiences
    rate: tuple[int, float]
    connections: int
    on_event: Callable[[Event], object] | None
    shared: bool
