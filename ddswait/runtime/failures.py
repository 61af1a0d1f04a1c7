"""What an exception of sending means to people: its kind, and a sentence.

Both follow from the type and the error number of the exception, never from its words. The types of
aiohttp are known by their names, so nothing has to be imported while something fails.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Any

from ddswait import failure_kinds as kinds
from ddswait.service import regions

# A password may hold slashes and spaces, so everything between the scheme and the last `@` may
# belong to it.
_USER_INFO = re.compile(r"(?<=//).*@")
_BARE_USER_INFO = re.compile(r"[^\s/]\S*@")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_NO_HANDSHAKE = (
    "the server closed the connection during the TLS handshake; perhaps it supports no TLS 1.2"
)
_CUT = "the server closed the connection before its reply was complete"
_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_UNROUTED = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def kind_of(error: BaseException) -> str:
    """Return the kind of an exception of sending; see `ddswait.failure_kinds`."""
    names = _names(error)
    if "ClientProxyConnectionError" in names:
        return kinds.PROXY
    inner = _inner(error)
    if (kind := _kind_of_system(inner, getattr(error, "host", ""))) is not None:
        return kind
    if names & {"ClientConnectionError", "ClientPayloadError"}:
        return kinds.CONNECTION_CLOSED
    if isinstance(inner, OSError):
        return kinds.SYSTEM
    return kinds.UNUSABLE_REPLY if "ClientResponseError" in names else kinds.UNKNOWN


def _kind_of_system(error: BaseException, host: str) -> str | None:  # noqa: PLR0911 - a kind each
    import socket  # asyncio has imported both
    import ssl

    match error:
        case socket.gaierror() if error.errno in {socket.EAI_MEMORY, socket.EAI_SYSTEM}:
            return kinds.SYSTEM  # this machine lacks memory or descriptors: nobody was asked
        case socket.gaierror() if error.errno == socket.EAI_NONAME:
            return kinds.UNKNOWN_REGION if _is_of_unknown_region(host) else kinds.DNS
        case socket.gaierror():
            return kinds.DNS
        case ssl.SSLError() | ssl.CertificateError():
            return kinds.TLS
        case ConnectionRefusedError():
            return kinds.CONNECTION_REFUSED
        case ConnectionError() if error.errno is None:
            return kinds.TLS  # asyncio's words for a server that ends the handshake are None
        case OSError() if error.errno in _RESET:
            return kinds.CONNECTION_RESET
        case TimeoutError():
            return kinds.NO_REPLY
        case OSError() if error.errno in _UNROUTED:
            return kinds.NO_ROUTE
        case _:
            return None


def _is_of_unknown_region(host: str) -> bool:
    """Whether a host is one of a known cloud, in a region that is not known."""
    region = regions.region_of(f"https://{host}")
    return bool(region) and region not in regions.REGIONS


def describe(error: BaseException, *, by_proxy: bool = False) -> str:
    """Return a failure in words, without anything that may be a user name and password.

    Args:
        error: the exception.
        by_proxy: whether requests go to a proxy, whose host name is then the one to resolve.
    """
    if not isinstance(getattr(error, "message", ""), str):
        return _CUT  # aiohttp holds the head of a cut reply, perhaps with a token
    names, kind = _names(error), kind_of(error)
    if kind in {kinds.CONNECTION_CLOSED, kinds.NO_REPLY} and "ClientConnectorError" not in names:
        return _CUT if kind == kinds.CONNECTION_CLOSED else "no reply in time"
    reason = _reason(_inner(error))
    if "ClientConnectorError" in names:
        if kind in kinds.UNRESOLVED:
            return unresolved(getattr(error, "host", ""), reason, by_proxy=by_proxy)
        return _of_connecting(error, kind, reason)
    if kind == kinds.UNKNOWN and "ClientError" not in names:
        name = type(error).__name__  # of an application: its words alone may say too little
        return f"{name}: {reason}" if reason else name
    return reason or kind


def unresolved(host: str, reason: str, *, by_proxy: bool = False) -> str:
    """Return what is wrong when the name of a host does not resolve, and what to check.

    Args:
        host: the name.
        reason: the words of the resolver.
        by_proxy: whether it is the host of the proxy, not that of the service.
    """
    region = regions.region_of(f"https://{host}")
    advice = "is this machine connected, and is the name right?"
    if by_proxy:
        advice = "check the variable that sets the proxy"
    elif asked := regions.suggestion(region) if region else "":
        advice = f"is the region {region!r} right? {asked}"
    elif region in regions.REGIONS:
        advice = "is this machine connected, and does its name server reply?"
    elif region:
        advice = f"is the region {region!r} right?"
    whose = "the proxy's host name" if by_proxy else "the host name"
    return f"{whose} {host} does not resolve ({reason[:1].lower()}{reason[1:]}; {advice})"


def _of_connecting(error: Any, kind: str, reason: str) -> str:  # noqa: ANN401 - a type of aiohttp
    """Return what went wrong before there was a connection."""
    host, port = getattr(error, "host", ""), getattr(error, "port", "")
    host = f"[{host}]" if ":" in host else host
    match kind:
        case kinds.PROXY:
            return f"no connection to the proxy {host}:{port}: {reason}"
        case kinds.TLS if not reason:
            return _NO_HANDSHAKE
        case kinds.TLS:
            return f"the TLS handshake with {host}:{port} failed: {reason}"
        case _:
            return f"no connection to {host}:{port}: {reason or kind}"


def _reason(error: BaseException) -> str:
    """Return the words of an exception, in one line and without a user name and password."""
    try:
        if isinstance(error, OSError) and (error.errno or 0) > 0 and not _has_own_words(error):
            return os.strerror(error.errno or 0)  # asyncio quotes its own call in place of words
        text = _reason_of_tls(error) or getattr(error, "strerror", None) or str(error)
        text = " ".join(text.split())
    except Exception:  # noqa: BLE001 - the exception of a user's own key may be broken as well
        return ""
    return "" if text == "None" else _BARE_USER_INFO.sub("", _USER_INFO.sub("", text))


def _has_own_words(error: OSError) -> bool:
    import socket
    import ssl

    return isinstance(error, socket.gaierror | ssl.SSLError | ssl.CertificateError)


def _reason_of_tls(error: BaseException) -> str:
    """Return the words of OpenSSL without their place in the source; "" for other errors."""
    words = getattr(error, "verify_message", "") or getattr(error, "reason", "")
    if not isinstance(words, str):
        return ""
    return words.replace("_", " ").lower() if words.isupper() else words


def _inner(error: BaseException) -> BaseException:
    """Return the system's own error, if another one holds it."""
    inner = getattr(error, "os_error", None)
    if not isinstance(inner, BaseException):
        return error
    if type(inner) is OSError and inner.errno is None:
        # Several addresses failed in several ways, which only the text lists.
        numbers = [int(each) for each in _ERRNO.findall(str(inner))]
        # A machine without IPv6 has no route to half of them.
        told = [each for each in numbers if each not in _UNROUTED] or numbers
        return OSError(told[0], os.strerror(told[0])) if told else inner
    return inner


def _names(error: BaseException) -> set[str]:
    return {each.__name__ for each in type(error).__mro__}
