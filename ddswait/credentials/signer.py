"""SDK-HMAC-SHA256: Huawei Cloud's request signature, over the standard library. Pure.

Source: "Signing API requests with AK/SK" of the API Gateway documentation, and the official SDK,
whose signatures `tests/samples/signing-vectors.json` records.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALGORITHM = "SDK-HMAC-SHA256"


def stamp(moment: datetime) -> str:
    """Return a UTC moment as `X-Sdk-Date` wants it: `20240102T030405Z`."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def sign(  # noqa: PLR0913, PLR0917 - the parts that go into a signature
    access_key: str,
    secret_key: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> str:
    """Return the `Authorization` header of a request.

    Args:
        access_key: the AK; it is part of the header.
        secret_key: the SK; it is not.
        method: `GET`, `POST`, ...
        url: exactly what will be requested.
        headers: every header that will be set, `Host` and `X-Sdk-Date` among them.
        body: exactly what will be sent.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    request = canonical_request(method, url, named, body)
    digest = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{named['x-sdk-date']}\n{digest}"
    signature = hmac.new(secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    signed = ";".join(sorted(named))
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={signed}, Signature={signature}"


def canonical_request(method: str, url: str, named: Mapping[str, str], body: bytes) -> str:
    """Return the text that is hashed and signed; `named` has lower-case header names."""
    parts = urlsplit(url)
    lines = (f"{name}:{named[name]}\n" for name in sorted(named))
    return "\n".join(
        (
            method.upper(),
            _canonical_path(parts.path),
            canonical_query(parts.query),
            "".join(lines),
            ";".join(sorted(named)),
            hashlib.sha256(body).hexdigest(),
        )
    )


def _canonical_path(path: str) -> str:
    segments = (_escaped(unquote(segment)) for segment in path.split("/"))
    canonical = "/".join(segments)
    # The real path has no slash at its end; the signed one does.
    return canonical if canonical.endswith("/") else f"{canonical}/"


def canonical_query(query: str) -> str:
    """Return a query as it is signed, and therefore must be sent: sorted, strictly escaped."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)


def _escaped(text: str) -> str:
    return quote(text, safe="~")
