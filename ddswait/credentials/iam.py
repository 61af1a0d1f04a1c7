"""IAM: user name and password to a token, and a project's name to its ID. Pure.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication" and
"Querying Project Information".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from ddswait.credentials.keys import AccessKey, Lease, Token
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.service.problems import read_problem
from ddswait.service.replies import Request, Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.keys import CredentialProvider, Key, Send

_MARGIN = 1800.0  # seconds before the end: an IAM that is down for a while loses no job
_LIFETIME = 3600.0  # believed of a token whose reply does not say
_SHOWN = 10  # projects that a message lists


@dataclass(frozen=True, slots=True)
class Password:
    """A user's name and password, from which IAM makes tokens, renewed while waiting.

    Args:
        user: the IAM user.
        password: hidden from `repr`; sent to `iam_endpoint` only.
        domain: the account's name.
        iam_endpoint: such as `https://iam.ap-southeast-1.myhuaweicloud.com`; a version at its end
            is left out.
        region: the project's name, when its ID is not given; a region's own project is named
            like the region.
        project_id: the project that the tokens are for.

    Raises:
        ConfigurationError: something is missing; the message names it.
    """

    user: str
    password: str = field(repr=False)
    domain: str
    iam_endpoint: str
    region: str = ""
    project_id: str = ""

    def __post_init__(self) -> None:
        for name in ("user", "password", "domain", "iam_endpoint"):
            if not getattr(self, name):
                raise ConfigurationError(f"the {name} is empty: a password needs user, domain, IAM")
        if not self.region and not self.project_id:
            raise ConfigurationError("a password needs the region or the project ID to be scoped")

    async def obtain(self, send: Send) -> Lease | TransientFailure | Throttled | Refusal:
        """Return a lease of a new token."""
        return await send(token_request(self), read_token)


def root_of(iam_endpoint: str) -> str:
    """Return where IAM is, without a version.

    Keystone's URL, as users keep it, ends in the version that every request names anyway.
    """
    return iam_endpoint.rstrip("/").removesuffix("/v3").rstrip("/")


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
    url = f"{root_of(password.iam_endpoint)}/v3/auth/tokens?nocatalog=true"
    return Request("POST", url, json.dumps(body).encode())


def read_token(
    status: int, headers: Mapping[str, str], body: bytes
) -> Lease | TransientFailure | Throttled | Refusal:
    """Return the token of a reply, or why there is none."""
    if status != 201:  # noqa: PLR2004 - the status that the reference documents
        reply = no_lease(status, headers, body)
        if isinstance(reply, Refusal) and status == 401:  # noqa: PLR2004
            return replace(reply, hint="check user name, password and domain")
        return reply
    try:
        token = Token(headers.get("X-Subject-Token", ""))
    except ConfigurationError:
        return TransientFailure("the reply of IAM brought no usable token")
    try:
        told = json.loads(body)["token"]
        project_id = str((told.get("project") or {}).get("id") or "")
        lifetime = seconds_left(str(told.get("expires_at")), headers.get("Date", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Lease(token, _LIFETIME / 2)
    return Lease(token, max(lifetime - _MARGIN, lifetime / 2), project_id)


def no_lease(
    status: int, headers: Mapping[str, str], body: bytes
) -> TransientFailure | Throttled | Refusal:
    """Return what a reply means that brought no credentials."""
    reply = read_problem(status, headers, body)
    if status < 300 or not isinstance(reply, TransientFailure | Throttled | Refusal):  # noqa: PLR2004
        return TransientFailure(f"HTTP {status} brought no credentials")
    return reply


def seconds_left(expires_at: str, date: str) -> float:
    """Return the seconds until a moment, by the server's own clock; at least one.

    Raises:
        ValueError: one of the two is no date.
        TypeError: `expires_at` has no offset.
    """
    left = datetime.fromisoformat(expires_at) - parsedate_to_datetime(date)
    return max(left.total_seconds(), 1.0)


class ProjectByName:
    """Credentials whose project ID is looked up in IAM by its name, once.

    Args:
        source: a key, or credentials that renew.
        iam_endpoint: such as `https://iam.ap-southeast-1.myhuaweicloud.com`.
        name: the project's name; a region's own project is named like the region.
    """

    def __init__(self, source: Key | CredentialProvider, iam_endpoint: str, name: str) -> None:
        self.source = source
        self.iam_endpoint = root_of(iam_endpoint)
        self.name = name
        self._project_id = ""

    def __repr__(self) -> str:
        return f"ProjectByName({self.source!r}, {self.iam_endpoint!r}, {self.name!r})"

    async def obtain(self, send: Send) -> Lease | TransientFailure | Throttled | Refusal:
        """Return a lease that names the project: its own, or the one that has the name.

        Raises:
            ConfigurationError: no project has the name, or several; the message lists them.
        """
        if hasattr(self.source, "obtain"):
            lease = await cast("CredentialProvider", self.source).obtain(send)
            if not isinstance(lease, Lease):
                return lease
        else:
            lease = Lease(self.source)
        if lease.project_id:
            return _for_project(lease, lease.project_id)
        if not self._project_id:
            found = await self._look_up(send, lease.key)
            if not isinstance(found, str):
                return found
            self._project_id = found
        return _for_project(lease, self._project_id)

    async def _look_up(self, send: Send, key: Key) -> str | TransientFailure | Throttled | Refusal:
        url = f"{self.iam_endpoint}/v3/projects"
        named = await send(Request("GET", f"{url}?name={quote(self.name, safe='~')}"), _read, key)
        if not isinstance(named, list):
            return named
        # Should a server ignore the filter, the name decides all the same.
        ids = [project_id for project_id, name in named if name == self.name]
        if len(ids) == 1:
            return ids[0]
        if ids:
            raise ConfigurationError(
                f"{len(ids)} projects are named {self.name!r}: {', '.join(ids[:_SHOWN])}: "
                "give the project ID"
            )
        others = await send(Request("GET", url), _read, key)
        if not isinstance(others, list):
            return others
        listed = ", ".join(f"{name} ({project_id})" for project_id, name in others[:_SHOWN])
        raise ConfigurationError(
            f"no project is named {self.name!r}; there are: {listed or 'none'}: "
            "give the project ID, or the right region"
        )


def _for_project(lease: Lease, project_id: str) -> Lease:
    """Return a lease whose key, too, says which project its requests are for."""
    key = lease.key
    if isinstance(key, AccessKey):
        key = replace(key, project_id=project_id)
    return lease._replace(key=key, project_id=project_id)


def _read(
    status: int, headers: Mapping[str, str], body: bytes
) -> list[tuple[str, str]] | TransientFailure | Throttled | Refusal:
    """Return (ID, name) of each project that a reply lists."""
    if status != 200:  # noqa: PLR2004
        return no_lease(status, headers, body)
    try:
        return [(str(each["id"]), str(each["name"])) for each in json.loads(body)["projects"]]
    except (ValueError, KeyError, TypeError):
        return TransientFailure("the reply of IAM lists no projects")
