"""The profile file of the official SDK: `~/.huaweicloud/credentials`, an INI file.

Source: "Use Profile File" of the documentation of the official SDK.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.credentials import source_file
from ddswait.credentials.source import (
    AccessKeyNames,
    Setting,
    Source,
    SourceSettings,
    access_key_source,
)
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"
_LARGEST_FILE = 64 << 10  # bytes; the parser needs the square of the lines that it does not accept
# The pattern of the library needs the square of the blanks before the delimiter.
_OPTION = re.compile(r"(?P<option>[^=:]*)(?P<vi>[=:])\s*(?P<value>.*)$")
_NAMES = AccessKeyNames("ak", "sk", "security_token", "project_id")


def read_source(env: Mapping[str, str]) -> Source | None:
    """Return the credentials in the profile file; None when there is no file.

    Args:
        env: `HUAWEICLOUD_SDK_CREDENTIALS_FILE` sets the path of the file; otherwise it is
            `.huaweicloud/credentials` in `HOME`.

    Raises:
        ConfigurationError: the file cannot be read, is invalid, or has no credentials.
    """
    path = _path(env)
    if path is None:
        return None
    section = _read_section(path)
    name = f"{path}, section [{_SECTION}]"
    source = access_key_source(section.get, _NAMES, name)
    if source is None:
        raise ConfigurationError(f"{name} has neither ak nor sk: set both")
    settings = SourceSettings(
        iam_endpoint=Setting(section.get("iam_endpoint", ""), f"iam_endpoint of {name}"),
        project_id=section.get("project_id", ""),
    )
    return source._replace(settings=settings, warnings=source_file.permission_warnings(path))


def _path(env: Mapping[str, str]) -> Path | None:
    if path := env.get(_VARIABLE):
        return source_file.expand(path, env)
    # Without HOME, this would be the working directory, where another user may have put a file.
    if not (home := env.get("HOME")):
        return None
    usual = Path(home) / ".huaweicloud" / "credentials"
    return usual if source_file.exists(usual) else None


def _read_section(path: Path) -> Mapping[str, str]:
    import configparser  # takes 4 ms, so only users of a profile file load it

    class Parser(configparser.ConfigParser):
        OPTCRE = _OPTION

    parser = Parser(interpolation=None)
    try:
        parser.read_string(source_file.read_text(path, _LARGEST_FILE))
    except configparser.Error:
        # The parser's own message repeats the line, which may contain a secret.
        raise ConfigurationError(
            f"{path} is not a valid INI file: write [{_SECTION}], ak = ... and sk = ... "
            "on separate lines"
        ) from None
    if not parser.has_section(_SECTION):
        raise ConfigurationError(
            f"{path} has no section [{_SECTION}]: add the section with ak and sk"
        )
    return parser[_SECTION]
