"""The SDK's profile file: `~/.huaweicloud/credentials`, an INI file.

Source: "Use Profile File" of the official SDK's documentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.credentials.source import Found, Names, Own, Said, from_pair, is_there, warn_if_open
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"
_NAMES = Names("ak", "sk", "security_token", "project_id")


def find(env: Mapping[str, str]) -> Found | None:
    """Return what the profile file holds; None when there is no file.

    Args:
        env: `HUAWEICLOUD_SDK_CREDENTIALS_FILE` names the file; else it is looked for in `HOME`.

    Raises:
        ConfigurationError: it cannot be read, or holds less than it should.
    """
    path = _path(env)
    if path is None:
        return None
    section = _read(path)
    source = f"{path}, section [{_SECTION}]"
    found = from_pair(section.get, _NAMES, source)
    if found is None:
        raise ConfigurationError(f"{path}: section [{_SECTION}] has neither ak nor sk: give both")
    return found._replace(
        own=Own(
            iam_endpoint=Said(section.get("iam_endpoint", ""), f"iam_endpoint of {source}"),
            project_id=section.get("project_id", ""),
        ),
        warnings=warn_if_open(str(path), path.stat().st_mode),
    )


def _path(env: Mapping[str, str]) -> Path | None:
    if named := env.get(_VARIABLE):
        return Path(named)
    # Without HOME this would be the working directory, where anybody may have put a file.
    if not (home := env.get("HOME")):
        return None
    path = Path(home) / ".huaweicloud" / "credentials"
    return path if is_there(path) else None


def _read(path: Path) -> Mapping[str, str]:
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
