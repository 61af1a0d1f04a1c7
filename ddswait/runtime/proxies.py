"""The proxy that the environment names for a host."""

from __future__ import annotations

from ddswait.service.endpoints import check_proxy, is_loopback


def find_proxy(url: str) -> str | None:
    """Return the proxy that the environment names for `url` (`https_proxy`, `no_proxy`).

    Never one for loopback and link-local addresses: a metadata service is this machine's own.

    Raises:
        ConfigurationError: the environment's proxy is not a URL.
    """
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname
    if not host or host.startswith("169.254.") or is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    name = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(name)
    return check_proxy(proxy, f"{name}_proxy") if proxy else None
