"""OpenStack's clouds.yaml, and the secure.yaml beside it.

Source: "Configuring OpenStack SDK Applications" of the openstacksdk documentation. The names `ak`
and `sk` are those of the SDK extensions of Open Telekom Cloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddswait.credentials import source_file
from ddswait.credentials.settings import ExplicitSettings, Settings
from ddswait.credentials.source import (
    AccessKeyNames,
    Setting,
    Source,
    SourceSettings,
    access_key_source,
    password_source,
    token_source,
)
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yaml

_FILE_VARIABLE = "OS_CLIENT_CONFIG_FILE"
_RESOLVED_TAGS = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
_SECRETS = ("password", "sk", "security_token", "token")
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
    section = cloud.get("auth")
    if not isinstance(section, dict):
        raise ConfigurationError(
            f"{source} has no section auth: add it with auth_url and the credentials"
        )
    auth = {key: str(value) for key, value in section.items() if value is not None}
    own = _settings(cloud, auth, source)
    result = _credentials(auth, Settings(env, explicit, own), source)
    return result._replace(settings=own, warnings=warnings)


def _settings(cloud: Mapping[str, Any], auth: Mapping[str, str], source: str) -> SourceSettings:
    endpoint = "dds_endpoint_override"
    return SourceSettings(
        region=Setting(str(cloud.get("region_name") or ""), f"region_name of {source}"),
        iam_endpoint=Setting(auth.get("auth_url", ""), f"auth_url of {source}"),
        dds_endpoint=Setting(str(cloud.get(endpoint) or ""), f"{endpoint} of {source}"),
        project_id=auth.get("project_id", ""),
        project_name=auth.get("project_name", ""),
        ca_file=str(cloud.get("cacert") or ""),
    )


def _credentials(auth: Mapping[str, str], settings: Settings, source: str) -> Source:
    if key := access_key_source(auth.get, _KEY_NAMES, source):
        return key
    if token := auth.get("token"):
        return token_source(token, source)
    if "username" not in auth or "password" not in auth:
        raise ConfigurationError(
            f"{source}: the section auth has no credentials: add username, password and "
            "user_domain_name, or ak and sk, or token"
        )
    domain = auth.get("user_domain_name") or auth.get("domain_name") or ""
    scope = settings.password_scope()
    return password_source(auth["username"], auth["password"], domain, scope, source)


def _path(env: Mapping[str, str], name: str) -> Path:
    if path := env.get(_FILE_VARIABLE):
        return Path(path)
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
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            f"{path} cannot be read without PyYAML: pip install 'ddswait[yaml]'"
        ) from None
    text = source_file.read_text(path)
    try:
        document = yaml.load(text, _text_loader())  # noqa: S506 - a SafeLoader
    except Exception as error:  # noqa: BLE001 - PyYAML lets the errors of int() and others through
        # The parser's own message repeats the line, which may contain a secret.
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigurationError(f"{path} is not valid YAML{line}: correct the file") from None
    clouds = document.get("clouds") if isinstance(document, dict) else None
    if not isinstance(clouds, dict):
        raise ConfigurationError(f"{path} has no section clouds: add the clouds under clouds")
    return clouds


def _text_loader() -> type[yaml.SafeLoader]:
    """Return a loader that keeps scalars as text.

    YAML would read the password 0123456 as the octal number 42798 and `no` as False, and would
    fail on 2024-13-45 as a date.
    """
    import yaml

    class TextLoader(yaml.SafeLoader):
        yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above declares it
            first: [(tag, pattern) for tag, pattern in resolvers if tag in _RESOLVED_TAGS]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return TextLoader


def _merged(below: object, above: object) -> Any:  # noqa: ANN401 - YAML is anything
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
