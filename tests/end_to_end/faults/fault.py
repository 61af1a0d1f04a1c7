"""A fault, and the client that meets it.

A fault is a coroutine function that takes the place of a sound reply, or of a sound connection,
and sends any bytes at any time.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

_LINGER_0 = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN
_HEAD_END = b"\r\n\r\n"


class Host(Protocol):
    """The server that a client is connected to."""

    upstream: tuple[str | None, int | None]
    contexts: Mapping[str, ssl.SSLContext]
    sent: int

    async def restart(self, seconds: float) -> None:
        """Refuse connections for some time."""

    async def black_hole(self, seconds: float) -> None:
        """Drop connections for some time."""


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
        self, proxy: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
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
