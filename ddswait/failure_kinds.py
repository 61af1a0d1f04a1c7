"""The kinds of failures of a request, in the two or three words that people read in a row."""

from __future__ import annotations

DNS = "DNS"
UNKNOWN_REGION = "unknown region"
CONNECTION_REFUSED = "connection refused"
CONNECTION_RESET = "connection reset"
CONNECTION_CLOSED = "connection closed"
NO_ROUTE = "no route"
TLS = "TLS"
PROXY = "proxy"
NO_REPLY = "no reply"
UNUSABLE_REPLY = "unusable reply"
THROTTLED = "too many requests"
REFUSED = "refused"
SYSTEM = "system error"
UNKNOWN = "unknown error"

UNRESOLVED = frozenset({DNS, UNKNOWN_REGION})
"""What fails because the name of a host does not resolve."""

_SILENT = frozenset({NO_REPLY, SYSTEM, UNKNOWN})  # the host was perhaps not even asked for


def shows_name(kind: str) -> bool | None:
    """Return whether a failure of this kind shows that the name of the host resolves.

    Returns:
        True or False; None if the kind says nothing about the name.
    """
    return None if kind in _SILENT else kind not in UNRESOLVED


def http(status: int) -> str:
    """Return the kind of a reply by its HTTP status; 0 if the request did not leave."""
    return f"HTTP {status}" if status else REFUSED


def proxy(status: int) -> str:
    """Return the kind of a proxy's reply that refuses to connect."""
    return f"{PROXY}: {http(status)}"
