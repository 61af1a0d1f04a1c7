"""Host names that do not resolve."""

import socket
from typing import Any, NoReturn

import pytest


@pytest.fixture
def unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no name resolve: a name server of the tests' own would need root."""
    real = socket.getaddrinfo

    def find(host: str, *details: Any) -> object:
        if host.endswith((".myhuaweicloud.com", ".invalid")):
            fail()
        return real(host, *details)

    def fail() -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
