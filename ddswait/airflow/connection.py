"""The settings of a waiter in an Airflow connection.

    endpoint          host, with or without https://
    AK and SK         login and password
    extra (JSON)      region, project_id, token, security_token, rate, iam_endpoint, ca_file

A connection of type `huaweicloud` has the AK, the SK, region and project ID in the same places.
What a connection leaves out is looked for where the waiter runs, as `Waiter.from_env` does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from ddswait.airflow.provider import CONNECTION_TYPE
from ddswait.credentials.keys import AccessKey, Token
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from ddswait.credentials.keys import Key
    from ddswait.discovery import EnvSettings

TYPES = (CONNECTION_TYPE, "huaweicloud")
"""The types of connections that are accepted."""


class Connection(Protocol):
    """What is read of an Airflow connection."""

    conn_id: str
    conn_type: str
    host: str | None
    port: int | None
    login: str | None
    password: str | None
    extra: str | None


def settings_of(connection: Connection) -> EnvSettings:
    """Return the arguments of `Waiter.from_env` that a connection holds.

    Raises:
        ConfigurationError: it has another type, or only a part of a key; no secret is shown.
    """
    name = f"connection {connection.conn_id!r}"
    if connection.conn_type not in TYPES:
        raise ConfigurationError(
            f"{name} has the type {connection.conn_type!r}: use one of type {' or '.join(TYPES)}"
        )
    extra = _extra(connection, name)
    settings: EnvSettings = {
        "endpoint": _endpoint(connection),
        "region": extra.get("region", ""),
        "project_id": extra.get("project_id", ""),
        "iam_endpoint": extra.get("iam_endpoint", ""),
        "ca_file": extra.get("ca_file", ""),
        "auth": _key(connection, extra, name),
    }
    if rate := extra.get("rate"):
        settings["rate"] = rate
    return settings


def _extra(connection: Connection, name: str) -> dict[str, str]:
    try:
        extra: Any = json.loads(connection.extra or "{}")
    except ValueError:
        raise ConfigurationError(f"{name}: its extra is not JSON") from None
    if not isinstance(extra, dict):
        raise ConfigurationError(f"{name}: its extra is not a JSON object")
    return {key: str(value).strip() for key, value in extra.items() if value not in (None, "")}


def _endpoint(connection: Connection) -> str:
    host = (connection.host or "").strip()
    if not host:
        return ""
    port = f":{connection.port}" if connection.port else ""
    return f"{host}{port}" if "://" in host else f"https://{host}{port}"


def _key(connection: Connection, extra: dict[str, str], name: str) -> Key | None:
    """Return the credentials of a connection; None to look for some."""
    access_key, secret_key = connection.login or "", connection.password or ""
    token = extra.get("token", "")
    if bool(access_key) != bool(secret_key):
        there, missing = ("login (AK)", "password (SK)")[:: 1 if access_key else -1]
        raise ConfigurationError(f"{name}: it has a {there} without a {missing}: set both")
    if access_key and token:
        raise ConfigurationError(f"{name}: it has an AK and a token: set one of them")
    try:
        if token:
            return Token(token)
        if access_key:
            return AccessKey(access_key, secret_key, extra.get("security_token") or None)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from None
    return None
