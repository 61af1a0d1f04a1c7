"""Verifies SDK-HMAC-SHA256 signatures, and locks keys that are refused too often. Pure.

Written from the published description of the signature and not from the client's signer: a
mistake that both shared would pass every test.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

# Captured from a live service.
EXPIRED = "calc aksk signature fail:signature expired"
_CLOCK_TOLERANCE = timedelta(minutes=15)
_REFUSALS = 5  # in a row; one more locks the key
_LOCK_SECONDS = 300.0
_MUST_SIGN = {"host", "x-sdk-date"}

_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it arrived: path and query are exactly the characters that were sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Account:
    """What the server knows about one access key."""

    secret: str
    security_token: str | None
    ends: float = inf
    refusals: int = 0
    locked_until: float = 0.0


@dataclass(slots=True)
class Keys:
    """The access keys that the server knows. Times are in simulated seconds."""

    _accounts: dict[str, _Account] = field(default_factory=dict)

    def add(
        self,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        until: float = inf,
    ) -> None:
        """Accept a key, until some time.

        Args:
            access_key: the AK.
            secret_key: the SK.
            security_token: the token that requests must send along; None for permanent keys.
            until: when the key expires, in simulated seconds.
        """
        self._accounts[access_key] = _Account(secret_key, security_token, until)

    def end_all(self) -> None:
        """Let every key expire now."""
        for account in self._accounts.values():
            account.ends = -inf

    def refusal(self, request: Signed, now: float, present: datetime) -> str | None:
        """Return why a signed request is refused, or None if it is accepted.

        Args:
            request: the request; its headers contain `Authorization`.
            now: the present in simulated seconds, for keys that expire or are locked.
            present: the present as wall time, to compare the date of the request with.
        """
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            return "authorization header is malformed"
        access_key, names, signature = found.groups()
        account = self._accounts.get(access_key)
        if account is None:
            return "verify aksk signature fail, access key is unknown"
        if now >= account.ends:
            return "the security token has expired"
        if now < account.locked_until:
            return "the access key is locked"
        reason = _check(request, account, names.split(";"), signature, present)
        account.refusals = account.refusals + 1 if reason else 0
        if account.refusals > _REFUSALS:
            account.locked_until = now + _LOCK_SECONDS
        return reason


def _check(
    request: Signed, account: _Account, names: list[str], signature: str, present: datetime
) -> str | None:
    """Return what is wrong with a signature by a known key, or None."""
    if not set(names) >= _MUST_SIGN:
        return "host and x-sdk-date must be signed"
    try:
        date = datetime.strptime(request.headers["X-Sdk-Date"], "%Y%m%dT%H%M%S%z")
    except (KeyError, ValueError):
        return "x-sdk-date is missing or malformed"
    if abs(date - present) > _CLOCK_TOLERANCE:
        own, server = request.headers["X-Sdk-Date"], present.strftime("%Y%m%dT%H%M%SZ")
        return f"{EXPIRED}, signature time:{own},server time:{server}"
    if request.headers.get("X-Security-Token") != account.security_token:
        return "security token is wrong"
    expected = _signature(request, account.secret, names)
    return None if hmac.compare_digest(expected, signature) else "verify aksk signature fail"


def _signature(request: Signed, secret: str, names: list[str]) -> str:
    digest = hashlib.sha256(_canonical_request(request, names).encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{request.headers['X-Sdk-Date']}\n{digest}"
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def _canonical_request(request: Signed, names: list[str]) -> str:
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    payload = hashlib.sha256(request.body).hexdigest()
    path, query = _canonical_path(request.path), _canonical_query(request.query)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{';'.join(names)}\n{payload}"


def _canonical_path(path: str) -> str:
    """Return the path with each segment encoded; the description ends it in a slash."""
    segments = path.rstrip("/").split("/")
    return "".join(f"{quote(unquote(segment), safe='~')}/" for segment in segments)


def _canonical_query(query: str) -> str:
    pairs = []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        pairs.append((unquote_plus(name), unquote_plus(value)))
    return "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(pairs))
