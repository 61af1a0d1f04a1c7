"""Says in words why a request failed, without the names of a library's classes.

Secrets stay out as well: a URL loses its user name and password.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import Any

from ddswait.service import regions

# A password may hold slashes and spaces, so everything between the scheme and the last `@` may
# belong to it.
_USER_INFO = re.compile(r"(?<=//).*@")
_BARE_USER_INFO = re.compile(r"[^\s/]\S*@")
_ERRNO = re.compile(r"\[Errno (\d+)\] ?")
_OPENSSL = re.compile(r"^\[[\w: ]+\] |(?: \(_ssl\.c:\d+\))+$")
_NO_HANDSHAKE = (
    "the server closed the connection during the TLS handshake; perhaps it supports no TLS 1.2"
)
_CLOSED = "the server closed the connection without a reply"
_CUT_REPLY = "the connection was closed in the middle of the reply"
_WORDLESS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "the time limit of the system was reached"),
    (ConnectionResetError, "the connection was reset"),
    (ConnectionError, "the connection was closed"),
    (OSError, "the network failed"),
)


def describe(error: BaseException) -> str:
    """Return a failure in words, without anything that may be a user name and password.

    An error that does not come from the network keeps the name of its class: it is one of the
    application's own code, and its author knows the name.
    """
    if type(error).__module__.split(".")[0] == "aiohttp":
        return without_passwords(_of_http_library(error))
    if isinstance(error, OSError):
        return without_passwords(_of_system(error))
    kind, text = type(error).__name__, _text_of(error)
    return without_passwords(f"{kind}: {text}" if text else kind)


def unresolved(host: str, reason: str, *, proxy: bool = False) -> str:
    """Return what is wrong when the name of a host does not resolve, and what to check.

    Args:
        host: the name.
        reason: the words of the resolver.
        proxy: whether it is the host of the proxy, not that of the service.
    """
    region = regions.region_of(f"https://{host}")
    advice = "is this machine connected, and is the name right?"
    if proxy:
        advice = "check the variable that sets the proxy"
    elif asked := regions.suggestion(region) if region else "":
        advice = f"is the region {region!r} right? {asked}"
    elif region in regions.REGIONS:
        advice = "is this machine connected, and does its name server reply?"
    elif region:
        advice = f"is the region {region!r} right?"
    whose = "the proxy's host name" if proxy else "the host name"
    return f"{whose} {host} does not resolve ({reason[:1].lower()}{reason[1:]}; {advice})"


def without_passwords(text: str) -> str:
    """Return a text without what may be a user name and password in a URL."""
    return _BARE_USER_INFO.sub("", _USER_INFO.sub("", text))


def _of_http_library(error: Any) -> str:  # noqa: ANN401 - only the transport imports its types
    if (cause := getattr(error, "os_error", None)) is not None:
        # asyncio reports a server that ends the handshake by an exception without words.
        reason = _of_system(cause) if _text_of(cause) else _NO_HANDSHAKE
        return f"cannot connect to {_address(error)}: {reason}"
    if not isinstance(getattr(error, "message", ""), str):
        return _CUT_REPLY  # it holds the head of a cut reply, perhaps with a token
    if isinstance(error, OSError):
        return _of_system(error)
    text = _text_of(error)
    if "Error" in text:  # it quotes the class of the error that caused it
        return _CUT_REPLY
    return _CLOSED if text in {"", "Server disconnected"} else text


def _address(error: Any) -> str:  # noqa: ANN401
    host = f"[{error.host}]" if ":" in str(error.host) else error.host
    return f"{host}:{error.port}"


def _of_system(error: BaseException) -> str:
    """Return the words of the operating system or of OpenSSL."""
    text = _text_of(error)
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {_OPENSSL.sub('', error.strerror or text) or 'no reason given'}"
    if isinstance(error, socket.gaierror):
        return error.strerror or text
    number = error.errno if isinstance(error, OSError) else None
    # asyncio counts the addresses that it tried; the first one says enough.
    if number is None and (found := _ERRNO.search(text)):
        number = int(found[1])
    if number is not None and number > 0:
        return os.strerror(number)
    return text or next(words for kind, words in _WORDLESS if isinstance(error, kind))


def _text_of(error: BaseException) -> str:
    """Return the text of an exception in one line; "" if it has none or is broken."""
    try:
        return " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the exception of a user's own key may be broken as well
        return ""
