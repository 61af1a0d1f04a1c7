"""Sends a request over HTTP and returns what came back; the only file that imports aiohttp.

Network failures are returned as `TransientFailure`, never raised.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ddswait.credentials.keys import with_key_hint
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal, Scope
from ddswait.service.endpoints import check_proxy, is_loopback
from ddswait.service.replies import TransientFailure
from ddswait.version import __version__

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    import aiohttp
    import yarl

    from ddswait.credentials.keys import Key
    from ddswait.service.replies import Request

# A connection must outlive the longest time between two polls of a busy scheduler: reconnecting
# costs 2.5 times a request, with TLS ten times.
_KEEPALIVE = 75.0
_Read = TypeVar("_Read")
# A password may hold slashes and spaces, so everything between the scheme and the last `@` may
# belong to it.
_USER_INFO = re.compile(r"(?<=//).*@")
_BARE_USER_INFO = re.compile(r"[^\s/]\S*@")


class Transport:
    """One aiohttp session to one host, opened by the first request.

    Args:
        connections: how many connections may be open at once. One with TLS takes 320 KB.
        headers: go with every request.
        key: authenticates the requests.
        trusted: whose certificates to trust; None for those of the system.
    """

    def __init__(
        self,
        connections: int,
        headers: Mapping[str, str],
        key: Key,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = connections
        self._trusted = trusted
        self._has_answered = False
        # aiohttp prepares them once; given with each request they would cost a tenth of it.
        self._common = {"User-Agent": f"ddswait/{__version__}", **headers}
        self._headers = {**self._common, **key.headers()}
        self._sign = key.sign
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None
        self._parse_url: Callable[[str], yarl.URL]

    def use(self, key: Key) -> None:
        """Authenticate with another key from now on."""
        # Replaced, not updated: the last key may have had headers that this one has not.
        self._headers = {**self._common, **key.headers()}
        self._sign = key.sign
        if self._session is not None:
            self._session.headers.clear()
            self._session.headers.update(self._headers)

    async def send(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], _Read],
    ) -> _Read | TransientFailure | Refusal:
        """Send a request, and return what `read` makes of its reply, or why there is none.

        There is no time limit here: aiohttp's timers cost a tenth of a request, and the caller
        cancels what takes too long.

        Args:
            request: what to send.
            read: is given status, headers and body: plain values.
        """
        try:
            session = self._session or self._open(request.url)
            signature = self._sign(request, self._headers)
            # `async with` and response.json() would cost a tenth of a request, for nothing.
            response = await session.request(
                request.method,
                self._parse_url(request.url),
                headers=signature,
                data=request.body or None,
                proxy=self._proxy,
                # On a redirect the token would be sent to whatever host the reply names.
                allow_redirects=False,
            )
            body = await response.read()
        except Exception as error:  # noqa: BLE001 - no network failure may end a wait
            return self._failure(error)
        self._has_answered = True
        reply = read(response.status, response.headers, body)
        if response.status == 401 and isinstance(reply, Refusal):  # noqa: PLR2004
            return with_key_hint(reply, {**self._headers, **signature})
        return reply

    def _failure(self, error: Exception) -> TransientFailure | Refusal:
        import aiohttp

        if isinstance(error, ConfigurationError):
            return Refusal(0, error_msg=str(error), scope=Scope.EVERYTHING)
        # After a reply has come, a bad certificate may pass as well: somebody's renewal went wrong.
        if isinstance(error, aiohttp.ClientConnectorCertificateError) and not self._has_answered:
            reason = getattr(error.certificate_error, "verify_message", "") or describe(error)
            message = (
                f"the certificate of {error.host} is not trusted: {reason}; if the CA is your own, "
                "name its file with --ca-file or OS_CACERT (ca_file=)"
            )
            return Refusal(0, error_msg=message, scope=Scope.EVERYTHING)
        return TransientFailure(describe(error))

    def _open(self, url: str) -> aiohttp.ClientSession:
        import aiohttp  # 250 ms: paid when a request is about to be sent, and not before
        import yarl

        # yarl would decode `%2F` in a query; a signature holds for the bytes that were signed.
        self._parse_url = partial(yarl.URL, encoded=True)
        self._proxy = _find_proxy(url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=_KEEPALIVE,
                ttl_dns_cache=60,
                ssl=self._trusted or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            # The proxy is looked up once: trust_env does it for each request, in a thread.
            trust_env=False,
            headers=self._headers,
        )
        return self._session

    async def close(self) -> None:
        """Close all connections; the client can be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _find_proxy(url: str) -> str | None:
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
    proxy = getproxies().get(parts.scheme)
    return check_proxy(proxy, f"{parts.scheme}_proxy") if proxy else None


def trust(ca_file: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates in `ca_file`, and no others.

    Raises:
        ConfigurationError: it cannot be read, or holds no certificate.
    """
    import ssl  # only paid for when a file is named

    hint = "name a readable PEM file with --ca-file or OS_CACERT (ca_file=)"
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise ConfigurationError(f"CA file {ca_file!r} contains no certificate: {hint}") from None
    except OSError as error:
        raise ConfigurationError(
            f"CA file {ca_file!r} cannot be read ({error.strerror}): {hint}"
        ) from None


def describe(error: BaseException) -> str:
    """Return a failure in words, without anything that may be a user name and password."""
    if not isinstance(getattr(error, "message", ""), str):
        return type(error).__name__  # aiohttp holds the head of a cut reply, perhaps with a token
    kind = type(error).__name__
    text = " ".join(str(error).split())
    shown = _BARE_USER_INFO.sub("", _USER_INFO.sub("", text))
    return f"{kind}: {shown}" if shown else kind
