"""Faults between the command and the service: HTTP proxies, and names that do not resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.faults.building import HTML, http
from tests.end_to_end.faults.fault import Fault
from tests.end_to_end.faults.tls import HOST, SOUND

if TYPE_CHECKING:
    from tests.end_to_end.faults.building import Act
    from tests.end_to_end.faults.fault import Peer

_HERE = "http://127.0.0.1:{port}"
_WANTS_USER = http(407, HTML, "text/html", Proxy_Authenticate='Basic realm="proxy"')


def _replies(data: bytes) -> Act:
    """Return an act that reads the request for a tunnel, or the first one, and sends bytes."""

    async def act(peer: Peer) -> None:
        if await peer.read_request():
            await peer.send(data)
        peer.close()

    return act


async def _reset(peer: Peer) -> None:
    await peer.read_request()
    peer.reset()


async def _silence(peer: Peer) -> None:
    await peer.silence()


async def _cut_tunnel(peer: Peer) -> None:
    await peer.read_request()
    await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    peer.close()


async def _is_down(peer: Peer) -> None:
    peer.reset()
    await peer.proxy.restart(60.0)


async def _own_certificate(peer: Peer) -> None:
    """Open the tunnel's TLS, as proxies of companies do, with a certificate nobody knows."""
    await peer.read_request()
    await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await peer.start_tls("unknown authority")


def _https(act: Act) -> Fault:
    return Fault(
        act,
        breaks_connections=True,
        tls=SOUND,
        env={"https_proxy": _HERE, "no_proxy": ""},
        endpoint=f"https://{HOST}",
    )


def _http(act: Act) -> Fault:
    return Fault(
        act,
        breaks_connections=True,
        env={"http_proxy": _HERE, "no_proxy": ""},
        endpoint=f"http://{HOST}",
        options=("--insecure-http",),
    )


FAULTS = {
    "http proxy refuses connections for a minute": _http(_is_down),
    "http proxy wants a user (407)": _http(_replies(_WANTS_USER)),
    "http proxy cannot reach the service (502)": _http(_replies(http(502, HTML, "text/html"))),
    "http proxy does not allow the host (403)": _http(_replies(http(403, HTML, "text/html"))),
    "http proxy is silent": _http(_silence),
    "https proxy refuses connections for a minute": _https(_is_down),
    "https proxy wants a user (407)": _https(_replies(_WANTS_USER)),
    "https proxy cannot reach the service (502)": _https(_replies(http(502, HTML, "text/html"))),
    "https proxy times out (504)": _https(_replies(http(504, HTML, "text/html"))),
    "https proxy does not allow the host (403)": _https(_replies(http(403, HTML, "text/html"))),
    "https proxy sends garbage": _https(_replies(b"\x00\x01\x02 garbage\r\n\r\n")),
    "https proxy resets the tunnel's request": _https(_reset),
    "https proxy cuts the tunnel": _https(_cut_tunnel),
    "https proxy is silent": _https(_silence),
    "https proxy opens TLS with its own certificate": _https(_own_certificate),
}
