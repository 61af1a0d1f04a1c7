"""OpenStack's clouds.yaml, and the secure.yaml beside it.

Source: "Configuring OpenStack SDK Applications" of the openstacksdk documentation. The names `ak`
and `sk` are those of the SDK extensions of Open Telekom Cloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddswait.credentials import source_file, yaml_text
from ddswait.credentials.settings import ExplicitSettings, Settings, first_value
from ddswait.credentials.source import (
    AccessKeyNames,
    Domain,
    Login,
    Setting,
    Source,
    SourceSettings,
    access_key_source,
    check_application_credentials,
    first_domain,
    password_source,
    token_source,
)
from ddswait.errors import ConfigurationError
from ddswait.service import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE_VARIABLE = "OS_CLIENT_CONFIG_FILE"
_LARGEST_FILE = 1 << 20  # bytes; thousands of clouds
_SECRETS = ("password", "sk", "security_token", "token", "application_credential_secret")
# Source: the vendor profiles of openstacksdk, `openstack/config/vendors`.
_VENDORS = {"otc": "otc.t-systems.com"}
_USER_DOMAINS = (
    Domain("user_domain_name", "user_domain_id"),
    Domain("domain_name", "domain_id"),
    Domain("default_domain_name", "default_domain_id"),
)
_PROJECT_DOMAINS = (Domain("project_domain_name", "project_domain_id"),)
# Accepted outside the section auth as well, as openstacksdk does.
_BESIDE_AUTH = (
    *("project_name", "project_id", "tenant_name", "tenant_id"),
    *(name for domain in (*_USER_DOMAINS[:2], *_PROJECT_DOMAINS) for name in domain),
)
_APPLICATION_CREDENTIALS = (
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
)
_KEY_NAMES = AccessKeyNames("ak", "sk", "security_token", "project_id")


def read_source(env: Mapping[str, str], explicit: ExplicitSettings, name: str) -> Source:
    """Return the credentials of a cloud in clouds.yaml.

    Args:
        env: `OS_CLIENT_CONFIG_FILE` sets the path of the file; otherwise it is in the working
            directory, ~/.config/openstack or /etc/openstack.
        explicit: the options or arguments of the caller.
        name: the name of the cloud.

    Raises:
        ConfigurationError: the file or the cloud does not exist, is invalid, or is incomplete.
    """
    path = _path(env, name)
    cloud, warnings = _read_cloud(path, name)
    source = f"{path}, cloud {name!r}"
    auth = _auth(cloud, source)
    own = _settings(cloud, auth, source, explicit.service)
    result = _credentials(auth, Settings(env, explicit, own), source)
    return result._replace(settings=own, warnings=warnings)


def _auth(cloud: Mapping[str, Any], source: str) -> dict[str, str]:
    """Return the values of the section auth, and those of their names beside the section."""
    section = cloud.get("auth")
    if not isinstance(section, dict):
        raise ConfigurationError(
            f"{source} has no section auth: add it with auth_url and the credentials"
        )
    beside = {name: cloud.get(name) for name in _BESIDE_AUTH}
    named = {str(name).replace("-", "_"): value for name, value in section.items()}
    return {name: str(value) for name, value in {**beside, **named}.items() if value is not None}


def _settings(
    cloud: Mapping[str, Any], auth: Mapping[str, str], source: str, service: str
) -> SourceSettings:
    endpoints = {name: _endpoint(cloud, name, source) for name in NAMES}
    service_endpoint = _endpoint(cloud, service, source)
    endpoint = f"{service}_endpoint_override"
    iam_endpoint = Setting(auth.get("auth_url", ""), f"auth_url of {source}")
    return SourceSettings(
        region=Setting(str(cloud.get("region_name") or ""), f"region_name of {source}"),
        iam_endpoint=iam_endpoint,
        service_endpoint=service_endpoint,
        project_id=first_value(auth, ("project_id", "tenant_id")),
        project_name=first_value(auth, ("project_name", "tenant_name")),
        ca_file=str(cloud.get("cacert") or ""),
        project_domain=first_domain(auth.get, _PROJECT_DOMAINS),
        cloud=_vendor(cloud, source, "" if iam_endpoint and service_endpoint else endpoint),
        other_endpoints=endpoints,
    )


def _endpoint(cloud: Mapping[str, Any], service: str, source: str) -> Setting:
    name = f"{service}_endpoint_override"
    return Setting(str(cloud.get(name) or ""), f"{name} of {source}")


def _vendor(cloud: Mapping[str, Any], source: str, needed: str) -> str:
    """Return the domain of the vendor's cloud, whose endpoints the user need not set.

    Args:
        cloud: the entry.
        source: names it.
        needed: the setting of the service's endpoint, if an endpoint is not set; else "".

    Raises:
        ConfigurationError: the vendor is not known, and an endpoint is not set.
    """
    # `cloud` is the older name of `profile`.
    name = str(cloud.get("profile") or cloud.get("cloud") or "")
    if name and name not in _VENDORS and needed:
        known = " or ".join(sorted(_VENDORS))
        raise ConfigurationError(
            f"{source}: unknown profile {name!r}: use {known}, or set both auth_url and {needed}"
        )
    return _VENDORS.get(name, "")


def _credentials(auth: Mapping[str, str], settings: Settings, source: str) -> Source:
    if key := access_key_source(auth.get, _KEY_NAMES, source):
        return key
    if token := auth.get("token"):
        return token_source(token, source)
    check_application_credentials(auth.get, _APPLICATION_CREDENTIALS, source)
    if "username" not in auth or "password" not in auth:
        raise ConfigurationError(
            f"{source}: the section auth has no credentials: add username, password and "
            "user_domain_name, or ak and sk, or token"
        )
    domain = first_domain(auth.get, _USER_DOMAINS)
    login = Login(auth["username"], auth["password"], domain)
    return password_source(login, settings.password_scope(), source)


def _path(env: Mapping[str, str], name: str) -> Path:
    if path := env.get(_FILE_VARIABLE):
        return source_file.expand(path, env)
    home = env.get("HOME")
    user_folders = [Path(home) / ".config" / "openstack"] if home else []
    for folder in (Path(), *user_folders, Path("/etc/openstack")):
        for file in ("clouds.yaml", "clouds.yml"):
            if source_file.exists(folder / file):
                return folder / file
    raise ConfigurationError(
        f"cloud {name!r}: there is no clouds.yaml in the working directory, ~/.config/openstack "
        f"or /etc/openstack: create the file, or set {_FILE_VARIABLE} to its path"
    )


def _read_cloud(path: Path, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the settings of a cloud, and warnings about files that other users can read."""
    clouds = _read_clouds(path)
    if name not in clouds:
        names = ", ".join(sorted(map(str, clouds))) or "none"
        raise ConfigurationError(
            f"{path} has no cloud {name!r}: use the name of one of its clouds: {names}"
        )
    cloud = clouds[name]
    warnings = _warnings(path, clouds)
    secure = path.with_name(path.name.replace("clouds", "secure"))
    if secure != path and source_file.exists(secure):
        # Users keep passwords in this file, so that they can share the other one.
        secrets = _read_clouds(secure)
        cloud = _merged(cloud, secrets.get(name) or {})
        warnings += _warnings(secure, secrets)
    if not isinstance(cloud, dict):
        raise ConfigurationError(f"{path}: cloud {name!r} is not a section: add auth under it")
    return cloud, warnings


def _warnings(path: Path, clouds: Mapping[str, object]) -> tuple[str, ...]:
    has_secret = any(_has_secret(cloud) for cloud in clouds.values())
    return source_file.permission_warnings(path) if has_secret else ()


def _has_secret(cloud: object) -> bool:
    auth = cloud.get("auth") if isinstance(cloud, dict) else None
    return isinstance(auth, dict) and any(auth.get(name) for name in _SECRETS)


def _read_clouds(path: Path) -> dict[str, Any]:
    document = yaml_text.parse(source_file.read_text(path, _LARGEST_FILE), path)
    clouds = document.get("clouds") if isinstance(document, dict) else None
    if not isinstance(clouds, dict):
        raise ConfigurationError(f"{path} has no section clouds: add the clouds under clouds")
    return clouds


def _merged(below: object, above: object) -> Any:  # noqa: ANN401 - YAML is anything
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
