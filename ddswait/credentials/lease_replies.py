"""What the replies of all credential services have in common. Pure."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ddswait.outcome import Refusal
from ddswait.service.problems import read_problem
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED = 201
OK = 200
UNAUTHORIZED = 401
NOT_FOUND = 404

NoLease = TransientFailure | Throttled | Refusal
"""Why a credential service returned no lease."""


def read_no_lease(status: int, headers: Mapping[str, str], body: bytes) -> NoLease:
    """Return what a reply without credentials means."""
    problem = read_problem(status, headers, body)
    # The body of a successful reply may contain credentials, so it is not quoted.
    if status < 300 or not isinstance(problem, NoLease):  # noqa: PLR2004 - HTTP's range of success
        return TransientFailure(f"the reply (HTTP {status}) contains no credentials")
    return problem


def seconds_left(expires_at: str, date: str) -> float:
    """Return the seconds until a key expires, by the server's own clock; at least one.

    Args:
        expires_at: when the key expires, as an ISO 8601 date and time.
        date: the `Date` header of the reply.

    Raises:
        ValueError: one of the two is not a date, or a number in it is too large.
        TypeError: `expires_at` has no time zone.
    """
    try:
        left = datetime.fromisoformat(expires_at) - parsedate_to_datetime(date)
    except OverflowError as error:
        raise ValueError(f"not a date: {error}") from None
    return max(left.total_seconds(), 1.0)
