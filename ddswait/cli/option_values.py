"""Reads the values of options other than durations and plain texts."""

from __future__ import annotations

ALL_SERVICES = "all"
"""What `--check --service` takes for every service."""


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


def checked_path(text: str) -> str:
    """Return the path of a file that ddswait writes.

    Raises:
        InputError: it is empty, as where a variable without its value stood.
    """
    if not text:
        from ddswait.errors import InputError  # late: seldom needed

        raise InputError("the name of the file is empty: give one, or leave the option out")
    return text


def checked_service(text: str) -> str:
    """Return the name of a service, which may be given by an alias; or `ALL_SERVICES`.

    Raises:
        InputError: no service has this name; the message suggests one.
    """
    from ddswait.service.registry import canonical  # late: few command lines name a service

    return text if text == ALL_SERVICES else canonical(text)
