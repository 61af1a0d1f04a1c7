"""What a failed request is called: by the type of its exception, with real sockets."""

import asyncio
import errno
import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from ddswait.credentials.keys import Token
from ddswait.runtime.failures import describe, kind_of, unresolved
from ddswait.runtime.transport import Transport
from ddswait.service.replies import Request, TransientFailure
from tests.runtime.test_transport import Response, answering, ask, serving

CLASS = re.compile(r"[A-Z][A-Za-z]+(Error|Exception)\b|gaierror|ssl:default|\bErrno\b")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection after the request."""
    await _reader.readuntil(b"\r\n\r\n")
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection after the request."""
    await reader.readuntil(b"\r\n\r\n")
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection in the middle of a TLS handshake."""
    await reader.read(1024)
    writer.close()


async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a TLS handshake with plain HTTP."""
    await reader.read(1024)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(
    ("handler", "scheme", "kind", "words"),
    [
        (close, "http", "connection closed", "the server closed the connection before its reply"),
        (reset, "http", "connection reset", "Connection reset by peer"),
        (hang_up, "https", "TLS", "during the TLS handshake"),
        (speak_plainly, "https", "TLS", "failed: wrong version number"),
    ],
)
async def test_broken_connections_have_a_kind(
    handler: Handler, scheme: str, kind: str, words: str
) -> None:
    """Two or three words for a row, and a sentence that names no class of a library."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        failure = await ask(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(failure, TransientFailure)
    assert failure.kind == kind
    assert words in failure.cause
    assert not re.search(r"[a-z]Error|Client|aiohttp", failure.cause)


async def test_cut_reply_is_a_closed_connection() -> None:
    """A reply that is shorter than it says."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc"
    async with serving(answering(raw)) as url:
        failure = await ask(url)
    assert isinstance(failure, TransientFailure)
    assert (failure.kind, failure.cause) == (
        "connection closed",
        "the server closed the connection before its reply was complete",
    )


KEY = aiohttp.client_reqrep.ConnectionKey("dds.test", 443, True, True, None, None, None)  # noqa: FBT003


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            aiohttp.ClientConnectorDNSError(
                KEY, socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            ),
            "DNS",
            "the host name dds.test does not resolve (name or service not known; is this machine",
        ),
        (
            aiohttp.ClientProxyConnectionError(
                KEY, ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('::1', 9)")
            ),
            "proxy",
            "no connection to the proxy dds.test:443: Connection refused",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.ENETUNREACH, "Network is unreachable")),
            "no route",
            "no connection to dds.test:443: Network is unreachable",
        ),
        (
            aiohttp.ClientConnectorError(
                KEY, OSError("Multiple exceptions: [Errno 101] Connect call failed, [Errno 111] x")
            ),
            "connection refused",
            "no connection to dds.test:443: Connection refused",
        ),
        (
            aiohttp.ClientConnectorError(
                KEY._replace(host="::1"), OSError(errno.EHOSTUNREACH, "Connect call failed ('::1'")
            ),
            "no route",
            "no connection to [::1]:443: No route to host",
        ),
        (OSError(errno.EMFILE, "Too many open files"), "system error", "Too many open files"),
        (TimeoutError(), "no reply", "no reply in time"),
        (ssl.SSLError(1, "[SSL] bad thing"), "TLS", "[SSL] bad thing"),
        (aiohttp.ServerDisconnectedError(), "connection closed", "the server closed the connec"),
        (aiohttp.InvalidURL("http://a b"), "unknown error", "http://a b"),
        (KeyError("mine"), "unknown error", "KeyError: 'mine'"),
    ],
)
def test_kind_follows_from_the_type(error: BaseException, kind: str, words: str) -> None:
    """An application's own exception alone keeps its name: its words may say too little."""
    assert kind_of(error) == kind
    assert describe(error).startswith(words)


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        (
            "dds.cn-nroth-9.myhuaweicloud.com",
            "is the region 'cn-nroth-9' right? did you mean cn-north-9?",
        ),
        ("iam.mars-1.myhuaweicloud.com", "is the region 'mars-1' right?"),
        (
            "dds.cn-north-9.myhuaweicloud.com",
            "is this machine connected, and does its name server reply?",
        ),
        ("gateway.internal", "is this machine connected, and is the name right?"),
    ],
)
def test_name_that_does_not_resolve_is_named_with_what_to_check(host: str, advice: str) -> None:
    """The region is asked about where it is not known, with the nearest known names."""
    assert unresolved(host, "Name or service not known") == (
        f"the host name {host} does not resolve (name or service not known; {advice})"
    )


async def test_name_of_a_proxy_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says that it is the proxy's, not that of the service."""
    monkeypatch.setenv("https_proxy", "http://nobody.invalid:3128")
    failure = await ask("https://dds.cn-north-9.myhuaweicloud.com/")
    assert isinstance(failure, TransientFailure)
    assert failure.resolved is False
    assert failure.cause.startswith("the proxy's host name nobody.invalid does not resolve (")
    assert "check the variable that sets the proxy" in failure.cause


@pytest.mark.parametrize("number", [socket.EAI_MEMORY, socket.EAI_SYSTEM])
async def test_failure_of_this_machine_says_nothing_about_a_name(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Without memory or descriptors the resolver was not even asked."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "Too many open files")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    failure = await ask("https://dds.test/")
    assert isinstance(failure, TransientFailure)
    assert (failure.kind, failure.resolved) == ("system error", None)


async def test_real_failures_name_no_class_of_a_library() -> None:
    """Refused, closed, cut and unresolved connections: each is a sentence for people."""
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"
    client = Transport(4, {}, Token("t"))
    failures = [await client.send(Request("GET", "http://nobody.invalid/"), Response)]
    failures.append(await client.send(Request("GET", "http://127.0.0.1:1/"), Response))
    for server in (close, answering(short), answering(endless), answering(b"HTTP/1.1 20")):
        async with serving(server) as url:
            failures.append(await client.send(Request("GET", url), Response))
            failures.append(
                await client.send(Request("GET", url.replace("http:", "https:")), Response)
            )
    await client.close()
    for failure in failures:
        assert isinstance(failure, TransientFailure)
        assert not CLASS.search(failure.cause), failure.cause
    resolved = [failure.resolved for failure in failures if isinstance(failure, TransientFailure)]
    assert resolved == [False, *[True] * (len(failures) - 1)]
