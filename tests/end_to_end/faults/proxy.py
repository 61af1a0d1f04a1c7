"""A server on loopback in front of the simulator, which lets connections and replies go wrong.

It uses raw asyncio streams, so a fault may send any bytes at any time. A fault is a coroutine
function that takes the place of a sound reply, or of a sound connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

_LINGER_0 = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN
_HEAD_END = b"\r\n\r\n"
_POLL = b"/jobs?id="
_SOUND_POLLS = 2  # before a fault that passes; the list of past jobs is requested before them


class When(StrEnum):
    """How long a fault lasts."""

    PASSES = "passes"
    """One reply or connection goes wrong, after the job was seen."""
    LASTS = "lasts"
    """Each reply or connection goes wrong, from the first on."""


class Fault(NamedTuple):
    """What goes wrong, and what the command needs to meet it.

    Attributes:
        act: takes the place of the reply, or of the connection.
        breaks_connections: whether it takes the place of a connection.
        concerns: only requests whose target holds this; "" for every request, and for a poll if
            the fault passes.
        tls: the certificate that sound connections show, by its name; "" serves http.
        options: more arguments of the command.
        env: more of its environment; `{port}` stands for the port of the proxy.
        endpoint: the endpoint, if it is another than the proxy; `{port}` as in `env`.
        job: how the job is planned, as arguments of `World.add_job`.
    """

    act: Callable[[Peer], Awaitable[None]]
    breaks_connections: bool = False
    concerns: str = ""
    tls: str = ""
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    endpoint: str = ""
    job: Mapping[str, object] = {}


async def _forward(peer: Peer) -> None:
    await peer.send((await peer.forward()).whole)


_SOUND = Fault(_forward)


class Reply(NamedTuple):
    """The bytes of a sound reply."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body


class Peer:
    """The client at the other end of one connection."""

    def __init__(
        self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.proxy = proxy
        self.request = b""
        self._reader = reader
        self._writer = writer

    @property
    def is_open(self) -> bool:
        return not self._writer.is_closing()

    async def read_request(self) -> bool:
        """Read one request; return False if the client has closed the connection."""
        try:
            head = await self._reader.readuntil(_HEAD_END)
            self.request = head + await self._reader.readexactly(_body_length(head))
        except asyncio.IncompleteReadError:
            return False
        return True

    async def forward(self) -> Reply:
        """Return the reply of the server behind the proxy."""
        reader, writer = await asyncio.open_connection(*self.proxy.upstream)
        try:
            writer.write(_for_upstream(self.request))
            head = await reader.readuntil(_HEAD_END)
            body = await reader.read()
        finally:
            writer.close()
        return Reply(head.replace(b"\r\nConnection: close", b""), body)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        self.proxy.sent += len(data)
        await self._writer.drain()

    async def start_tls(self, certificate: str) -> None:
        await self._writer.start_tls(self.proxy.contexts[certificate])

    def close(self) -> None:
        """Close the connection with FIN, after all that was sent."""
        self._writer.close()

    def reset(self) -> None:
        """Close the connection with RST."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self.abort()

    def abort(self) -> None:
        """Close the connection now; what has not been sent is lost."""
        self._writer.transport.abort()

    async def silence(self) -> None:
        """Send nothing until the client gives up."""
        while await self._reader.read(65536):
            pass


class FaultProxy:
    """Serves as `async with`.

    Args:
        upstream: the URL of the server behind it.
        fault: what goes wrong; None for nothing.
        when: how long.
        contexts: the certificates, by their names.
    """

    def __init__(
        self,
        upstream: str,
        fault: Fault | None = None,
        when: When = When.LASTS,
        contexts: Mapping[str, ssl.SSLContext] | None = None,
    ) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname, parts.port)
        self.contexts = contexts or {}
        self.sent = 0
        self.acted = 0
        self._fault = fault or _SOUND
        self._when = when
        self._polls = 0
        self._closing = False
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing = True
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    async def restart(self, seconds: float) -> None:
        """Refuse connections for some time, then listen on the same port again."""
        self._server.close()
        await asyncio.sleep(seconds)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    def _goes_wrong(self, *, is_connection: bool) -> bool:
        if self._fault.breaks_connections is not is_connection:
            return False
        if self._when is When.LASTS:
            return True
        is_time = bool(self._fault.concerns) or self._polls >= _SOUND_POLLS
        return is_time and not self.acted

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio reports the cancellation of a task that it makes itself as an error.
        task = asyncio.ensure_future(self._serve(Peer(self, reader, writer)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, peer: Peer) -> None:
        # The client may leave at any time, and the faults break connections.
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if self._goes_wrong(is_connection=True):
                    await self._act(peer)
                else:
                    await self._serve_requests(peer)
            peer.close()
        finally:
            if self._closing:
                peer.abort()

    async def _act(self, peer: Peer) -> None:
        self.acted += 1
        await self._fault.act(peer)

    async def _serve_requests(self, peer: Peer) -> None:
        if self._fault.tls and not self._fault.endpoint:
            await peer.start_tls(self._fault.tls)
        while peer.is_open and await peer.read_request():
            if peer.request.startswith(b"CONNECT "):
                await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await peer.start_tls(self._fault.tls)
            elif self._goes_wrong(is_connection=False) and self._concerns(peer):
                await self._act(peer)
            else:
                await self._reply(peer)

    def _concerns(self, peer: Peer) -> bool:
        target = peer.request.partition(b"\r\n")[0]
        if self._fault.concerns:
            return self._fault.concerns.encode() in target
        return self._when is When.LASTS or _POLL in target

    async def _reply(self, peer: Peer) -> None:
        reply = await peer.forward()
        await peer.send(reply.whole)
        self._polls += _POLL in peer.request
        if self._fault.breaks_connections:  # so that the next request needs another connection
            peer.close()


def _body_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _for_upstream(request: bytes) -> bytes:
    """Return a request in origin form, which closes its connection."""
    first, _, rest = request.partition(b"\r\n")
    method, target, version = first.split(b" ")
    if target.startswith(b"http://"):
        target = b"/" + target.split(b"/", 3)[3]
    return b"%s %s %s\r\nConnection: close\r\n%s" % (method, target, version, rest)
