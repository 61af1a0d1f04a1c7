"""What the replies of all credential services have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.service.dates import parse_time, seconds_since_epoch
from ddswait.service.problems import read_problem
from ddswait.service.replies import TransientFailure, UnknownJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.service.replies import Problem

CREATED = 201
OK = 200
UNAUTHORIZED = 401
NOT_FOUND = 404


def read_no_lease(status: int, headers: Mapping[str, str], body: bytes) -> Problem:
    """Return what a reply without credentials means."""
    problem = read_problem(status, headers, body)
    # The body of a successful reply may contain credentials, so it is not quoted.
    if status < 300 or isinstance(problem, UnknownJob):  # noqa: PLR2004 - HTTP's range of success
        return TransientFailure(f"the reply (HTTP {status}) contains no credentials")
    return problem


def seconds_left(expires_at: object, date: str, issued_at: object = None) -> float | None:
    """Return the seconds until a key expires, by the server's own clock; at least one.

    Args:
        expires_at: when the key expires, as an ISO 8601 date and time.
        date: the `Date` header of the reply; some gateways send none.
        issued_at: when the key was made, should the reply have no `Date`.

    Returns:
        The seconds; None when the reply does not say when the key expires, or what time it is.
    """
    end, issued = parse_time(expires_at), parse_time(issued_at)
    present = seconds_since_epoch(date)
    if present is None and issued is not None:
        present = issued.timestamp()
    if end is None or present is None:
        return None
    return max(end.timestamp() - present, 1.0)
