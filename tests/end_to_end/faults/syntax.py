"""Faults of HTTP's syntax: status lines, headers, lengths, encodings."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import TYPE_CHECKING

from tests.end_to_end.faults.building import changes, http, replies, says, with_body
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.faults.fault import Peer, Reply

_BLOCK = b" " * 65536
_MANY = 5_000
_EVERY = 0.1  # seconds

_H2_PREFACE = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00\x03\x00\x00\x00\x80" * 3


def _in_place_of_length(headers: bytes) -> Fault:
    """Return the fault of a reply with these lines in place of its Content-Length."""

    def change(reply: Reply) -> bytes:
        lines = [line for line in reply.head.split(b"\r\n") if b"Content-Length" not in line]
        return b"\r\n".join((*filter(None, lines), headers, b"", reply.body))

    return Fault(changes(change, closes=True))


def _more_headers(headers: bytes) -> Fault:
    return Fault(changes(lambda reply: reply.head[:-2] + headers + b"\r\n\r\n" + reply.body))


def _chunked(encode: Callable[[bytes], bytes], *headers: bytes, closes: bool = False) -> Fault:
    def change(reply: Reply) -> bytes:
        head = with_body(reply, b"", *headers).replace(
            b"Content-Length: 0", b"Transfer-Encoding: chunked"
        )
        return head + encode(reply.body)

    return Fault(changes(change, closes=closes))


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def _longer(by: int) -> Fault:
    def change(reply: Reply) -> bytes:
        wrong = b"Content-Length: %d" % (len(reply.body) + by)
        return with_body(reply, b"").replace(b"Content-Length: 0", wrong) + reply.body

    return Fault(changes(change, closes=True))


def _encoded(name: bytes, encode: Callable[[bytes], bytes]) -> Fault:
    return Fault(
        changes(lambda reply: with_body(reply, encode(reply.body), b"Content-Encoding: " + name))
    )


def _without_length(version: bytes) -> Fault:
    def change(reply: Reply) -> bytes:
        head = with_body(reply, b"").replace(b"Content-Length: 0\r\n", b"")
        return head.replace(b"HTTP/1.1", version, 1) + reply.body

    return Fault(changes(change, closes=True))


def _early(status: int) -> Fault:
    hint = b"HTTP/1.1 %d Early\r\nLink: </x>; rel=preload\r\n\r\n" % status
    return Fault(changes(lambda reply: hint + reply.whole))


def bomb(mebibytes: int) -> bytes:
    """Return as many MiB of spaces in a KiB of gzip each."""
    packer = zlib.compressobj(wbits=31)
    begin = packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + mebibytes * block  # a block that was flushed refers to none before it


async def _endless_body(peer: Peer) -> None:
    await peer.send(http(200).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
    await _without_end(peer, _chunk(_BLOCK))


async def _long_body(peer: Peer) -> None:
    await peer.send(http(200).replace(b"Content-Length: 0", b"Content-Length: %d" % (24 * 2**20)))
    for _ in range(24 * 2**20 // len(_BLOCK)):
        await peer.send(_BLOCK)
        await asyncio.sleep(_EVERY)


async def _endless_headers(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    await _without_end(peer, b"X-More: and more\r\n" * 1000)


async def _endless_early_replies(peer: Peer) -> None:
    await _without_end(peer, b"HTTP/1.1 102 Processing\r\n\r\n" * 100)


async def _without_end(peer: Peer, data: bytes) -> None:
    while peer.is_open:
        await peer.send(data)
        await asyncio.sleep(_EVERY)  # virtual time stands still while bytes arrive


def _raw(data: bytes) -> Fault:
    return Fault(says(data, closes=True))


FAULTS = {
    "status line that is not HTTP": _raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "status line without a number": _raw(b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
    "status line with a number of four digits": _raw(b"HTTP/1.1 2000 OK\r\n\r\n{}"),
    "HTTP/9.9": _raw(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "body without any header": _raw(b'{"job": {"status": "Completed"}}'),
    "HTTP/1.0 without length": _without_length(b"HTTP/1.0"),
    "HTTP/1.1 without length, closed at the end": _without_length(b"HTTP/1.1"),
    "HTTP/2 frames": _raw(_H2_PREFACE),
    "103 before the reply": _early(103),
    "100 before the reply": _early(100),
    "102 without end": Fault(_endless_early_replies),
    "101 in place of the reply": replies(101, Upgrade="websocket", Connection="Upgrade"),
    "header with a NUL byte": _more_headers(b"X-Odd: a\x00b"),
    "header with bytes that are not ASCII": _more_headers(b"X-Odd: \xff\xfe\xe9"),
    "header without a colon": _more_headers(b"no colon here"),
    "header of 64 KiB": _more_headers(b"X-Long: " + b"a" * 65536),
    "header of 1 MiB": _more_headers(b"X-Long: " + b"a" * 2**20),
    "5,000 headers": _more_headers(b"\r\n".join(b"X-%d: a" % each for each in range(_MANY))),
    "headers without end": Fault(_endless_headers),
    "Content-Length that is not a number": _in_place_of_length(b"Content-Length: many"),
    "negative Content-Length": _in_place_of_length(b"Content-Length: -1"),
    "Content-Length of 400 digits": _in_place_of_length(b"Content-Length: " + b"9" * 400),
    "two different Content-Lengths": _in_place_of_length(
        b"Content-Length: 10\r\nContent-Length: 20"
    ),
    "body shorter than its Content-Length": _longer(100),
    "body longer than its Content-Length": _longer(-10),
    "chunked body": _chunked(lambda body: _chunk(body[:9]) + _chunk(body[9:]) + b"0\r\n\r\n"),
    "chunked body with trailers": _chunked(
        lambda body: _chunk(body) + b"0\r\nX-Trailer: a\r\n\r\n"
    ),
    "chunked body with a wrong size": _chunked(lambda body: b"zz\r\n" + body, closes=True),
    "chunked body without its end": _chunked(_chunk, closes=True),
    "Content-Length and chunked at once": _chunked(
        lambda body: _chunk(body) + b"0\r\n\r\n", b"Content-Length: 5"
    ),
    "gzip": _encoded(b"gzip", gzip.compress),
    "deflate": _encoded(b"deflate", zlib.compress),
    "gzip in name only": _encoded(b"gzip", bytes),
    "gzip without its end": _encoded(b"gzip", lambda body: gzip.compress(body)[:-12]),
    "gzip with a wrong checksum": _encoded(
        b"gzip", lambda body: gzip.compress(body)[:-8] + bytes(8)
    ),
    "unknown Content-Encoding": _encoded(b"x-own", bytes),
    "gzip bomb": _encoded(b"gzip", lambda _: bomb(32)),
    "body of 24 MiB": Fault(_long_body),
    "body without end": Fault(_endless_body),
}
