"""Verifies SDK-HMAC-SHA256 signatures, and locks keys that are refused too often. Pure.

Written from the published description of the signature, apart from the client's signer: what
both get wrong alike, no test would find.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK = "the time of the request differs too much from the server's"
_SKEW = timedelta(minutes=15)
_REFUSALS = 5  # in a row; one more locks the key
_LOCKED = 300.0  # seconds

_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came: the path and the query exactly as sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Account:
    secret: str
    security_token: str | None
    ends: float = inf
    refusals: int = 0
    locked_until: float = 0.0


@dataclass(slots=True)
class Keys:
    """The access keys that are known; times in simulated seconds."""

    _accounts: dict[str, _Account] = field(default_factory=dict)

    def add(
        self,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        until: float = inf,
    ) -> None:
        """Let a key be known, until some time."""
        self._accounts[access_key] = _Account(secret_key, security_token, until)

    def end_all(self) -> None:
        """Let every key end now."""
        for account in self._accounts.values():
            account.ends = -inf

    def remove(self, access_key: str) -> None:
        """Revoke a key."""
        del self._accounts[access_key]

    def refusal(self, request: Signed, now: float, present: datetime) -> str | None:
        """Return why a signed request is refused, None when it is accepted."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            return "authorization header is malformed"
        account = self._accounts.get(found[1])
        if account is None:
            return "verify aksk signature fail, access key is unknown"
        if now >= account.ends:
            return "the security token has expired"
        if now < account.locked_until:
            return "the access key is locked"
        reason = self._fault(request, account, found[2], found[3], present)
        account.refusals = account.refusals + 1 if reason else 0
        if account.refusals > _REFUSALS:
            account.locked_until = now + _LOCKED
        return reason

    @staticmethod
    def _fault(
        request: Signed, account: _Account, names: str, signature: str, present: datetime
    ) -> str | None:
        signed = names.split(";")
        if not {"host", "x-sdk-date"} <= set(signed):
            return "host and x-sdk-date must be signed"
        try:
            date = datetime.strptime(request.headers["X-Sdk-Date"], "%Y%m%dT%H%M%S%z")
        except (KeyError, ValueError):
            return "x-sdk-date is missing or malformed"
        if abs(date - present) > _SKEW:
            return CLOCK
        if request.headers.get("X-Security-Token") != account.security_token:
            return "security token is wrong"
        digest = hashlib.sha256(_canonical(request, signed).encode()).hexdigest()
        text = f"SDK-HMAC-SHA256\n{request.headers['X-Sdk-Date']}\n{digest}"
        expected = hmac.digest(account.secret.encode(), text.encode(), "sha256").hex()
        return None if hmac.compare_digest(expected, signature) else "verify aksk signature fail"


def _canonical(request: Signed, signed: list[str]) -> str:
    path = "".join(
        f"{quote(unquote_plus(part.replace('+', '%2B')), safe='~')}/"
        for part in request.path.rstrip("/").split("/")
    )
    pairs = []
    for pair in request.query.split("&") if request.query else []:
        name, _, value = pair.partition("=")
        pairs.append((unquote_plus(name), unquote_plus(value)))
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(pairs))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed)
    payload = hashlib.sha256(request.body).hexdigest()
    return f"{request.method}\n{path}\n{query}\n{headers}\n{';'.join(signed)}\n{payload}"
