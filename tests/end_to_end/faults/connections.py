"""Faults of connections: refused, reset, closed, silent, slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.end_to_end.faults.building import http
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from tests.end_to_end.faults.building import Act
    from tests.end_to_end.faults.fault import Peer

_TOO_SLOW = 1.0  # seconds between two bytes: a reply takes minutes
_IN_TIME = 20.0  # seconds; a request is given up after 30


async def _is_down(peer: Peer) -> None:
    """Refuse connections for a minute at a time; a connection that was made already is reset."""
    peer.reset()
    await peer.proxy.restart(60.0)


async def _vanishes(peer: Peer) -> None:
    """Drop connections for a minute at a time; a connection that was made already is reset."""
    peer.reset()
    await peer.proxy.black_hole(60.0)


async def reset(peer: Peer) -> None:
    """Reset the connection."""
    peer.reset()


async def forward(peer: Peer) -> None:
    """Send the sound reply."""
    await peer.send((await peer.forward()).whole)


async def _close(peer: Peer) -> None:
    peer.close()


async def _silence(peer: Peer) -> None:
    await peer.silence()


def _part(share: float, act: Act) -> Act:
    """Return an act that sends the first part of a sound reply's body, and then acts."""

    async def acts(peer: Peer) -> None:
        reply = await peer.forward()
        await peer.send(reply.head + reply.body[: int(share * len(reply.body))])
        await act(peer)

    return acts


def _part_of_head(act: Act) -> Act:
    async def acts(peer: Peer) -> None:
        head = (await peer.forward()).head
        await peer.send(head[: len(head) // 2])
        await act(peer)

    return acts


async def _slow_headers(peer: Peer) -> None:
    for byte in (await peer.forward()).whole:
        await peer.send(bytes([byte]))
        await asyncio.sleep(_TOO_SLOW)


async def _slow_body(peer: Peer) -> None:
    reply = await peer.forward()
    await peer.send(reply.head)
    for byte in reply.body:
        await peer.send(bytes([byte]))
        await asyncio.sleep(_TOO_SLOW)


async def _single_bytes(peer: Peer) -> None:
    for byte in (await peer.forward()).whole:
        await peer.send(bytes([byte]))


async def _late_but_in_time(peer: Peer) -> None:
    await asyncio.sleep(_IN_TIME)
    await peer.send((await peer.forward()).whole)


async def _after_it_was_given_up(peer: Peer) -> None:
    reply = await peer.forward()
    await asyncio.sleep(40.0)
    await peer.send(reply.whole)


async def _closes_when_idle(peer: Peer) -> None:
    await peer.send((await peer.forward()).whole)
    await asyncio.sleep(1.0)
    peer.close()


async def _resets_when_idle(peer: Peer) -> None:
    await peer.send((await peer.forward()).whole)
    await asyncio.sleep(1.0)
    peer.reset()


async def _announces_the_close(peer: Peer) -> None:
    reply = await peer.forward()
    await peer.send(reply.head[:-2] + b"Connection: close\r\n\r\n" + reply.body)
    peer.close()


async def _twice(peer: Peer) -> None:
    await peer.send(2 * (await peer.forward()).whole)


async def _with_another_reply(peer: Peer) -> None:
    job = b'{"job": {"id": "another-job", "status": "Failed", "fail_reason": "not yours"}}'
    await peer.send((await peer.forward()).whole + http(200, job))


async def _with_garbage(peer: Peer) -> None:
    await peer.send((await peer.forward()).whole + b"\x00\x01 garbage \xff\r\n\r\n")


async def _before_the_request(peer: Peer) -> None:
    """Send a reply that nobody requested, as a confused load balancer does."""
    await peer.send(http(408, b"<html>Request Timeout</html>", "text/html"))
    peer.close()


FAULTS = {
    "connection refused for a minute": Fault(_is_down, breaks_connections=True),
    "connection dropped for a minute (black hole)": Fault(_vanishes, breaks_connections=True),
    "connection reset at once": Fault(reset, breaks_connections=True),
    "connection closed at once": Fault(_close, breaks_connections=True),
    "connection accepted, then silence": Fault(_silence, breaks_connections=True),
    "reply to no request, then closed": Fault(_before_the_request, breaks_connections=True),
    "server restarts: a minute of refused connections after a cut reply": Fault(_is_down),
    "reset in place of the reply": Fault(reset),
    "closed in place of the reply": Fault(_close),
    "silence in place of the reply": Fault(_silence),
    "reset in the headers": Fault(_part_of_head(reset)),
    "closed in the headers": Fault(_part_of_head(_close)),
    "silence in the headers": Fault(_part_of_head(_silence)),
    "reset in the body": Fault(_part(0.5, reset)),
    "closed in the body": Fault(_part(0.5, _close)),
    "silence in the body": Fault(_part(0.5, _silence)),
    "silence before the body": Fault(_part(0.0, _silence)),
    "headers at one byte a second": Fault(_slow_headers),
    "body at one byte a second": Fault(_slow_body),
    "each byte in a packet of its own": Fault(_single_bytes),
    "reply after 20 s": Fault(_late_but_in_time),
    "reply after the request was given up": Fault(_after_it_was_given_up),
    "idle connection closed by the server": Fault(_closes_when_idle),
    "idle connection reset by the server": Fault(_resets_when_idle),
    "connection closed after each reply, as announced": Fault(_announces_the_close),
    "reply sent twice": Fault(_twice),
    "reply with another job's reply behind it": Fault(_with_another_reply),
    "reply with garbage behind it": Fault(_with_garbage),
}
