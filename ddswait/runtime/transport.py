"""Sends a request over HTTP and returns what came back; the only file that imports aiohttp.

Network failures are returned as `TransientFailure`, never raised.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeVar

from ddswait import failure_kinds
from ddswait.credentials.keys import with_key_hint
from ddswait.credentials.mask import Mask, secrets_of_proxy
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.failures import describe, kind_of
from ddswait.runtime.proxies import find_proxy
from ddswait.service.problems import read_problem
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
_LONGEST_HEADER = 128 * 1024  # bytes: the references allow tokens of 100,000 characters
_LONGEST_BODY = 4 * 1024 * 1024  # bytes after unpacking: a hundred jobs take 100 KB
_MOST_URLS = 1000  # 1 KB each
_Read = TypeVar("_Read")


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
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None
        self._adopt(key)
        self._parse_url: Callable[[str], yarl.URL]

    def use(self, key: Key) -> None:
        """Authenticate with another key from now on."""
        self._adopt(key)
        if self._session is not None and self._proxy is None:
            self._session.headers.clear()
            self._session.headers.update(self._headers)

    def _adopt(self, key: Key) -> None:
        headers = key.headers()
        # Replaced, not updated: the last key may have had headers that this one has not.
        self._headers = {**self._common, **headers}
        self._sign = key.sign
        self._mask = Mask.of_headers(headers).with_secrets(secrets_of_proxy(self._proxy or ""))

    async def send(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], _Read],
    ) -> _Read | TransientFailure | Refusal:
        """Send a request, and return what `read` makes of its reply, or what went wrong.

        There is no time limit here: aiohttp's timers cost a tenth of a request, and the caller
        cancels what takes too long.

        Args:
            request: what to send.
            read: is given status, headers and body: plain values, without the secrets of the
                request. Should it raise, this request has failed, and no other.
        """
        mask = self._mask
        try:
            session = self._session or self._open(request.url)
            signature = self._sign(request, self._headers)
            if signature or request.secrets:  # most requests are like the last one
                mask = self._mask.with_secrets(request.secrets).with_signature(signature)
            # `async with` and response.json() would cost a tenth of a request, for nothing.
            response = await session.request(
                request.method,
                self._parse_url(request.url),
                headers=signature if self._proxy is None else {**self._headers, **signature},
                data=request.body or None,
                proxy=self._proxy,
                # On a redirect the token would be sent to whatever host the reply names.
                allow_redirects=False,
            )
            content = response.content
            body = _whole_body(content) if content.is_eof() else await _read_body(response)
            self._has_answered = True
            reply = read(response.status, *mask.reply(response.headers, body))
            if response.status == 401 and isinstance(reply, Refusal):  # noqa: PLR2004
                return with_key_hint(reply, {**self._headers, **signature})
        except Exception as error:  # noqa: BLE001 - neither the network nor a reply may end a wait
            return self._failure(error, mask)
        return reply

    def _failure(self, error: Exception, mask: Mask) -> TransientFailure | Refusal:
        try:
            return self._meaning(error, mask)
        except Exception:  # noqa: BLE001 - such as an aiohttp that can no longer be imported
            return TransientFailure(mask.text(describe(error)), kind=kind_of(error))

    def _meaning(self, error: Exception, mask: Mask) -> TransientFailure | Refusal:
        """Return what an exception means; it is permanent if repeating the request cannot help."""
        import aiohttp

        if isinstance(error, ConfigurationError):
            return Refusal(0, error_msg=mask.text(str(error)), scope=Scope.EVERYTHING)
        # After a reply has come, a bad certificate may pass as well: somebody's renewal went wrong.
        if isinstance(error, aiohttp.ClientConnectorCertificateError) and not self._has_answered:
            reason = getattr(error.certificate_error, "verify_message", "") or describe(error)
            message = (
                f"the certificate of {error.host} is not trusted: {reason}; if the CA is your own, "
                "name its file with --ca-file or OS_CACERT"
            )
            return Refusal(0, error_msg=message, scope=Scope.EVERYTHING)
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return _proxy_failure(error)
        if isinstance(error, aiohttp.ClientResponseError):
            # Its text quotes the header that could not be read, which may be a token.
            return TransientFailure("the reply is not valid HTTP, or has a header over 128 KiB")
        if isinstance(error, _OverlongBodyError):
            return TransientFailure(str(error))
        return self._network_failure(error, mask)

    def _network_failure(self, error: Exception, mask: Mask) -> TransientFailure:
        cause = describe(error, by_proxy=self._proxy is not None)
        return TransientFailure(mask.text(cause), kind=kind_of(error))

    def _open(self, url: str) -> aiohttp.ClientSession:
        import aiohttp  # 250 ms: paid when a request is about to be sent, and not before
        import yarl

        # yarl would decode `%2F` in a query; a signature holds for the bytes that were signed.
        # It remembers 128 itself, and a job is polled many times.
        self._parse_url = lru_cache(_MOST_URLS)(partial(yarl.URL, encoded=True))
        self._proxy = find_proxy(url)
        self._mask = self._mask.with_secrets(secrets_of_proxy(self._proxy or ""))
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
            # aiohttp sends the headers of a session to the proxy as well, in the clear (CONNECT).
            headers=self._headers if self._proxy is None else self._common,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        return self._session

    async def close(self) -> None:
        """Close all connections; the client can be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def load() -> None:
    """Import what requests and their failures need: when one fails, an import may fail as well."""
    import urllib.request

    import aiohttp
    import yarl

    _ = (aiohttp, urllib.request, yarl)


