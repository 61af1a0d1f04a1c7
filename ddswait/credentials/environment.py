"""The credentials in variables: those of the SDK, then those of Terraform and OpenStack. Pure.

Source: the documentation of the official SDK and of the Terraform provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.settings import SDK_IAM_ENDPOINT, ExplicitSettings, Settings, variable
from ddswait.credentials.source import (
    AccessKeyNames,
    Source,
    SourceSettings,
    access_key_source,
    password_source,
    token_source,
)
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class _PasswordNames(NamedTuple):
    user: str
    password: str
    domain: str


class _Family(NamedTuple):
    """The variables that belong together; "" or () for those that a family does not have."""

    key: AccessKeyNames
    tokens: tuple[str, ...] = ()
    password: _PasswordNames | None = None
    region: str = ""
    iam_endpoint: str = ""
    project_name: str = ""

    def settings(self, env: Mapping[str, str]) -> SourceSettings:
        """Return the settings of the family besides its credentials."""
        return SourceSettings(
            region=variable(env, self.region),
            iam_endpoint=variable(env, self.iam_endpoint),
            project_id=env.get(self.key.project_id, ""),
            project_name=env.get(self.project_name, ""),
        )


_FAMILIES = (
    _Family(
        key=AccessKeyNames(
            "HUAWEICLOUD_SDK_AK",
            "HUAWEICLOUD_SDK_SK",
            "HUAWEICLOUD_SDK_SECURITY_TOKEN",
            "HUAWEICLOUD_SDK_PROJECT_ID",
        ),
        iam_endpoint=SDK_IAM_ENDPOINT,
    ),
    _Family(
        key=AccessKeyNames("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"),
        tokens=("HW_AUTH_TOKEN",),
        password=_PasswordNames("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
        region="HW_REGION_NAME",
        iam_endpoint="HW_AUTH_URL",
        project_name="HW_PROJECT_NAME",
    ),
    _Family(
        key=AccessKeyNames("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN", "OS_PROJECT_ID"),
        tokens=("OS_AUTH_TOKEN", "OS_TOKEN"),
        password=_PasswordNames("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
        region="OS_REGION_NAME",
        iam_endpoint="OS_AUTH_URL",
        project_name="OS_PROJECT_NAME",
    ),
)


def read_source(env: Mapping[str, str], explicit: ExplicitSettings) -> Source | None:
    """Return the first family of variables that has credentials; None when all are empty.

    Within a family, an access key comes before a token, and a token before a password.

    Args:
        env: the variables.
        explicit: the options or arguments of the caller.

    Raises:
        ConfigurationError: variables that belong together are incomplete or invalid; the message
            names them.
    """
    for family in _FAMILIES:
        if source := _read_family(env, family, explicit):
            return source._replace(settings=family.settings(env))
    return None


def _read_family(
    env: Mapping[str, str], family: _Family, explicit: ExplicitSettings
) -> Source | None:
    key = family.key
    if source := access_key_source(env.get, key, f"{key.access_key} and {key.secret_key}"):
        return source
    for name in family.tokens:
        if token := env.get(name):
            return token_source(token, name)
    if family.password is None:
        return None
    return _read_password(env, family, family.password, explicit)


def _read_password(
    env: Mapping[str, str], family: _Family, names: _PasswordNames, explicit: ExplicitSettings
) -> Source | None:
    if not env.get(names.user) and not env.get(names.password):
        return None
    source = ", ".join(names)
    if missing := [name for name in names if not env.get(name)]:
        raise ConfigurationError(f"{source} belong together: set {' and '.join(missing)} as well")
    scope = Settings(env, explicit, family.settings(env)).password_scope()
    if not scope.iam_endpoint:
        raise ConfigurationError(
            f"{source}: the endpoint of IAM is unknown: set {family.iam_endpoint} or the region"
        )
    user, password, domain = (env[name] for name in names)
    return password_source(user, password, domain, scope, source)
