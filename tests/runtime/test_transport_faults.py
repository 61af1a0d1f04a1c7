"""ddswait.runtime.transport: replies that are too long, broken or hostile, and failing machines."""

import asyncio
import gzip
import os
import resource
import ssl
import sys
import tracemalloc
import warnings
import zlib
from collections.abc import Mapping
from contextlib import suppress

import pytest
import trustme

from ddswait.credentials.keys import AccessKey, Token
from ddswait.outcome import Refusal, Scope
from ddswait.runtime import transport
from ddswait.runtime.transport import Transport
from ddswait.service.replies import Request, TransientFailure
from tests.runtime.test_transport import Response, answering, ask, serving

MIB = 1024 * 1024


async def test_header_of_a_hundred_thousand_characters_is_read() -> None:
    """IAM's references allow tokens of that length."""
    token = "t" * 100_000
    raw = f"HTTP/1.1 201 Created\r\nX-Subject-Token: {token}\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving(answering(raw)) as url:
        response = await ask(url)
    assert isinstance(response, Response)
    assert response.headers["X-Subject-Token"] == token


@pytest.mark.parametrize("value", ["s3cret-token" * 20_000, "s3cret-token\x00"])
async def test_header_that_cannot_be_read_is_not_quoted(value: str) -> None:
    """A header that is too long or malformed may be a token: the failure does not repeat it."""
    raw = f"HTTP/1.1 201 Created\r\nX-Subject-Token: {value}\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving(answering(raw)) as url:
        failure = await ask(url)
    assert isinstance(failure, TransientFailure)
    assert failure.cause == "the reply is not valid HTTP, or has a header over 128 KiB"


def packed_zeros(size: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


async def test_small_body_that_unpacks_to_a_quarter_gigabyte_is_given_up() -> None:
    """The size of a reply is counted after unpacking, and memory stays small."""
    packed = packed_zeros(256 * MIB)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with serving(answering(head.encode() + packed)) as url:
        tracemalloc.start()
        failure = await ask(url)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(failure, TransientFailure)
    assert failure.cause == "the reply is larger than 4 MiB"
    assert peak < 32 * MIB


@pytest.mark.parametrize("status", [200, 500])
async def test_body_without_an_end_is_given_up(status: int) -> None:
    """A reply that goes on for ever is given up after 4 MiB."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
        try:
            while True:
                writer.write(bytes(MIB))
                await writer.drain()
        except ConnectionError:
            pass

    async with serving(endless) as url:
        failure = await ask(url)
    assert isinstance(failure, TransientFailure)
    assert failure.cause == "the reply is larger than 4 MiB"


@pytest.mark.parametrize(("longest", "is_read"), [(20, True), (19, False)])
async def test_body_that_comes_with_its_headers_is_bounded_as_well(
    longest: int, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds however a body arrives, and is exact."""
    monkeypatch.setattr(transport, "_LONGEST_BODY", longest)
    async with serving(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + bytes(20))
    ) as url:
        reply = await ask(url)
    assert isinstance(reply, Response if is_read else TransientFailure)


async def test_body_of_many_pieces_is_put_together() -> None:
    """A long reply, packed or not, arrives whole."""
    body = os.urandom(3 * MIB)
    for raw, encoding in ((body, "identity"), (gzip.compress(body), "gzip")):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(raw)}"
        async with serving(answering(f"{head}\r\n\r\n".encode() + raw)) as url:
            response = await ask(url)
        assert isinstance(response, Response)
        assert response.body == body


@pytest.mark.parametrize("error", [OverflowError("too late"), KeyError("x"), RecursionError()])
async def test_reply_that_cannot_be_read_costs_one_request(error: Exception) -> None:
    """Whatever reading a reply raises is a transient failure of that request."""

    def read(status: int, headers: Mapping[str, str], body: bytes) -> None:
        raise error

    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    client = Transport(4, {}, Token("t"))
    async with serving(answering(raw)) as url:
        failure = await client.send(Request("GET", url), read)
        assert isinstance(await client.send(Request("GET", url), Response), Response)
        await client.close()
    assert isinstance(failure, TransientFailure)
    assert type(error).__name__ in failure.cause


