"""Credentials as a source holds them, and the rule that halves are no credentials.

Pure but for `is_there`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey, Token
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddswait.credentials.keys import CredentialProvider, Key


class Said(NamedTuple):
    """A setting, and the variable, option or file that says so; false when it is empty."""

    text: str = ""
    source: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


class Own(NamedTuple):
    """What a source says beside its credentials; empty where it says nothing.

    Attributes:
        region: its name.
        iam_endpoint: where IAM is.
        endpoint: where DDS is.
        project_id: of the jobs.
        project_name: by which to look for its ID.
        ca_file: whose certificates to trust.
    """

    region: Said = Said()
    iam_endpoint: Said = Said()
    endpoint: Said = Said()
    project_id: str = ""
    project_name: str = ""
    ca_file: str = ""


class Found(NamedTuple):
    """Credentials, where they were found, and what the same source says beside them.

    Attributes:
        source: in words, such as `HW_ACCESS_KEY and HW_SECRET_KEY`.
        key: authenticates requests, or obtains what does; its repr hides the secret.
        own: what else the source says.
        warnings: what the user should mend although it works.
    """

    source: str
    key: Key | CredentialProvider
    own: Own = Own()
    warnings: tuple[str, ...] = ()


class Names(NamedTuple):
    """What a source calls the parts of an access key."""

    access_key: str
    secret_key: str
    security_token: str
    project_id: str


class Place(NamedTuple):
    """Where a user's name and password are good for; the project by its name or its ID."""

    iam_endpoint: str
    project_name: str
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
    project_id = get(names.project_id) or None
    try:
        key = AccessKey(access_key, secret_key, get(names.security_token), project_id)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return Found(source, key)


def from_token(token: str, source: str) -> Found:
    """Return a token.

    Raises:
        ConfigurationError: it cannot be one.
    """
    try:
        return Found(source, Token(token))
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None


def from_password(user: str, password: str, domain: str, place: Place, source: str) -> Found:
    """Return a user's name and password.

    Raises:
        ConfigurationError: a part is missing.
    """
    try:
        key = Password(user, password, domain, *place)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return Found(source, key)


def is_there(path: Path) -> bool:
    """Whether a file exists; one in a folder that may not be searched is not there for us."""
    try:
        return path.exists()
    except OSError:
        return False


def warn_if_open(path: str, mode: int) -> tuple[str, ...]:
    """Return the warning that a file with secrets deserves when others can read it."""
    return (f"{path} can be read by others: chmod 600 {path}",) if mode & 0o044 else ()
