"""A server on loopback in front of the simulator, which lets connections and replies go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from tests.end_to_end.faults.fault import Fault, Peer, When

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

_POLL = b"/jobs?id="
_SOUND_POLLS = 2  # before a fault that passes; the list of past jobs is requested before them
_FILLS = 3  # connections that fill the queue of a socket that accepts none


async def _forward(peer: Peer) -> None:
    await peer.send((await peer.forward()).whole)


_SOUND = Fault(_forward)


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
        self.happened = asyncio.Event()
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

    async def black_hole(self, seconds: float) -> None:
        """Drop new connections for some time, as a host does that has vanished."""
        self._server.close()
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            full.bind(("127.0.0.1", self.port))
            full.listen(0)
            for _ in range(_FILLS):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)  # noqa: FBT003 - its name says what it is
                filler.connect_ex(full.getsockname())
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
        self.happened.set()
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
