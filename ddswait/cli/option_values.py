"""Reads the values of options other than durations and plain texts."""

from __future__ import annotations


def parse_wait_for(text: str) -> int | None:
    """Return how many jobs must complete; None for all.

    Raises:
        InputError: the text is neither `all` nor `any` nor a number from 1 up.
    """
    from ddswait import policy  # slow to import for a usage error

    return policy.parse_wait_for(text)


def checked_rate(text: str) -> str:
    """Return a rate if it can be used.

    Raises:
        InputError: it cannot be; the message says how to write one.
    """
    from ddswait.scheduler.rate_limiter import parse_rate  # slow to import for a usage error

    parse_rate(text)
    return text
