"""The only file that speaks HTTP (aiohttp): sends a request, returns what came back.

It never raises for the weather: whatever goes wrong on the way is a `Fault`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ddswait import __version__
from ddswait.api import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp
    import yarl

    from ddswait.api import Request

# A connection must outlive the longest pause between two looks of a busy agenda: reconnecting
# costs 2.5 times a request, with TLS ten times.
_KEEPALIVE = 75.0
_USER_INFO = re.compile(r"//[^/@\s]*@")


class Response(NamedTuple):
    """What came back: plain values."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One aiohttp session to one host, opened by the first request.

    Args:
        connections: how many connections may be open at once. One with TLS takes 320 KB.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None
        self._as_it_is: Callable[[str], yarl.URL]

    async def send(self, request: Request, headers: Mapping[str, str]) -> Response | Fault:
        """Send a request and read its whole reply.

        There is no time limit here: aiohttp's timers cost a tenth of a request, and the caller
        cuts what takes too long.

        Args:
            request: what to send.
            headers: headers beside its own: the credentials.
        """
        try:
            session = self._session or self._open(request.url)
            # Neither `async with` nor response.json(): a tenth of a request, for nothing.
            response = await session.request(
                request.method,
                self._as_it_is(request.url),
                headers={**request.headers, **headers},
                data=request.body or None,
                proxy=self._proxy,
                # On a redirect the token would be sent to whatever host the reply names.
                allow_redirects=False,
            )
            return Response(response.status, response.headers, await response.read())
        except Exception as error:  # noqa: BLE001 - no weather may end a wait
            return Fault(describe(error))

    def _open(self, url: str) -> aiohttp.ClientSession:
        import aiohttp  # 250 ms: paid when a question is about to be sent, and not before
        import yarl

        # yarl would decode `%2F` in a query; a signature holds for the bytes that were signed.
        self._as_it_is = partial(yarl.URL, encoded=True)
        self._proxy = _find_proxy(url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=_KEEPALIVE, ttl_dns_cache=60
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            # The proxy is looked up once: trust_env does it for each request, in a thread.
            trust_env=False,
            headers={"User-Agent": f"ddswait/{__version__}"},
        )
        return self._session

    async def close(self) -> None:
        """Close all connections; the client can be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _find_proxy(url: str) -> str | None:
    """Return the proxy that the environment names for `url` (`https_proxy`, `no_proxy`)."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def describe(error: BaseException) -> str:
    """Return a fault in words, without the user name and password of a proxy's URL."""
    kind = type(error).__name__
    text = " ".join(str(error).split())
    return _USER_INFO.sub("//", f"{kind}: {text}" if text else kind)
