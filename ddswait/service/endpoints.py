"""Regions to endpoints, and what can be one. Pure.

Source: "Endpoints" of the DDS and IAM API references. Other clouds of the family, such as Open
Telekom Cloud, are reached by giving their endpoints whole.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from ddswait.errors import ConfigurationError

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_CLOUD = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def check_region(region: str, source: str = "the region") -> str:
    """Return the region if its name can be one.

    Args:
        region: such as `ap-southeast-1`.
        source: the variable or option that it came from.

    Raises:
        ConfigurationError: it cannot; the message names both.
    """
    if not _REGION.fullmatch(region):
        raise ConfigurationError(f"{source}: {region!r} is no region: give one like ap-southeast-1")
    return region


def endpoint_of(service: str, region: str, cloud: str = "") -> str:
    """Return the endpoint of a service (`dds`, `iam`) in a region.

    Args:
        service: the first part of the host.
        region: such as `ap-southeast-1`; those beginning with `eu-west-1` end in `.eu`.
        cloud: the domain of another cloud (`HW_CLOUD`); "" for Huawei's own.

    Raises:
        ConfigurationError: the region's or the cloud's name cannot be one.
    """
    if cloud and not _CLOUD.fullmatch(cloud):
        raise ConfigurationError(f"HW_CLOUD {cloud!r} is no domain: give one like myhuaweicloud.eu")
    top = "eu" if region.startswith("eu-west-1") else "com"
    return f"https://{service}.{check_region(region)}.{cloud or f'myhuaweicloud.{top}'}"


def check_endpoint(
    endpoint: str,
    *,
    source: str = "the endpoint",
    service: str = "dds",
    insecure_http: bool = False,
) -> str:
    """Return the endpoint without a slash at its end.

    Args:
        endpoint: a URL of scheme, host and perhaps a path.
        source: the variable or option that it came from.
        service: `dds` or `iam`, for the example in the message.
        insecure_http: accept http beyond this machine, where credentials can be read on the way.

    Raises:
        ConfigurationError: it is no plain https URL (or http to this machine); the message names
            it, unless it may hold a password.
    """
    hint = f"give it as https://{service}.REGION.myhuaweicloud.com"
    if "@" in endpoint:
        raise ConfigurationError(f"{source} holds an '@', so perhaps a password: {hint}")
    if wrong := _fault_of(endpoint):
        raise ConfigurationError(f"{source}: {endpoint!r} {wrong}: {hint}")
    parts = urlsplit(endpoint)
    if parts.scheme == "http" and not (insecure_http or is_loopback(parts.hostname or "")):
        raise ConfigurationError(
            f"{source}: {endpoint!r} is not https: anyone on the way could read the credentials; "
            f"{hint}, or allow it with --insecure-http (insecure_http=True)"
        )
    return endpoint.rstrip("/")


def _fault_of(endpoint: str) -> str:
    """Return why a text is no endpoint, "" when it is one."""
    try:
        parts = urlsplit(endpoint)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return "is no URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_sound:
        return "is no http(s) URL"
    if parts.query or parts.fragment or not endpoint.isprintable() or " " in endpoint:
        return "is more than scheme, host, path"
    return ""


def check_proxy(proxy: str, source: str) -> str:
    """Return the URL of a proxy.

    Args:
        proxy: `http://HOST:PORT`, perhaps with user name and password.
        source: the variable that it came from.

    Raises:
        ConfigurationError: it is none; the message does not show it, since a password that is
            not escaped is what makes most of them wrong.
    """
    try:
        parts = urlsplit(proxy)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        port_is_sound = False
    # An `@` behind the host: the password held a slash, and what looks like the host is the user.
    rest = "" if not port_is_sound else parts.path + parts.query + parts.fragment
    sound = port_is_sound and parts.scheme in {"http", "https"} and parts.hostname
    if not sound or "@" in rest or not proxy.isprintable() or " " in proxy:
        raise ConfigurationError(
            f"{source} is no URL: write http://HOST:PORT, %-encode the password"
        )
    return proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, as `127.0.0.1`, `::1` and `localhost` are."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
