"""Times in replies: HTTP dates, `Retry-After`, and the times of records."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_RETRY_AFTER = 86400.0
# A clock outside these years is wrong, and a month before or after it may not even be a date.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def seconds_since_epoch(date: str) -> float | None:
    """Return a `Date` header in seconds since 1970; None outside the years 2000 to 2100."""
    try:
        moment = _parse(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if _EARLIEST < moment < _LATEST else None


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a reply asks to wait, 0.0 for none; never more than a day.

    Args:
        headers: looked up without regard to case.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), _LONGEST_RETRY_AFTER)
    try:
        # The reply's own Date is the only clock that an HTTP date can be compared with here.
        wait = _parse(value) - _parse(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _LONGEST_RETRY_AFTER)


def _parse(date: str) -> float:
    """Return an HTTP date in seconds since 1970.

    Raises:
        ValueError: it is not a date.
        TypeError: as ValueError; the library raises both.
        OverflowError: its year or time zone is beyond what a date can hold.
    """
    return parsedate_to_datetime(date).timestamp()


def parse_time(value: object) -> datetime | None:
    """Return a time of a record, timezone-aware; None when it is absent or unreadable."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
