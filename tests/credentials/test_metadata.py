"""ddswait.credentials.metadata: the temporary keys of an ECS, over real sockets."""

import asyncio
import contextlib
import json
import socket
from itertools import pairwise
from threading import Event, Thread
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, EcsMetadata, Lease, OutcomeKind, Waiter
from ddswait.credentials.keys import StaticHeaders
from ddswait.credentials.metadata import (
    ENDPOINT,
    detect_source,
    is_reachable,
    read_key,
    read_metadata_token,
    read_source,
)
from ddswait.credentials.source import Source
from ddswait.outcome import Refusal
from ddswait.service.replies import TransientFailure
from ddswait.simulator import Simulator

DATE = {"Date": "Fri, 01 Jan 2021 00:00:00 GMT"}


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = EcsMetadata(dds.endpoint, dds.present)
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


@pytest.mark.parametrize("token", ["simulated-metadata-token", ""])
async def test_keys_come_from_the_metadata_service(token: str) -> None:
    """With and without a metadata token, the key of the agency signs the requests."""
    async with Simulator() as dds:
        dds.metadata_token = token
        async with waiter(dds) as w:
            assert (await w.wait(dds.add_job(seconds=60))).status == "Completed"
        assert dds.statuses[401] == 0


async def test_keys_are_renewed_before_they_end() -> None:
    """For a day, no request is refused; each key is renewed 40 minutes before it expires."""
    async with Simulator() as dds:
        dds.key_seconds = 7200.0
        async with waiter(dds, interval=600, timeout=90_000) as w:
            await w.wait(dds.add_job(seconds=86_400))
        fetched = [seen.at for seen in dds.requests if seen.path.endswith("securitykey")]
        assert dds.statuses[401] == 0
    pauses = {round(after - before) for before, after in pairwise(fetched)}
    assert pauses <= {4799, 4800, 4801}
    assert len(fetched) == 18 + 1


async def test_ended_keys_cost_one_renewal() -> None:
    """When the key of many jobs expires early, it is renewed once and no job is lost."""
    async with Simulator() as dds:
        ids = [dds.add_job(seconds=300) for _ in range(20)]
        async with waiter(dds) as w:
            futures = [w.track(each) for each in ids]
            await w.wait(dds.add_job(seconds=60))
            dds.keys.end_all()
            assert {(await future).status for future in futures} == {"Completed"}
        assert sum(seen.path.endswith("securitykey") for seen in dds.requests) == 2


async def test_ecs_without_agency_is_refused() -> None:
    """Without an agency there is no key: waits are refused at once, with what to do."""
    async with Simulator() as dds:
        dds.has_agency = False
        async with waiter(dds) as w:
            [outcome] = await w.wait_all([dds.add_job()])
    assert outcome.kind is OutcomeKind.REFUSED
    assert "no agency" in outcome.message


def body(**changed: object) -> bytes:
    credential = {
        "access": "STSAK",
        "secret": "s3cret",
        "securitytoken": "t0ken",
        "expires_at": "2021-01-01T06:00:00.000000Z",
    }
    return json.dumps({"credential": {**credential, **changed}}).encode()


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (body(), 6 * 3600.0 - 2400.0),
        (body(expires_at="2021-01-01T00:40:30Z"), 60.0),
        (body(expires_at="2021-01-01T00:01:00Z"), 30.0),
        (body(expires_at="soon"), 1200.0),
        (body(expires_at=None), 1200.0),
    ],
)
def test_key_is_renewed_forty_minutes_before_it_expires(content: bytes, seconds: float) -> None:
    """It is renewed 40 minutes before, but not more than once a minute."""
    lease = read_key(200, DATE, content)
    assert isinstance(lease, Lease)
    assert (lease.key, lease.renew_in) == (AccessKey("STSAK", "s3cret", "t0ken"), seconds)
    assert "s3cret" not in repr(lease)


@pytest.mark.parametrize(
    ("status", "content", "meaning"),
    [
        (200, b"<html>", TransientFailure),
        (200, b"[]", TransientFailure),
        (200, body(access="two words"), TransientFailure),
        (404, b"", Refusal),
        (503, b"", TransientFailure),
    ],
)
def test_reply_without_a_key(status: int, content: bytes, meaning: type) -> None:
    """It is a transient failure; only a missing agency is a refusal."""
    assert type(read_key(status, DATE, content)) is meaning


def test_metadata_token() -> None:
    """It is sent with the next request; older services have none and require none."""
    token = StaticHeaders({"X-Metadata-Token": "s3cret"})
    assert read_metadata_token(200, {}, b"s3cret\n") == token
    for status in (404, 405, 503):
        assert read_metadata_token(status, {}, b"error") == StaticHeaders()
    assert read_metadata_token(200, {}, b"") == StaticHeaders()
    assert type(read_metadata_token(500, {}, b"")) is TransientFailure
    for body in (b"a\nb", b"\xff", "\u00e4".encode()):  # what no header can carry
        assert type(read_metadata_token(200, {}, body)) is TransientFailure


def test_source() -> None:
    """DDSWAIT_METADATA sets another endpoint; `off` turns only the detection off."""
    assert read_source({}).auth == EcsMetadata()
    assert read_source({"DDSWAIT_METADATA": "off"}).auth == EcsMetadata()
    elsewhere = {"DDSWAIT_METADATA": "http://127.0.0.1:9"}
    assert read_source(elsewhere).auth == EcsMetadata("http://127.0.0.1:9")
    for read in (read_source, detect_source):
        with pytest.raises(ConfigurationError, match="DDSWAIT_METADATA: '127'"):
            read({"DDSWAIT_METADATA": "127"})


async def test_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that has a key is a source, unless detection is off."""
    async with Simulator() as dds:
        monkeypatch.setattr("ddswait.credentials.metadata.ENDPOINT", dds.endpoint)
        source = Source("the metadata service of this ECS", EcsMetadata(dds.endpoint))
        assert await asyncio.to_thread(detect_source, {}) == source
        assert await asyncio.to_thread(detect_source, {"DDSWAIT_METADATA": "off"}) is None
        dds.has_agency = False
        dds.metadata_token = ""
        assert await asyncio.to_thread(detect_source, {}) is None
    assert await asyncio.to_thread(detect_source, {}) is None


def test_address_is_the_documented_one() -> None:
    """The address is link-local, and it is shown."""
    assert repr(EcsMetadata()) == f"EcsMetadata(endpoint={ENDPOINT!r})"


def test_slow_service_blocks_nobody() -> None:
    """The timeout is for the whole reply, even if the service sends bytes all the time."""

    def chatter(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, contextlib.suppress(OSError):
            line.recv(4096)
            for _ in range(20_000):
                if stop.is_set():
                    return
                line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=chatter, args=(server,), daemon=True)
        thread.start()
        assert not is_reachable(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.05)
        stop.set()
        thread.join()
