"""Where credentials, region and project come from: the first complete source wins.

    1. explicit arguments (the caller's business)
    2. the SDK's variables, HUAWEICLOUD_SDK_*
    3. Terraform's variables, HW_*, then OS_*
    4. the SDK's profile file, ~/.huaweicloud/credentials

Halves of two sources are never mixed: an AK without its SK is an error that names its variable,
not a reason to look further.

Source: the SDK's and the Terraform provider's documentation of their variables and files.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ddswait.auth import AccessKey, Password, Token
from ddswait.endpoints import check_region, endpoint_of
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NoCredentials(ConfigurationError):  # noqa: N818 - said as the other errors say it
    """No source holds anything, as opposed to one that holds half."""


class Found(NamedTuple):
    """Credentials, and where they were found.

    Attributes:
        source: in words, such as `HW_ACCESS_KEY and HW_SECRET_KEY`.
        key: authenticates requests, or obtains what does; its repr hides the secret.
        project_id: "" where the source has none.
        warnings: what the user should mend although it works.
    """

    source: str
    key: Token | AccessKey | Password
    project_id: str = ""
    warnings: tuple[str, ...] = ()


class _Names(NamedTuple):
    """One family of variables."""

    access_key: str
    secret_key: str
    security_token: str
    project_id: str
    tokens: tuple[str, ...] = ()
    password: tuple[str, str, str] | None = None  # user, password, domain
    iam_endpoint: str = ""


_FAMILIES = (
    _Names(
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        "HUAWEICLOUD_SDK_PROJECT_ID",
    ),
    _Names(
        "HW_ACCESS_KEY",
        "HW_SECRET_KEY",
        "HW_SECURITY_TOKEN",
        "HW_PROJECT_ID",
        ("HW_AUTH_TOKEN",),
        ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
        "HW_AUTH_URL",
    ),
    _Names(
        "OS_ACCESS_KEY",
        "OS_SECRET_KEY",
        "OS_SECURITY_TOKEN",
        "OS_PROJECT_ID",
        ("OS_AUTH_TOKEN", "OS_TOKEN"),
        ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
        "OS_AUTH_URL",
    ),
)
_PROFILE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"


def discover(env: Mapping[str, str]) -> Found:
    """Return the first complete credentials that the environment names.

    Args:
        env: the variables; `HOME` tells where the profile file is.

    Raises:
        ConfigurationError: none were found, or a source holds half of what it needs, or cannot
            be read; the message names it and the mend, and shows no secret.
    """
    for names in _FAMILIES:
        if found := _from_variables(env, names):
            return found
    if found := _from_profile(env):
        return found
    raise NoCredentials(
        "credentials: set HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or HW_USER_NAME, "
        "HW_USER_PASSWORD and HW_DOMAIN_NAME (or the HUAWEICLOUD_SDK_ or OS_ variables), "
        "or write ~/.huaweicloud/credentials"
    )


def _from_variables(env: Mapping[str, str], names: _Names) -> Found | None:
    pair = f"{names.access_key} and {names.secret_key}"
    return _from_pair(env.get, names, pair) or _from_token(env, names) or _from_password(env, names)


def _from_pair(get: Callable[[str], str | None], names: _Names, source: str) -> Found | None:
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


def _from_token(env: Mapping[str, str], names: _Names) -> Found | None:
    for name in names.tokens:
        if token := env.get(name):
            try:
                return Found(name, Token(token), env.get(names.project_id) or "")
            except ConfigurationError as error:
                raise ConfigurationError(f"{name}: {error}") from None
    return None


def _from_password(env: Mapping[str, str], names: _Names) -> Found | None:
    if names.password is None or not any(env.get(name) for name in names.password[:2]):
        return None
    source = ", ".join(names.password)
    if missing := [name for name in names.password if not env.get(name)]:
        raise ConfigurationError(f"{source}: {' and '.join(missing)} not set: set all three")
    user, password, domain = (env[name] for name in names.password)
    region, project_id = region_of(env), env.get(names.project_id) or ""
    # Keystone's URL, as users keep it, ends in the version that every request names anyway.
    iam_endpoint = env.get(names.iam_endpoint, "").rstrip("/").removesuffix("/v3")
    if not iam_endpoint and not region:
        raise ConfigurationError(f"{source}: set {names.iam_endpoint}, or the region, to find IAM")
    iam_endpoint = iam_endpoint or endpoint("iam", region, env)
    try:
        key = Password(user, password, domain, iam_endpoint, region, project_id)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from None
    return Found(source, key, project_id)


def _from_profile(env: Mapping[str, str]) -> Found | None:
    named = env.get(_PROFILE)
    path = Path(named) if named else Path(env.get("HOME", "")) / ".huaweicloud" / "credentials"
    if not named and not path.exists():
        return None
    section = _read_profile(path)
    names = _Names("ak", "sk", "security_token", "project_id")
    found = _from_pair(section.get, names, f"{path}, section [{_SECTION}]")
    if found is None:
        raise ConfigurationError(f"{path}: section [{_SECTION}] has neither ak nor sk: give both")
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        warning = f"{path} can be read by others: chmod 600 {path}"
        return found._replace(warnings=(warning,))
    return found


def _read_profile(path: Path) -> Mapping[str, str]:
    import configparser  # 4 ms, which only a profile file is worth

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except (configparser.Error, UnicodeDecodeError):
        # The parser's own message repeats the line, which may hold a secret.
        raise ConfigurationError(
            f"{path} is no INI file: write [basic], ak = ..., sk = ..."
        ) from None
    if not parser.has_section(_SECTION):
        raise ConfigurationError(f"{path} has no section [{_SECTION}]: write ak and sk under one")
    return parser[_SECTION]


def project_of(env: Mapping[str, str]) -> str:
    """Return the project ID that the environment names on its own, or ""."""
    named = ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID")
    return next((env[name] for name in named if env.get(name)), "")


def region_of(env: Mapping[str, str]) -> str:
    """Return the region that the environment names, or "".

    Raises:
        ConfigurationError: its name cannot be one.
    """
    region = env.get("HW_REGION_NAME") or env.get("OS_REGION_NAME") or ""
    return check_region(region) if region else ""


def endpoint(service: str, region: str, env: Mapping[str, str]) -> str:
    """Return the endpoint of a service: an override of the environment, or the region's own.

    Args:
        service: `dds` or `iam`.
        region: a region's name.
        env: `HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4` overrides the endpoint of DDS in cn-north-4;
            `HW_CLOUD` names another cloud's domain.

    Raises:
        ConfigurationError: the region's or the cloud's name cannot be one.
    """
    suffix = check_region(region).replace("-", "_").upper()
    override = env.get(f"HUAWEICLOUD_SDK_REGION_{service.upper()}_{suffix}")
    return override or endpoint_of(service, region, env.get("HW_CLOUD", ""))


def locate(
    env: Mapping[str, str], endpoint_given: str, region_given: str, project_given: str
) -> tuple[str, str, Found]:
    """Return endpoint, project ID and credentials: what was given, else what is found.

    Args:
        env: the variables.
        endpoint_given: "" to take `DDSWAIT_ENDPOINT`, or the region's.
        region_given: "" to take the environment's.
        project_given: "" to take that of the credentials, or the environment's.

    Raises:
        ConfigurationError: something is missing or unusable; all that is missing is named at
            once, with the ways to give it.
    """
    where = endpoint_given or env.get("DDSWAIT_ENDPOINT") or ""
    region = region_given or region_of(env)
    if not where and region:
        where = endpoint("dds", region, env)
    missing = []
    if not where:
        missing.append("--region (or HW_REGION_NAME) or --endpoint (or DDSWAIT_ENDPOINT)")
    found = None
    try:
        found = discover(env)
    except NoCredentials as error:
        missing.append(str(error))
    project_id = project_given or (found.project_id if found else "") or project_of(env)
    if not project_id and not (found and isinstance(found.key, Password)):
        missing.append("--project-id (or HW_PROJECT_ID)")
    if missing or found is None:
        raise ConfigurationError(f"missing: {'; '.join(missing)}")
    return where, project_id, found
