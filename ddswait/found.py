"""Credentials as a source holds them, and the rule that halves are no credentials.

Pure but for `is_there`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.auth import AccessKey, Token
from ddswait.errors import ConfigurationError
from ddswait.iam import Password

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddswait.auth import Credentials, Key


class Found(NamedTuple):
    """Credentials, where they were found, and what the same source says beside them.

    Attributes:
        source: in words, such as `HW_ACCESS_KEY and HW_SECRET_KEY`.
        key: authenticates requests, or obtains what does; its repr hides the secret.
        project_id: "" where the source has none, as all that follow.
        region: its name.
        iam_endpoint: where IAM is.
        endpoint: where DDS is.
        ca_file: whose certificates to trust.
        warnings: what the user should mend although it works.
    """

    source: str
    key: Key | Credentials
    project_id: str = ""
    region: str = ""
    iam_endpoint: str = ""
    endpoint: str = ""
    ca_file: str = ""
    warnings: tuple[str, ...] = ()


class Names(NamedTuple):
    """What a source calls the parts of an access key."""

    access_key: str
    secret_key: str
    security_token: str
    project_id: str


class Place(NamedTuple):
    """Where a user's name and password are good for."""

    iam_endpoint: str
    region: str
    project_id: str


def from_pair(get: Callable[[str], str | None], names: Names, source: str) -> Found | None:
    """Return the access key of a source; None when it has neither half.

    Raises:
        ConfigurationError: it has one half, or what cannot be a key.
    """
    access_key, secret_key = get(names.access_key), get(names.secret_key)
    if not access_key and not secret_key:
        return None
    if not access_key or not secret_key:
        there, missing = names.access_key, names.secret_key
        if not access_key:
            there, missing = missing, there
        raise ConfigurationError(f"{source}: {there} is set without {missing}: set both, or none")
    project_id = get(names.project_id) or ""
    try:
        key = AccessKey(access_key, secret_key, get(names.security_token), project_id or None)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return Found(source, key, project_id)


def from_token(token: str, project_id: str, source: str) -> Found:
    """Return a token.

    Raises:
        ConfigurationError: it cannot be one.
    """
    try:
        return Found(source, Token(token), project_id)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None


def from_password(user: str, password: str, domain: str, place: Place, source: str) -> Found:
    """Return a user's name and password.

    Raises:
        ConfigurationError: a part is missing.
    """
    try:
        key = Password(user, password, domain, place.iam_endpoint, place.region, place.project_id)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return Found(source, key, place.project_id)


def is_there(path: Path) -> bool:
    """Whether a file exists; one in a folder that may not be searched is not there for us."""
    try:
        return path.exists()
    except OSError:
        return False


def warn_if_open(path: str, mode: int) -> tuple[str, ...]:
    """Return the warning that a file with secrets deserves when others can read it."""
    return (f"{path} can be read by others: chmod 600 {path}",) if mode & 0o044 else ()
