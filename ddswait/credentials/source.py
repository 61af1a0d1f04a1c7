"""What a source of credentials yields, and the rule that half of a key is an error. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey, Token
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider


class Setting(NamedTuple):
    """The value of a setting, and its origin; false when the value is empty.

    Attributes:
        value: the text of the setting.
        origin: the variable, option or file that sets it, for messages.
    """

    value: str = ""
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)


class Domain(NamedTuple):
    """An account, by its name or its ID; false when both are empty."""

    name: str = ""
    id: str = ""

    def __bool__(self) -> bool:
        return any(self)


class Login(NamedTuple):
    """A user and the account that the user belongs to."""

    user: str
    password: str
    domain: Domain

    def __repr__(self) -> str:
        return f"Login({self.user!r}, {self.domain!r})"


class SourceSettings(NamedTuple):
    """The settings that a source contains besides credentials; each may be empty.

    Attributes:
        region: the name of the region.
        iam_endpoint: the endpoint of IAM.
        service_endpoint: the endpoint of the service.
        project_id: the ID of the jobs' project.
        project_name: the name of the project, used when its ID is not set.
        ca_file: the path of a file with trusted certificates.
        project_domain: the account that the project belongs to.
        cloud: the domain of the cloud that the credentials belong to, such as
            `otc.t-systems.com`.
        other_endpoints: the endpoints of services, by name.
    """

    region: Setting = Setting()
    iam_endpoint: Setting = Setting()
    service_endpoint: Setting = Setting()
    project_id: str = ""
    project_name: str = ""
    ca_file: str = ""
    project_domain: Domain = Domain()
    cloud: str = ""
    other_endpoints: Mapping[str, Setting] = MappingProxyType({})


class Source(NamedTuple):
    """A source that has credentials.

    Attributes:
        name: for messages, such as `HW_ACCESS_KEY and HW_SECRET_KEY`.
        auth: the key, or the provider that obtains keys; its `repr` hides secrets.
        settings: the other settings of the source.
        warnings: what the user should correct, although it works.
    """

    name: str
    auth: Key | CredentialProvider
    settings: SourceSettings = SourceSettings()
    warnings: tuple[str, ...] = ()


class AccessKeyNames(NamedTuple):
    """The names that a source gives to the parts of an access key."""

    access_key: str
    secret_key: str
    security_token: str
    project_id: str


class PasswordScope(NamedTuple):
    """Where a password is valid: its IAM, and the project by ID or by name and domain."""

    iam_endpoint: str
    project_name: str
    project_id: str
    project_domain: Domain = Domain()


def access_key_source(
    get: Callable[[str], str | None], names: AccessKeyNames, source: str
) -> Source | None:
    """Return the access key of a source; None when AK and SK are both missing.

    Args:
        get: returns the value of a name; None or "" when it is not set.
        names: the names of the parts.
        source: the name of the source.

    Raises:
        ConfigurationError: only one of AK and SK is set, or a part is invalid.
    """
    access_key, secret_key = get(names.access_key), get(names.secret_key)
    if not access_key and not secret_key:
        return None
    if not access_key or not secret_key:
        present, missing = names.access_key, names.secret_key
        if not access_key:
            present, missing = missing, present
        raise ConfigurationError(
            f"{source}: {present} is set without {missing}: set both or neither"
        )
    project_id = get(names.project_id) or None
    with _naming(source):
        return Source(
            source, AccessKey(access_key, secret_key, get(names.security_token), project_id)
        )


def token_source(token: str, source: str) -> Source:
    """Return the token of a source.

    Raises:
        ConfigurationError: the token is invalid.
    """
    with _naming(source):
        return Source(source, Token(token))


def check_application_credentials(
    get: Callable[[str], str | None], names: Iterable[str], source: str = ""
) -> None:
    """Check that a source does not rely on OpenStack's application credentials.

    Source: IAM API reference, whose tokens are for passwords, agencies and federated users.

    Raises:
        ConfigurationError: it does; the message names what sets them.
    """
    if name := next(filter(get, names), ""):
        place = f"{source}: {name}" if source else name
        raise ConfigurationError(
            f"{place}: IAM does not accept application credentials: set an access key (AK and "
            "SK), or user name, password and domain"
        )


def password_source(login: Login, scope: PasswordScope, source: str) -> Source:
    """Return the user name and password of a source.

    Raises:
        ConfigurationError: a part is missing.
    """
    with _naming(source):
        auth = Password(
            login.user,
            login.password,
            login.domain.name,
            scope.iam_endpoint,
            scope.project_name,
            scope.project_id,
            domain_id=login.domain.id,
            project_domain=scope.project_domain.name,
            project_domain_id=scope.project_domain.id,
        )
        return Source(source, auth)


def first_domain(get: Callable[[str], str | None], names: Iterable[Domain]) -> Domain:
    """Return the domain that a source sets.

    Args:
        get: returns the value of a name; None or "" when it is not set.
        names: for each way to set a domain, what the source calls its name and its ID.
    """
    found = (Domain(get(each.name) or "", get(each.id) or "") for each in names)
    return next(filter(None, found), Domain())


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Put the name of the source at the start of configuration errors."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
