"""The kinds of failures of a request, in the two or three words that people read in a row."""

from __future__ import annotations

DNS = "DNS"
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


def http(status: int) -> str:
    """Return the kind of a reply by its HTTP status; 0 if the request did not leave."""
    return f"HTTP {status}" if status else REFUSED


def proxy(status: int) -> str:
    """Return the kind of a proxy's reply that refuses to connect."""
    return f"{PROXY}: {http(status)}"
