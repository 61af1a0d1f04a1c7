"""IAM in bytes: user name and password to a token. Pure.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication".
"""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ddswait.api import Fault, Reply, Request, read_error
from ddswait.auth import Lease, Token
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.auth import Password

_MARGIN = 1800.0  # seconds before the end: an IAM that is down for a while loses no job
_LIFETIME = 3600.0  # believed of a token whose reply does not say


def token_request(password: Password) -> Request:
    """Return the request for a token of the password's user, scoped to its project."""
    user = {
        "name": password.user,
        "password": password.password,
        "domain": {"name": password.domain},
    }
    project = {"id": password.project_id} if password.project_id else {"name": password.region}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": project}}}
    url = f"{password.iam_endpoint}/v3/auth/tokens?nocatalog=true"
    return Request("POST", url, json.dumps(body).encode())


def read_token(status: int, headers: Mapping[str, str], body: bytes) -> Lease | Reply:
    """Return the token of a reply, or why there is none."""
    if status != 201:  # noqa: PLR2004 - the status that the reference documents
        reply = read_error(status, headers, body)
        return reply if status >= 300 else Fault(f"HTTP {status} brought no token")  # noqa: PLR2004
    try:
        token = Token(headers.get("X-Subject-Token", ""))
    except ConfigurationError:
        return Fault("the reply of IAM brought no usable token")
    try:
        told = json.loads(body)["token"]
        project_id = str((told.get("project") or {}).get("id") or "")
        lifetime = _lifetime(str(told.get("expires_at")), headers.get("Date", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Lease(token, _LIFETIME / 2)
    return Lease(token, max(lifetime - _MARGIN, lifetime / 2), project_id)


def _lifetime(expires_at: str, date: str) -> float:
    """Return the seconds that are left, by the server's own clock."""
    left = datetime.fromisoformat(expires_at) - parsedate_to_datetime(date)
    return max(left.total_seconds(), 1.0)
