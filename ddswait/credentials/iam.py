"""IAM: a user name and a password are exchanged for tokens. Pure.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ddswait.credentials.keys import Token
from ddswait.credentials.lease_replies import CREATED, UNAUTHORIZED, read_no_lease, seconds_left
from ddswait.credentials.provider import Lease
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.service.iam_urls import token_url
from ddswait.service.problems import parse_json
from ddswait.service.replies import Request, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.provider import Send
    from ddswait.service.replies import Problem

_MARGIN = 1800.0  # seconds before the token expires: IAM may be down for so long
_DEFAULT_LIFETIME = 3600.0  # seconds, for a token whose reply does not state it


@dataclass(frozen=True, slots=True)
class Password:
    """A user name and a password, from which IAM makes tokens; they are renewed while waiting.

    Args:
        user: the name of the IAM user.
        password: hidden from `repr`; sent to `iam_endpoint` only.
        domain: the name of the account; "" if `domain_id` is set.
        iam_endpoint: such as `https://iam.ap-southeast-1.myhuaweicloud.com`; a version at its
            end is ignored.
        region: the name of the project, when its ID is not set; the default project of a region
            has the name of the region.
        project_id: the ID of the project that the tokens are valid for.
        domain_id: the ID of the account, which comes before its name.
        project_domain: the name of the account that the project belongs to; "" for that of the
            user.
        project_domain_id: the ID of that account, which comes before its name.

    Raises:
        ConfigurationError: an argument is missing; the message names it.
    """

    user: str
    password: str = field(repr=False)
    domain: str
    iam_endpoint: str
    region: str = ""
    project_id: str = ""
    domain_id: str = ""
    project_domain: str = ""
    project_domain_id: str = ""

    def __post_init__(self) -> None:
        for name in ("user", "password", "domain", "iam_endpoint"):
            if not getattr(self, name) and not (name == "domain" and self.domain_id):
                raise ConfigurationError(
                    f"the {name} is empty: set user, password, domain and IAM endpoint"
                )
        if not self.region and not self.project_id:
            raise ConfigurationError(
                "a password needs a project: set the region, the project name or the project ID"
            )

    async def obtain(self, send: Send) -> Lease | Problem:
        """Return a lease of a new token."""
        return await send(token_request(self), read_token if self.project_id else read_scoped_token)


def token_request(password: Password) -> Request:
    """Return the request for a token of the user, valid for the project of the password."""
    domain = _by_id_or_name(password.domain_id, password.domain)
    user = {"name": password.user, "password": password.password, "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": _project(password, domain)}}}
    return Request(
        "POST",
        token_url(password.iam_endpoint),
        json.dumps(body).encode(),
        secrets=(password.password,),
    )


def _project(password: Password, domain: Mapping[str, str]) -> dict[str, object]:
    """Return the project by its ID, or by its name in its domain: Keystone wants both."""
    if password.project_id:
        return {"id": password.project_id}
    own = _by_id_or_name(password.project_domain_id, password.project_domain)
    return {"name": password.region, "domain": own or domain}


def _by_id_or_name(domain_id: str, name: str) -> dict[str, str]:
    if domain_id:
        return {"id": domain_id}
    return {"name": name} if name else {}


def read_scoped_token(status: int, headers: Mapping[str, str], body: bytes) -> Lease | Problem:
    """Return what `read_token` does, if the reply must say which project the token is valid for.

    A reply whose body was lost on the way says nothing about the project, and the next may.
    """
    lease = read_token(status, headers, body)
    if isinstance(lease, Lease) and not _token_fields(body):
        return TransientFailure("the reply of IAM does not describe the token that it contains")
    return lease


def read_token(status: int, headers: Mapping[str, str], body: bytes) -> Lease | Problem:
    """Return the lease in a reply to `token_request`, or what went wrong."""
    if status != CREATED:
        problem = read_no_lease(status, headers, body)
        if isinstance(problem, Refusal) and status == UNAUTHORIZED:
            return replace(problem, hint="check user name, password and domain")
        return problem
    try:
        token = Token(headers.get("X-Subject-Token", ""))
    except ConfigurationError:
        return TransientFailure("the reply of IAM contains no valid token")
    fields = _token_fields(body)
    project = fields.get("project")
    project_id = project.get("id") if isinstance(project, dict) else ""
    left = seconds_left(fields.get("expires_at"), headers.get("Date", ""), fields.get("issued_at"))
    lifetime = _DEFAULT_LIFETIME if left is None else left
    renew_in = max(lifetime - _MARGIN, lifetime / 2)
    return Lease(token, renew_in, project_id if isinstance(project_id, str) else "")


def _token_fields(body: bytes) -> Mapping[str, object]:
    """Return what the reply says about the token; the token itself is in a header."""
    document = parse_json(body)
    fields = document.get("token") if isinstance(document, dict) else None
    return fields if isinstance(fields, dict) else {}
