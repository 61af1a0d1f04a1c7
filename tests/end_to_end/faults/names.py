"""Faults of names that do not resolve.

A name server of the tests' own would need root, so these faults take the place of
`socket.getaddrinfo`; no request for a name leaves the machine.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from tests.end_to_end.faults.fault import When
from tests.end_to_end.faults.tls import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    Found = list[Any]

_DEAD = "127.0.0.2"  # nothing listens there


def _fails(number: int, text: str) -> Callable[[Found], Found]:
    def find(_: Found) -> Found:
        raise socket.gaierror(number, text)

    return find


def _beside(found: Found) -> Found:
    [(family, kind, protocol, name, (_, port))] = found
    return [(family, kind, protocol, name, (_DEAD, port)), *found]


FAULTS: dict[str, Callable[[Found], Found]] = {
    "name not found": _fails(socket.EAI_NONAME, "Name or service not known"),
    "name server does not reply": _fails(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "name server fails": _fails(socket.EAI_FAIL, "Non-recoverable failure in name resolution"),
    "name with a dead address before the right one": _beside,
}


class Resolver:
    """Takes the place of `socket.getaddrinfo` for the name of the service.

    Args:
        fault: is given what a sound look-up finds, and returns what is found.
        when: a fault that passes concerns the first look-up: later ones are cached.
    """

    def __init__(self, fault: Callable[[Found], Found], when: When) -> None:
        self.acted = 0
        self._fault = fault
        self._when = when
        self._sound = socket.getaddrinfo

    def __call__(self, host: str, port: int, *details: Any) -> Found:
        if host != HOST:
            return self._sound(host, port, *details)
        found: Found = self._sound("127.0.0.1", port, socket.AF_INET, socket.SOCK_STREAM)
        if self._when is When.PASSES and self.acted:
            return found
        self.acted += 1
        return self._fault(found)
