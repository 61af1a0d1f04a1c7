"""The credentials in variables: those of the SDK, then those of Terraform and OpenStack. Pure.

Source: the documentation of the official SDK and of the Terraform provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.settings import (
    SDK_IAM_ENDPOINT,
    ExplicitSettings,
    Settings,
    first_value,
    variable,
)
from ddswait.credentials.source import (
    AccessKeyNames,
    Domain,
    Login,
    Source,
    SourceSettings,
    access_key_source,
    check_application_credentials,
    first_domain,
    password_source,
    token_source,
)
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class _PasswordNames(NamedTuple):
    """The variables of a password; for the domain, each pair of variables for its name and ID."""

    user: str
    password: str
    domains: tuple[Domain, ...]


class _Family(NamedTuple):
    """The variables that belong together; "" or () for those that a family does not have."""

    key: AccessKeyNames
    tokens: tuple[str, ...] = ()
    password: _PasswordNames | None = None
    region: str = ""
    iam_endpoint: str = ""
    project_ids: tuple[str, ...] = ()
    project_names: tuple[str, ...] = ()
    project_domains: tuple[Domain, ...] = ()
    application_credentials: tuple[str, ...] = ()

    def settings(self, env: Mapping[str, str]) -> SourceSettings:
        """Return the settings of the family besides its credentials."""
        return SourceSettings(
            region=variable(env, self.region),
            iam_endpoint=variable(env, self.iam_endpoint),
            project_id=first_value(env, (self.key.project_id, *self.project_ids)),
            project_name=first_value(env, self.project_names),
            project_domain=first_domain(env.get, self.project_domains),
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
        password=_PasswordNames(
            "HW_USER_NAME", "HW_USER_PASSWORD", (Domain("HW_DOMAIN_NAME", "HW_DOMAIN_ID"),)
        ),
        region="HW_REGION_NAME",
        iam_endpoint="HW_AUTH_URL",
        project_names=("HW_PROJECT_NAME",),
    ),
    _Family(
        key=AccessKeyNames("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN", "OS_PROJECT_ID"),
        tokens=("OS_AUTH_TOKEN", "OS_TOKEN"),
        password=_PasswordNames(
            "OS_USERNAME",
            "OS_PASSWORD",
            (
                Domain("OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"),
                Domain("OS_DOMAIN_NAME", "OS_DOMAIN_ID"),
                Domain("OS_DEFAULT_DOMAIN_NAME", "OS_DEFAULT_DOMAIN_ID"),
            ),
        ),
        region="OS_REGION_NAME",
        iam_endpoint="OS_AUTH_URL",
        project_ids=("OS_TENANT_ID",),
        project_names=("OS_PROJECT_NAME", "OS_TENANT_NAME"),
        project_domains=(Domain("OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"),),
        application_credentials=(
            "OS_APPLICATION_CREDENTIAL_ID",
            "OS_APPLICATION_CREDENTIAL_NAME",
            "OS_APPLICATION_CREDENTIAL_SECRET",
        ),
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
    check_application_credentials(env.get, family.application_credentials)
    if family.password is None:
        return None
    return _read_password(env, family, family.password, explicit)


def _read_password(
    env: Mapping[str, str], family: _Family, names: _PasswordNames, explicit: ExplicitSettings
) -> Source | None:
    if not env.get(names.user) and not env.get(names.password):
        return None
    domain = first_domain(env.get, names.domains)
    variables = (names.user, names.password, _domain_variable(env, names.domains))
    source = ", ".join(variables)
    if missing := [name for name in variables if not env.get(name)]:
        raise ConfigurationError(f"{source} belong together: set {' and '.join(missing)} as well")
    scope = Settings(env, explicit, family.settings(env)).password_scope()
    if not scope.iam_endpoint:
        raise ConfigurationError(
            f"{source}: the endpoint of IAM is unknown: set {family.iam_endpoint} or the region"
        )
    login = Login(env[names.user], env[names.password], domain)
    return password_source(login, scope, source)


def _domain_variable(env: Mapping[str, str], domains: tuple[Domain, ...]) -> str:
    """Return the variable that sets the domain, or the usual one when none does."""
    variables = (name for pair in domains for name in (pair.id, pair.name))
    return next(filter(env.get, variables), domains[0].name)