def _whole_body(content: aiohttp.StreamReader) -> bytes:
    """Return a body that has come with its headers, as most do: nothing need be awaited.

    Raises:
        _OverlongBodyError: see `_read_body`.
    """
    body = content.read_nowait()
    if len(body) > _LONGEST_BODY:
        raise _OverlongBodyError
    return body


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of a reply, unpacked.

    `response.read()` would unpack a small body into gigabytes. aiohttp unpacks about 256 KiB for
    each piece that is taken, and then stops reading from the socket.

    Raises:
        _OverlongBodyError: the body is larger than any reply of the service.
    """
    try:
        pieces = await _bounded_pieces(response.content)
    except BaseException:
        response.close()  # also when the request is cut: what is left of it cannot be skipped
        raise
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _bounded_pieces(content: aiohttp.StreamReader) -> list[bytes]:
    # A list: an asynchronous generator costs more than taking the pieces.
    pieces, size = [], 0
    while piece := await content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > _LONGEST_BODY:
            raise _OverlongBodyError
    return pieces


class _OverlongBodyError(Exception):
    """A reply is too large to be one of the service."""

    def __init__(self) -> None:
        super().__init__(f"the reply is larger than {_LONGEST_BODY >> 20} MiB")


def _proxy_failure(error: aiohttp.ClientHttpProxyError) -> TransientFailure | Refusal:
    """Return what a proxy's reply to CONNECT means: the same as to any other request."""
    problem = read_problem(error.status, error.headers or {}, b"")
    if isinstance(problem, Refusal):
        return replace(problem, error_msg="the proxy refuses the connection")
    cause = f"the proxy answers HTTP {error.status} to CONNECT"
    return TransientFailure(cause, kind=failure_kinds.proxy(error.status))


def trust(ca_file: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates in `ca_file`, and no others.

    Raises:
        ConfigurationError: it cannot be read, or holds no certificate.
    """
    import ssl  # only paid for when a file is named

    hint = "name a readable PEM file with --ca-file or OS_CACERT"
    try:
        return ssl.create_default_context(cafile=os.path.expanduser(ca_file))  # noqa: PTH111
    except ssl.SSLError:
        raise ConfigurationError(f"CA file {ca_file!r} contains no certificate: {hint}") from None
    except OSError as error:
        raise ConfigurationError(
            f"CA file {ca_file!r} cannot be read ({error.strerror}): {hint}"
        ) from None