class _Unprintable(Exception):  # noqa: N818 - as a user may name it
    def __str__(self) -> str:
        raise RuntimeError("no text")


async def test_exception_without_a_text_is_a_transient_failure() -> None:
    """An exception of a user's own key that cannot be printed is named by its type."""

    class Key(Token):
        def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
            raise _Unprintable

    client = Transport(4, {}, Key("t"))
    assert await client.send(Request("GET", "http://127.0.0.1:1"), Response) == TransientFailure(
        "_Unprintable", resolved=None
    )
    await client.close()


async def test_import_that_fails_is_a_transient_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency that cannot be imported, as in the middle of an upgrade, ends no wait."""
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "aiohttp", None)
        failure = await ask("http://127.0.0.1:1")
    assert isinstance(failure, TransientFailure)
    assert "aiohttp" in failure.cause


async def test_no_file_descriptors_left_is_a_transient_failure() -> None:
    """While the process has no descriptors left, a request fails; afterwards it succeeds."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    client = Transport(4, {}, Token("t"))
    async with serving(answering(raw)) as url:
        held = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        try:
            with suppress(OSError):
                while True:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            failure = await client.send(Request("GET", url), Response)
        finally:
            for descriptor in held:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert isinstance(await client.send(Request("GET", url), Response), Response)
        await client.close()
    assert isinstance(failure, TransientFailure)
    assert "Too many open files" in failure.cause


@pytest.mark.parametrize(
    ("status", "refused"), [(407, True), (403, True), (502, False), (503, False)]
)
async def test_proxy_that_refuses_a_tunnel(
    status: int, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """A proxy's reply to CONNECT means the same as its reply to plain http."""
    raw = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    async with serving(answering(raw)) as proxy:
        monkeypatch.setenv("https_proxy", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        tunnelled = await ask("https://dds.test/v3/p/jobs?id=a")
    if refused:
        assert isinstance(tunnelled, Refusal)
        assert (tunnelled.http_status, tunnelled.scope) == (status, Scope.EVERYTHING)
        assert ("https_proxy" in tunnelled.hint) == (status == 407)
    else:
        assert tunnelled == TransientFailure(f"the proxy answers HTTP {status} to CONNECT")


@pytest.mark.parametrize("renewed", [True, False])
async def test_proxy_of_https_gets_no_credentials(
    monkeypatch: pytest.MonkeyPatch, *, renewed: bool
) -> None:
    """CONNECT goes in the clear, so it has no header of a key, be it the first or a later one."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    client = Transport(4, {"X-Language": "en-us"}, AccessKey("AK", "SK", "security-token"))
    async with serving(answering(raw, seen)) as proxy:
        monkeypatch.setenv("https_proxy", proxy)
        await client.send(Request("GET", "https://dds.test/"), Response)
        if renewed:
            client.use(Token("the-token"))
            await client.send(Request("GET", "https://dds.test/"), Response)
        await client.close()
    assert len(seen) == 1 + renewed
    for head in (seen[-1].lower(), seen[0].lower()):
        assert head.startswith(b"connect dds.test:443 ")
        assert b"token" not in head
        assert b"authorization" not in head


async def test_key_reaches_the_service_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request has the headers of the present key, whatever the session sends."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    client = Transport(4, {"X-Language": "en-us"}, AccessKey("AK", "SK", "security-token"))
    async with serving(answering(raw, seen)) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        await client.send(Request("GET", "http://dds.test/"), Response)
        client.use(Token("the-token"))
        await client.send(Request("GET", "http://dds.test/"), Response)
        await client.close()
    first, second = (head.decode().lower() for head in seen)
    assert "x-security-token: security-token" in first
    assert "signature=" in first
    assert "x-auth-token: the-token" in second
    assert "x-security-token" not in second
    assert all(head.count("x-language: en-us") == 1 for head in (first, second))


async def test_failure_of_tls_says_what_failed() -> None:
    """A server without a common version of TLS is described, although asyncio has no words."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0, ssl=context)
    async with server:
        failure = await ask(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(failure, TransientFailure)
    assert "during the TLS handshake; perhaps it supports no TLS 1.2" in failure.cause
    assert "None" not in failure.cause
