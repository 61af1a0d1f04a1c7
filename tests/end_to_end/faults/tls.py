"""Faults of TLS: certificates, versions, cut handshakes."""

from __future__ import annotations

import datetime as dt
import ssl
import warnings
from functools import cache
from typing import TYPE_CHECKING

import trustme

from tests.end_to_end.faults.building import http
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.end_to_end.faults.building import Act
    from tests.end_to_end.faults.fault import Peer

SOUND = "sound"
HOST = "dds.invalid"
"""The host that is reached through proxies only; its sound certificate is the same."""
_HELLO = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"


@cache
def authority() -> trustme.CA:
    """Return the authority that the command is told to trust."""
    return trustme.CA()


@cache
def contexts() -> Mapping[str, ssl.SSLContext]:
    """Return the certificates that a server can show, by their names."""
    trusted, unknown = authority(), trustme.CA()
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    old = _context(trusted.issue_cert("127.0.0.1"))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    odd = _context(trusted.issue_cert("127.0.0.1"))
    odd.maximum_version = ssl.TLSVersion.TLSv1_2
    odd.set_ciphers("PSK")
    mutual = _context(trusted.issue_cert("127.0.0.1"))
    mutual.verify_mode = ssl.CERT_REQUIRED
    trusted.configure_trust(mutual)
    return {
        SOUND: _context(trusted.issue_cert("127.0.0.1", HOST)),
        "expired": _context(
            trusted.issue_cert("127.0.0.1", not_before=now - 9 * day, not_after=now - day)
        ),
        "not yet valid": _context(
            trusted.issue_cert("127.0.0.1", not_before=now + day, not_after=now + 9 * day)
        ),
        "wrong host": _context(trusted.issue_cert("other.example.org")),
        "unknown authority": _context(unknown.issue_cert("127.0.0.1")),
        "TLS 1.1": old,
        "no common cipher": odd,
        "wants a certificate": mutual,
    }


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _shows(certificate: str) -> Act:
    async def act(peer: Peer) -> None:
        await peer.start_tls(certificate)
        # With TLS 1.3 the client's certificate is checked after the handshake.
        if await peer.read_request():
            await peer.send((await peer.forward()).whole)

    return act


def _in_handshake(data: bytes) -> Act:
    async def act(peer: Peer) -> None:
        await peer.send(data)
        peer.close()

    return act


async def _cut_in_body(peer: Peer) -> None:
    """Cut the connection without the close_notify that tells an end from a cut."""
    reply = await peer.forward()
    await peer.send(reply.head + reply.body[:30])
    peer.reset()


async def _silence(peer: Peer) -> None:
    await peer.silence()


def _connection(act: Act) -> Fault:
    return Fault(act, breaks_connections=True, tls=SOUND)


FAULTS = {
    "certificate has expired": _connection(_shows("expired")),
    "certificate is not valid yet": _connection(_shows("not yet valid")),
    "certificate of another host": _connection(_shows("wrong host")),
    "certificate of an unknown authority": _connection(_shows("unknown authority")),
    "TLS 1.1 at most": _connection(_shows("TLS 1.1")),
    "no common cipher": _connection(_shows("no common cipher")),
    "the server wants a certificate": _connection(_shows("wants a certificate")),
    "plain HTTP on the port of TLS": _connection(_in_handshake(http(200))),
    "TLS handshake cut": _connection(_in_handshake(_HELLO)),
    "TLS alert in place of the handshake": _connection(
        _in_handshake(b"\x15\x03\x03\x00\x02\x02\x28")
    ),
    "silence in the TLS handshake": _connection(_silence),
    "cut inside TLS in the body": Fault(_cut_in_body, tls=SOUND),
    "TLS on the port of plain HTTP": Fault(
        _in_handshake(b"\x15\x03\x01\x00\x02\x02\x46"), breaks_connections=True
    ),
}
