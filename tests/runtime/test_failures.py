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

from ddswait.runtime.failures import describe, kind_of
from ddswait.service.replies import TransientFailure
from tests.runtime.test_transport import answering, ask, serving

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
            "the host name dds.test cannot be resolved: Name or service not known",
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
