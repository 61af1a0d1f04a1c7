"""ddswait.runtime.transport: real sockets, and servers that misbehave on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from ddswait.credentials.keys import AccessKey, Token
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.failure_text import describe
from ddswait.runtime.proxies import find_proxy
from ddswait.runtime.transport import Transport
from ddswait.service.replies import Request, TransientFailure


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answering(raw: bytes, seen: list[bytes] | None = None) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(raw)
        await writer.drain()

    return handler


async def ask(
    url: str, headers: dict[str, str] | None = None
) -> Response | TransientFailure | Refusal:
    client = Transport(4, {"X-Language": "en-us", **(headers or {})}, Token("t"))
    try:
        return await client.send(Request("GET", url), Response)
    finally:
        await client.close()


async def test_reply_crosses_as_plain_values() -> None:
    """Status, headers and body come back as they were sent; headers in any case."""
    raw = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nhi"
    async with serving(answering(raw)) as url:
        response = await ask(url)
    assert isinstance(response, Response)
    assert (response.status, response.headers.get("retry-after"), response.body) == (
        429,
        "7",
        b"hi",
    )


async def test_request_is_sent_as_given() -> None:
    """The URL goes out byte for byte, with the request's headers and the credentials."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(raw, seen)) as url:
        await ask(f"{url}/v3/p/jobs?id=a%2Fb", {"X-Extra": "secret"})
    head = seen[0].decode()
    assert head.startswith("GET /v3/p/jobs?id=a%2Fb HTTP/1.1\r\n")
    assert "X-Extra: secret\r\nX-Auth-Token: t\r\n" in head
    assert "X-Language: en-us\r\n" in head


@pytest.mark.parametrize("opened", [True, False])
async def test_another_kind_of_key_leaves_nothing_of_the_last(*, opened: bool) -> None:
    """Temporary key, permanent key, token: each request carries, and signs, its own headers."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    client = Transport(4, {"X-Language": "en-us"}, AccessKey("AK", "SK", "its-token", "p"))
    async with serving(answering(raw, seen)) as url:
        if opened:
            await client.send(Request("GET", url), Response)
        for key in (AccessKey("AK", "SK"), Token("t"), AccessKey("AK", "SK")):
            client.use(key)
            await client.send(Request("GET", url), Response)
        await client.close()
    heads = [head.decode().lower() for head in seen[-3:]]
    assert not any("x-security-token" in head or "x-project-id" in head for head in heads)
    assert ["x-auth-token" in head for head in heads] == [False, True, False]
    assert all("x-language: en-us\r\n" in head for head in heads)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"\x00\xff garbage \r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
async def test_broken_reply_is_a_transient_failure(raw: bytes) -> None:
    """A closed connection, a short body and garbage are faults, not exceptions."""
    async with serving(answering(raw)) as url:
        assert isinstance(await ask(url), TransientFailure)


async def test_refused_connection_is_a_transient_failure() -> None:
    """A port where nobody listens is a fault that says so."""
    async with serving(answering(b"")) as url:
        pass
    fault = await ask(url)
    assert isinstance(fault, TransientFailure)
    assert fault.cause == f"cannot connect to {url.removeprefix('http://')}: Connection refused"


async def test_redirect_is_not_followed() -> None:
    """A redirect comes back as it is, and the host that it names hears nothing."""
    heard: list[bytes] = []
    async with serving(answering(b"", heard)) as other:
        raw = f"HTTP/1.1 302 Found\r\nLocation: {other}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(answering(raw)) as url:
            response = await ask(url, {"X-Extra": "secret"})
    assert isinstance(response, Response)
    assert response.status == 302
    assert heard == []


async def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy` is honoured, and excepts what `no_proxy` names and this machine itself."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(raw, seen)) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        await ask("http://dds.test/v3/p/jobs?id=a")
        assert seen[0].startswith(b"GET http://dds.test/v3/p/jobs?id=a HTTP/1.1")
        async with serving(answering(raw)) as direct:
            await ask(direct)
        monkeypatch.setenv("no_proxy", "dds.test")
        assert find_proxy("http://dds.test") is None
    assert len(seen) == 1


async def test_proxy_without_a_scheme_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy=HOST:PORT` and `all_proxy` are understood as curl understands them."""
    seen: list[bytes] = []
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(raw, seen)) as proxy:
        for name in ("http_proxy", "all_proxy"):
            with monkeypatch.context() as context:
                context.setenv(name, proxy.removeprefix("http://"))
                await ask("http://dds.test/v3/p/jobs?id=a")
    assert len(seen) == 2


@pytest.mark.parametrize("proxy", ["http://pu:s3c/ret@127.0.0.1:3128", "socks5://127.0.0.1:1"])
async def test_invalid_proxy_url_refuses_everything(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that can never serve ends all at once, and is not shown: it holds a password."""
    monkeypatch.setenv("https_proxy", proxy)
    refusal = await ask("https://dds.test/v3/p/jobs?id=a")
    assert isinstance(refusal, Refusal)
    assert refusal.scope is Scope.EVERYTHING
    assert str(refusal) == (
        "https_proxy is not the URL of an HTTP proxy: use http://HOST:PORT, and percent-encode "
        "the password"
    )


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("cannot connect to http://joe:s3cret@proxy:3128/", "cannot connect to http://proxy:3128/"),
        ("http://pu:s3c/ret@127.0.0.1:3128", "http://127.0.0.1:3128"),
        ("http://pu:s3 c@ret@127.0.0.1:3128", "http://127.0.0.1:3128"),
        ("pu:s3cret@127.0.0.1:3128", "127.0.0.1:3128"),
        ("no such host", "no such host"),
    ],
)
def test_fault_shows_no_password_of_a_proxy(said: str, reported: str) -> None:
    """An error that quotes a proxy's URL is shown without its user name and password."""
    assert describe(OSError(said)) == reported
