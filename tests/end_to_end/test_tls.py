"""TLS: a CA of one's own, and names that do not match. Real certificates, real sockets."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from ddswait import ConfigurationError, OutcomeKind, Password, Token, Waiter
from ddswait.simulator import Simulator


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return str(path)


def server(ca: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


async def test_private_ca_is_trusted_when_named(ca: trustme.CA, ca_file: str) -> None:
    """With its CA file, a server with a private certificate is as good as any; IAM too."""
    async with Simulator(tls=server(ca, "127.0.0.1")) as dds:
        assert dds.endpoint.startswith("https://")
        async with waiter(dds, ca_file=ca_file) as w:
            assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"
        auth = Password(dds.user, dds.password, dds.domain, dds.endpoint, dds.region)
        async with Waiter(endpoint=dds.endpoint, auth=auth, ca_file=ca_file) as w:
            assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"


async def test_unknown_ca_is_refused_at_once(ca: trustme.CA) -> None:
    """Without the CA file no request is sent, no time is lost, and the hint is given."""
    async with Simulator(tls=server(ca, "127.0.0.1")) as dds:
        async with waiter(dds) as w:
            outcomes = await w.wait_all([dds.add_job(), dds.add_job()])
        assert not dds.statuses
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert "--ca-file" in outcomes[0].message
    assert outcomes[0].waited < 1


async def test_wrong_host_name_is_refused(ca: trustme.CA, ca_file: str) -> None:
    """A certificate for another host is refused, though its CA is trusted."""
    async with Simulator(tls=server(ca, "other.example.org")) as dds:
        async with waiter(dds, ca_file=ca_file) as w:
            [outcome] = await w.wait_all([dds.add_job()])
        assert not dds.statuses
    assert outcome.kind is OutcomeKind.REFUSED
    assert "IP address mismatch" in outcome.message


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_useless_ca_file_is_refused_before_anything_is_polled(
    content: bytes | None, tmp_path: Path
) -> None:
    """A file that is absent or holds no certificate: an error that names it."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        Waiter(endpoint="https://x", project_id="p", auth=Token("t"), ca_file=str(path))
