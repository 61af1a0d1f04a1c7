"""What most faults are made of: an act that sends certain bytes in place of a sound reply."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.end_to_end.faults.fault import Fault, Peer, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Act = Callable[[Peer], Awaitable[None]]

HTML = b"<html><head><title>Oops</title></head><body>The proxy has a problem.</body></html>"
JSON = "application/json"


def http(status: int, body: bytes = b"", content_type: str = JSON, **headers: str) -> bytes:
    """Return a sound HTTP reply; `_` in the name of a header stands for `-`."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if status not in {204, 304}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def error(code: str, message: str = "made up by a test") -> bytes:
    """Return an error body as the service sends it."""
    return json.dumps({"error_code": code, "error_msg": message}).encode()


def with_body(reply: Reply, body: bytes, *headers: bytes) -> bytes:
    """Return a sound reply with another body."""
    kept = [line for line in reply.head.split(b"\r\n") if line and b"Content-Length" not in line]
    return b"\r\n".join((*kept, *headers, b"Content-Length: %d" % len(body), b"", body))


def says(data: bytes, *, closes: bool = False) -> Act:
    """Return an act that sends some bytes, and closes the connection if asked to."""

    async def act(peer: Peer) -> None:
        await peer.send(data)
        if closes:
            peer.close()

    return act


def changes(change: Callable[[Reply], bytes], *, closes: bool = False) -> Act:
    """Return an act that sends a changed reply, and closes the connection if asked to."""

    async def act(peer: Peer) -> None:
        await peer.send(change(await peer.forward()))
        if closes:
            peer.close()

    return act


def replies(status: int, body: bytes = b"", content_type: str = JSON, **headers: str) -> Fault:
    """Return the fault of a sound HTTP reply with this status and body."""
    return Fault(says(http(status, body, content_type, **headers)))


def shows(change: Callable[[dict[str, Any]], Any], **job: object) -> Fault:
    """Return the fault of a reply whose document is changed; a reply without a job stays as it is.

    Args:
        change: is given the job's record, and returns the whole document.
        job: how the job is planned.
    """

    def changed(reply: Reply) -> bytes:
        record = json.loads(reply.body).get("job")
        return with_body(reply, json.dumps(change(record)).encode()) if record else reply.whole

    return Fault(changes(changed), job=job)
