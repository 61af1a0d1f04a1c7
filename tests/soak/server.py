"""The server of the soak: as fast as raw asyncio allows, and faulty at random.

It knows its jobs by their IDs, which say when a job ends and how (`Fate`). So it keeps nothing
but the IDs of the jobs that run.

    python -m tests.soak.server SEED SPAN PAGE_SECONDS

prints its port, and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = 100
_BUSY = {"error_code": "DBS.280005", "error_msg": "Server error. Try again later."}
_UNKNOWN = {"error_code": "DBS.200543", "error_msg": "The job does not exist."}
# How many of a thousand requests meet each fault; "" is a sound reply.
_WEIGHTS = {
    "": 980.48,
    "error": 6.0,
    "reset": 3.0,
    "garbage": 3.0,
    "half": 3.0,
    "html": 3.0,
    "late": 1.5,
    "429": 0.02,  # each one lowers the rate for a while
}
_OUTAGE_EVERY = 1 / 12  # of the whole span
_OUTAGE = 1 / 240


class Fate(NamedTuple):
    """What an ID says about its job.

    Attributes:
        number: tells jobs apart.
        begins: when the job begins to run, on the clock of the server.
        ends: when it ends.
        how: `completed`, `failed`, or `vanished` for a job that is unknown after its end.
    """

    number: int
    begins: float
    ends: float
    how: str

    @property
    def job_id(self) -> str:
        return f"{self.number}_{self.begins:.3f}_{self.ends:.3f}_{self.how}"

    @classmethod
    def of(cls, job_id: str) -> Fate:
        number, begins, ends, how = job_id.split("_")
        return cls(int(number), float(begins), float(ends), how)


class Server:
    """Serves one request at a time on each connection.

    Args:
        clock: returns the time in seconds, which the IDs refer to.
        span: how long the soak lasts, in seconds; there is an outage in each twelfth of it.
        page_seconds: how long a page of a list takes at most; other replies come at once.
        random: decides which requests meet a fault.
    """

    def __init__(
        self, clock: Callable[[], float], span: float, page_seconds: float, random: Random
    ) -> None:
        self.clock = clock
        self.requests = 0
        self.faults = 0
        self._random = random
        self._span = span
        self._page_seconds = page_seconds
        self._began = clock()
        self._running: dict[str, None] = {}

    def fault(self) -> str:
        """Return what goes wrong with the next request; "" for nothing."""
        self.requests += 1
        phase = (self.clock() - self._began) % (self._span * _OUTAGE_EVERY)
        if phase > self._span * (_OUTAGE_EVERY - _OUTAGE):
            kind = "reset"
        else:
            [kind] = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        self.faults += bool(kind)
        return kind

    def delay(self, target: str) -> float:
        """Return how long a sound reply takes, in seconds."""
        return self._random.random() * self._page_seconds if "offset=" in target else 0.0

    def document(self, target: str) -> tuple[int, Any]:
        """Return status and document of the reply to a sound request."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/instances"):
            return 200, {"instances": [{"id": query["id"], "status": "normal", "actions": []}]}
        if "id" in query:
            return self._job(query["id"])
        return 200, self._page(int(query["offset"]), is_running=query["status"] == "Running")

    def _job(self, job_id: str) -> tuple[int, Any]:
        fate, now = Fate.of(job_id), self.clock()
        is_over = now >= fate.ends
        if now < fate.begins or (is_over and fate.how == "vanished"):
            self._running.pop(job_id, None)
            return 400, _UNKNOWN
        if is_over:
            self._running.pop(job_id, None)
        else:
            self._running[job_id] = None
        instance = {"id": f"{fate.number}in02", "name": f"instance-{fate.number}"}
        return 200, {"job": {**_record(job_id, fate, now), "instance": instance}}

    def _page(self, offset: int, *, is_running: bool) -> Any:
        now = self.clock()
        for job_id in list(islice(self._running, _PAGE)):  # of jobs that nobody polls any more
            if Fate.of(job_id).ends < now:
                del self._running[job_id]
        found = self._running if is_running else {}
        page = [_record(each, Fate.of(each), now) for each in islice(found, offset, offset + _PAGE)]
        shown = [record for record in page if record["status"] == "Running"]
        return {"jobs": shown, "total_count": len(found)}


def _record(job_id: str, fate: Fate, now: float) -> dict[str, Any]:
    is_over = now >= fate.ends
    share = (now - fate.begins) / (fate.ends - fate.begins)
    return {
        "id": job_id,
        "name": f"Kind_{fate.number % 20}",
        "status": fate.how.capitalize() if is_over else "Running",
        "created": "2021-07-13T07:28:43+0000",
        "ended": "2021-07-13T07:38:43+0000" if is_over else "",
        "progress": "" if is_over else f"{int(100 * share)}%",
        "fail_reason": "out of luck" if is_over and fate.how == "failed" else "",
    }


class Connection(asyncio.Protocol):
    """One connection; a client sends its next request after the reply."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        target = data.split(b" ", 2)[1].decode()
        match self._server.fault():
            case "":
                reply = _http(*self._server.document(target))
                loop = asyncio.get_running_loop()
                loop.call_later(self._server.delay(target), self._transport.write, reply)
            case "error":
                self._transport.write(_http(503, _BUSY))
            case "429":
                self._transport.write(_http(429, {"error_code": "DBS.280443"}))
            case "html":
                self._transport.write(_http(200, "<html>A proxy</html>"))
            case "garbage":
                self._transport.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
                self._transport.close()
            case "half":
                reply = _http(*self._server.document(target))
                self._transport.write(reply[: len(reply) // 2])
                self._transport.close()
            case "reset":
                self._transport.abort()
            case "late":
                pass  # until the client gives up


def _http(status: int, document: Any) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def start(server: Server) -> asyncio.Server:
    """Listen on a free port of loopback."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=1024)


async def _serve(seed: int, span: float, page_seconds: float) -> None:
    listening = await start(Server(time.monotonic, span, page_seconds, Random(seed)))
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    listening.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
