"""OpenStack's clouds.yaml, and the secure.yaml beside it.

Source: "Configuring OpenStack SDK Applications" of the openstacksdk documentation; `ak` and `sk`
as the SDK extensions of Open Telekom Cloud name them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddswait.credentials.source import (
    Found,
    Names,
    Own,
    Place,
    Said,
    from_pair,
    from_password,
    from_token,
    is_there,
    warn_if_open,
)
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import yaml

_KEPT = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}  # of what YAML guesses from text
_SECRETS = ("password", "sk", "security_token", "token")
_NAMES = Names("ak", "sk", "security_token", "project_id")


def find(env: Mapping[str, str], name: str, place: Callable[[Own], Place]) -> Found:
    """Return what clouds.yaml says of a cloud.

    Args:
        env: `OS_CLIENT_CONFIG_FILE` names the file; else ./clouds.yaml, ~/.config/openstack and
            /etc/openstack are looked through.
        name: of the cloud.
        place: tells where a password is good for.

    Raises:
        ConfigurationError: there is no file, no such cloud, or too little in it.
    """
    path = _path(env, name)
    cloud, warnings = _cloud(path, name)
    source = f"{path}, cloud {name!r}"
    auth = cloud.get("auth")
    if not isinstance(auth, dict):
        raise ConfigurationError(f"{source} has no section auth: write auth_url and the rest there")
    told = {key: str(value) for key, value in auth.items() if value is not None}
    own = Own(
        Said(str(cloud.get("region_name") or ""), f"region_name of {source}"),
        Said(told.get("auth_url", ""), f"auth_url of {source}"),
        Said(str(cloud.get("dds_endpoint_override") or ""), f"dds_endpoint_override of {source}"),
        told.get("project_id", ""),
        told.get("project_name", ""),
        str(cloud.get("cacert") or ""),
    )
    found = _credentials(told, own, place, source)
    return found._replace(own=own, warnings=warnings)


def _credentials(
    told: Mapping[str, str], own: Own, place: Callable[[Own], Place], source: str
) -> Found:
    if found := from_pair(told.get, _NAMES, source):
        return found
    if token := told.get("token"):
        return from_token(token, source)
    if "username" not in told or "password" not in told:
        raise ConfigurationError(
            f"{source}: auth has no credentials: give username, password and user_domain_name, "
            "or ak and sk, or token"
        )
    domain = told.get("user_domain_name") or told.get("domain_name") or ""
    return from_password(told["username"], told["password"], domain, place(own), source)


def _path(env: Mapping[str, str], name: str) -> Path:
    if named := env.get("OS_CLIENT_CONFIG_FILE"):
        return Path(named)
    home = env.get("HOME")
    own = [Path(home) / ".config" / "openstack"] if home else []
    for folder in (Path(), *own, Path("/etc/openstack")):
        for file in ("clouds.yaml", "clouds.yml"):
            if is_there(folder / file):
                return folder / file
    raise ConfigurationError(
        f"cloud {name!r}: there is no clouds.yaml here, in ~/.config/openstack or in "
        "/etc/openstack: write one, or name it in OS_CLIENT_CONFIG_FILE"
    )


def _cloud(path: Path, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what is said of a cloud, and warnings of files with secrets that others can read."""
    clouds = _clouds(path)
    if name not in clouds:
        known = ", ".join(sorted(map(str, clouds))) or "none"
        raise ConfigurationError(f"{path} has no cloud {name!r}; it has: {known}")
    cloud = clouds[name]
    warnings = _warnings(path, clouds)
    secure = path.with_name(path.name.replace("clouds", "secure"))
    if secure != path and is_there(secure):
        # Passwords are often kept apart from what may be shared.
        apart = _clouds(secure)
        cloud = _merged(cloud, apart.get(name) or {})
        warnings += _warnings(secure, apart)
    if not isinstance(cloud, dict):
        raise ConfigurationError(f"{path}, cloud {name!r} is no section: write auth under it")
    return cloud, warnings


def _warnings(path: Path, clouds: Mapping[str, object]) -> tuple[str, ...]:
    has_secret = any(_has_secret(cloud) for cloud in clouds.values())
    return warn_if_open(str(path), path.stat().st_mode) if has_secret else ()


def _has_secret(cloud: object) -> bool:
    auth = cloud.get("auth") if isinstance(cloud, dict) else None
    return isinstance(auth, dict) and any(auth.get(name) for name in _SECRETS)


def _clouds(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            f"{path} needs PyYAML to be read: pip install 'ddswait[yaml]'"
        ) from None
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no YAML: it is not UTF-8: mend it") from None
    try:
        document = yaml.load(text, _plain_loader())  # noqa: S506 - a SafeLoader
    except Exception as error:  # noqa: BLE001 - its constructors raise whatever int() and others do
        # The parser's own message repeats the line, which may hold a secret.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ConfigurationError(f"{path} is no YAML{where}: mend it") from None
    clouds = document.get("clouds") if isinstance(document, dict) else None
    if not isinstance(clouds, dict):
        raise ConfigurationError(f"{path} has no section clouds: write the clouds under it")
    return clouds


def _plain_loader() -> type[yaml.SafeLoader]:
    """Return a loader that leaves scalars as they are written.

    YAML would read the password 0123456 as the octal number 42798, `no` as False, and stumble
    over 2024-13-45 as a date.
    """
    import yaml

    class Plain(yaml.SafeLoader):
        yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above declares it
            first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return Plain


def _merged(below: object, above: object) -> Any:  # noqa: ANN401 - YAML is anything
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
