"""What an HTTP status and an error code mean: one table, read from the top.

Source: "Error Codes" of the DDS API reference, and the API Gateway reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.outcome import Refusal

_CLOCK = "this machine's clock is off by more than 15 minutes: set it"
_RENEW = (
    "get a new token, or use credentials that renew by themselves: an access key (AK/SK), "
    "user name and password, or an ECS agency"
)
_HINTS = (
    (".0301", f"if a token has expired, {_RENEW}"),
    (".0307", _RENEW),
    (".0303", _CLOCK),
    (".0305", _CLOCK),
    (".0101", "this host does not offer the API: check endpoint and region"),
    ("DBS.280408", "check the project ID"),
    ("DBS.280032", "ask for the permission dds:task:getDetail"),
)


def hint_of(code: str, date: str) -> str:
    """Return what the user can do about an error code, "" when only the server's words tell."""
    hint = next((hint for end, hint in _HINTS if code.endswith(end)), "")
    return clock_hint(date) if hint == _CLOCK else hint


def clock_hint(date: str) -> str:
    """Return the hint for a clock that is off; `date` is the server's."""
    return f"{_CLOCK}; the server's clock says {date}" if date else _CLOCK


def is_about_the_clock(refusal: Refusal) -> bool:
    """Whether the code itself says that the clock is off."""
    return refusal.hint.startswith(_CLOCK)
