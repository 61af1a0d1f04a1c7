"""The intervals and bounds that hold for every poll. Pure."""

from __future__ import annotations

from typing import NamedTuple

LAST_POLL = 2.0
"""Seconds that the last poll at the deadline has to be answered: a fresh TLS connection across
the world and its reply take about one."""

TRUST = 30.0
"""Poll intervals for which lists are believed that a job is running, without a single poll."""

SHORTEST_POLL = 1.0
"""Seconds before the deadline within which no other poll leaves than the last one."""


class PollSettings(NamedTuple):
    """What holds for every poll of a scheduler; times in seconds.

    `location` names endpoint and project, for messages, and `service` whose they are.
    `list_page_size` is how many jobs a list request returns at most, 0 for no
    lists. `unresolved_after` and `unknown_region_after` take the place of `unreachable_after`
    while the name of the host has never resolved, if they are shorter; see patience.py.
    """

    interval: float = 10.0
    grace: float = 60.0
    unreachable_after: float = 600.0
    request_timeout: float = 30.0
    location: str = ""
    list_page_size: int = 100
    unresolved_after: float = 60.0
    service: str = ""
    unknown_region_after: float = 5.0

    @property
    def trust(self) -> float:
        """For how long lists are believed that a job is running."""
        return TRUST * self.interval

    @property
    def longest_retry_delay(self) -> float:
        """Seconds after which a failed poll is repeated at the latest, unless asked for more."""
        return max(self.interval, SHORTEST_POLL)
