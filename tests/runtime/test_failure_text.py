"""ddswait.runtime.failure_text: failures in words, without the classes of a library."""

import asyncio
import errno
import re
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from ddswait.credentials.keys import Token
from ddswait.runtime.failure_text import describe, unresolved
from ddswait.runtime.transport import Transport
from ddswait.service.replies import Request, TransientFailure
from tests.runtime.test_transport import Response, answering, ask, serving

CLASS = re.compile(r"[A-Z][A-Za-z]+(Error|Exception)\b|gaierror|ssl:default|\bErrno\b")

NO_PROXY = {"proxy_auth": None, "proxy_headers_hash": None}


def connector(error: OSError, host: str = "dds.test") -> aiohttp.ClientConnectorError:
    key = ConnectionKey(host, 443, is_ssl=True, ssl=True, proxy=None, **NO_PROXY)
    return aiohttp.ClientConnectorError(key, error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            connector(ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed")),
            "cannot connect to dds.test:443: Connection refused",
        ),
        (
            connector(OSError("Multiple exceptions: [Errno 111] Connect call failed"), "::1"),
            "cannot connect to [::1]:443: Connection refused",
        ),
        (
            connector(OSError("[Errno 113] Connect call failed ('10.0.0.1', 443)")),
            "cannot connect to dds.test:443: No route to host",
        ),
        (aiohttp.ServerDisconnectedError(), "the server closed the connection without a reply"),
        (
            aiohttp.ClientPayloadError("Response payload: <ContentLengthError: 4>"),
            "the connection was closed in the middle of the reply",
        ),
        (aiohttp.ClientOSError(errno.ECONNRESET, "Connection reset"), "Connection reset by peer"),
        (ConnectionResetError(), "the connection was reset"),
        (TimeoutError(), "the time limit of the system was reached"),
        (OSError(), "the network failed"),
        (
            ssl.SSLError(1, "[SSL: NO_CIPHERS] no common cipher (_ssl.c:1006)"),
            "TLS failed: no common cipher",
        ),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "Name or service not known",
        ),
        (KeyError("x"), "KeyError: 'x'"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_failure_is_described_in_words(error: Exception, words: str) -> None:
    """What the network does has words; an application's own error keeps the name of its class."""
    assert describe(error) == words
    assert isinstance(error, KeyError | RuntimeError) or not CLASS.search(words)


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
    assert failure.resolved is None


async def closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_real_failures_name_no_class_of_a_library() -> None:
    """Refused, closed, cut and unresolved connections: each is a sentence for people."""
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"
    client = Transport(4, {}, Token("t"))
    failures = [await client.send(Request("GET", "http://nobody.invalid/"), Response)]
    failures.append(await client.send(Request("GET", "http://127.0.0.1:1/"), Response))
    for server in (closed, answering(short), answering(endless), answering(b"HTTP/1.1 20")):
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
