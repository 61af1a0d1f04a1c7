"""Regions to endpoints, and checks of regions, endpoints and proxies. Pure.

Source: "Endpoints" of the DDS and IAM API references. For other clouds of the family, such as
Open Telekom Cloud, users give the whole endpoint or the cloud's domain.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from ddswait.errors import ConfigurationError
from ddswait.service import DEFAULT, service_named
from ddswait.service.registry import ROWS

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
# What the documentation of an API and the catalogue of a cloud have behind the host.
_VERSION = re.compile(
    r"/v3(?:\.\d+)?(?:/(?:[$%]?[({]{1,2}(?:project|tenant)_id[)}]{1,2}s?|[0-9a-f]{32}))?/*$"
)
_CLOUD = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LABEL = r"[A-Za-z0-9_-]{1,63}"
# A dot at the end is refused as well: with it, no domain would be known as that of a cloud.
_AUTHORITY = re.compile(rf"(?:\[([0-9A-Fa-f:.]+)\]|({_LABEL}(?:\.{_LABEL})*))(?::[0-9]+)?")
_LONGEST_HOST = 253  # characters of a name; source: RFC 1035, without the lengths of the labels

# Source: "Regions and Endpoints" of each cloud. A longer domain comes before its own end.
CLOUDS = (
    "myhuaweicloud.com",
    "myhuaweicloud.eu",
    "prod-cloud-ocb.orange-business.com",
    "sc.otc.t-systems.com",
    "otc.t-systems.com",
)


def check_region(region: str, source: str = "the region") -> str:
    """Return the region if its name is valid.

    Args:
        region: such as `ap-southeast-1`.
        source: the variable or option that it came from.

    Raises:
        ConfigurationError: it is not; the message quotes it and names its source.
    """
    if not _REGION.fullmatch(region):
        raise ConfigurationError(
            f"{source}: invalid region {region!r}: use a name such as ap-southeast-1"
        )
    return region


def endpoint_of(service: str, region: str, cloud: str = "") -> str:
    """Return the endpoint of a service (`dds`, `iam`) in a region.

    Args:
        service: the name of a service, which may have another host in some regions; or the first
            part of the host, as `iam`.
        region: such as `ap-southeast-1`; those beginning with `eu-west-1` end in `.eu`.
        cloud: the domain of another cloud (`HW_CLOUD`); "" for Huawei's own.

    Raises:
        ConfigurationError: the name of the region or the cloud is invalid.
    """
    if cloud and not _CLOUD.fullmatch(cloud):
        raise ConfigurationError(
            f"HW_CLOUD: invalid domain {cloud!r}: use one such as myhuaweicloud.eu"
        )
    top = "eu" if region.startswith("eu-west-1") else "com"
    host = (
        f"{_first_part(service, check_region(region))}.{region}.{cloud or f'myhuaweicloud.{top}'}"
    )
    if not _is_authority(host):
        origin = f"HW_CLOUD {cloud!r} and " if cloud else ""
        raise ConfigurationError(
            f"{origin}the region {region!r} make an invalid host name: use the names that the "
            "documentation of the cloud gives, such as ap-southeast-1"
        )
    return f"https://{host}"


def _first_part(service: str, region: str) -> str:
    """Return the first part of the host of a service."""
    return service_named(service).host(region) if service in ROWS else service


def check_endpoint(
    endpoint: str,
    *,
    source: str = "the endpoint",
    service: str = DEFAULT,
    insecure_http: bool = False,
) -> str:
    """Return the endpoint without what every request adds: a slash, version and project ID.

    Args:
        endpoint: a URL of scheme, host and perhaps a path.
        source: the variable or option that it came from.
        service: as in endpoint_of(), for the example in the message.
        insecure_http: accept http beyond this machine, where credentials can be read on the way.

    Raises:
        ConfigurationError: it is not a plain https URL (or http to this machine); the message
            quotes it, unless it may contain a password.
    """
    hint = f"use a URL such as https://{_first_part(service, '')}.REGION.myhuaweicloud.com"
    if "@" in endpoint:
        raise ConfigurationError(
            f"{source} contains an '@', so perhaps a password, and is not shown: {hint}"
        )
    if error := _error_of(endpoint):
        raise ConfigurationError(f"{source}: {endpoint!r} {error}: {hint}")
    parts = urlsplit(endpoint)
    if parts.scheme == "http" and not (insecure_http or is_loopback(parts.hostname or "")):
        raise ConfigurationError(
            f"{source}: {endpoint!r} is not https, so the credentials could be read on the way: "
            f"{hint}, or allow it with --insecure-http"
        )
    return without_version(endpoint)


def without_version(endpoint: str) -> str:
    """Return an endpoint without what every request adds: a slash, version and project ID.

    The Keystone URLs that users keep end in the version. A host may be called `v3`, so only the
    path is changed.
    """
    scheme, separator, rest = endpoint.partition("://")
    host, slash, path = rest.partition("/")
    kept = _VERSION.sub("", f"{slash}{path}").rstrip("/")
    return f"{scheme}{separator}{host}{kept}"


def _error_of(endpoint: str) -> str:
    """Return why a text is not an endpoint, "" when it is one."""
    try:
        parts = urlsplit(endpoint)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not has_valid_port:
        return "is not an http(s) URL"
    if parts.query or parts.fragment or not endpoint.isprintable() or " " in endpoint:
        return "has more than scheme, host and path"
    return "" if _is_authority(parts.netloc) else "has an invalid host"


def _is_authority(text: str) -> bool:
    """Whether a text is a host name or an IP address (of version 6 in brackets), and a port.

    The HTTP library raises ValueError for some of the rest, at the first request.
    """
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return False
    address, name = found.groups()
    if name is not None:
        return len(name) <= _LONGEST_HOST
    try:
        return ip_address(address).version == 6  # noqa: PLR2004 - only these have brackets
    except ValueError:
        return False


def check_same_cloud(
    iam: str, endpoint: str, *, title: str = "DDS", by_region: bool = False
) -> None:
    """Check that the endpoints of IAM and of a service belong to the same cloud.

    Args:
        iam: the endpoint of IAM.
        endpoint: that of the service.
        title: the name of the service.
        by_region: whether the region sets one of them, and not the user. Then their domains must
            be the same. Otherwise they may differ, as those of a gateway of the user do, unless
            they are known to belong to different clouds.

    Raises:
        ConfigurationError: they do not; the message names both hosts.
    """
    hosts = [urlsplit(each).hostname or "" for each in (iam, endpoint)]
    if any(map(is_loopback, hosts)):
        return
    first, second = map(domain_of, hosts)
    if first != second and (by_region or {first, second} <= set(CLOUDS)):
        raise ConfigurationError(
            f"IAM is at {hosts[0]} and {title} at {hosts[1]}, which are different clouds, so the "
            "credentials of one would be sent to the other: set HW_CLOUD to the domain of your "
            f"cloud, such as {CLOUDS[-1]}, or set both endpoints"
        )


def domain_of(host: str) -> str:
    """Return the domain of a cloud: a known one, or what hosts of a service have in common."""
    for cloud in CLOUDS:
        if host.endswith(f".{cloud}"):
            return cloud
    try:
        return str(ip_address(host))
    except ValueError:
        # The first label is the service; the last two are the same for all regions.
        return ".".join((host.split(".")[1:] or [host])[-2:])


def check_proxy(proxy: str, source: str) -> str:
    """Return the URL of a proxy.

    Args:
        proxy: `http://HOST:PORT` or `HOST:PORT`, perhaps with user name and password.
        source: the variable that it came from.

    Raises:
        ConfigurationError: it is not one; the message does not quote it, since most wrong ones
            contain a password that is not escaped.
    """
    if "://" not in proxy:
        proxy = f"http://{proxy}"  # as curl takes it
    try:
        parts = urlsplit(proxy)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        has_valid_port = False
    # An `@` behind the host: the password contained a slash, and the apparent host is the user.
    rest = "" if not has_valid_port else parts.path + parts.query + parts.fragment
    user = "" if not has_valid_port else parts.netloc.rpartition("@")[0]
    is_valid = (
        has_valid_port
        and parts.scheme in {"http", "https"}
        and _is_authority(parts.netloc.rpartition("@")[2])
        and not {"[", "]"} & set(user)  # not every library reads them as part of a password
    )
    if not is_valid or "@" in rest or not proxy.isprintable() or " " in proxy:
        raise ConfigurationError(
            f"{source} is not the URL of an HTTP proxy: use http://HOST:PORT, and percent-encode "
            "the password"
        )
    return proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, as `127.0.0.1`, `::1` and `localhost` are."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
