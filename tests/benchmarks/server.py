"""The fastest server that the benchmarks can ask: one fixed reply per request, raw asyncio.

    python -m tests.benchmarks.server [Running|Completed]

Prints its port, and serves until its standard input closes.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def reply(status: str, job_id: str) -> bytes:
    """Return a whole HTTP reply about one job."""
    job = {
        "id": job_id,
        "name": "Create_MongoDB",
        "status": status,
        "created": "2021-07-13T07:28:43+0000",
        "ended": "2021-07-13T07:28:53+0000",
        "progress": "9%" if status == "Running" else "",
        "instance": {"id": "cf538a2dd8ec4b26860b27060902712fin02", "name": "dds-3a98-wcc"},
        "fail_reason": None,
    }
    body = json.dumps({"job": job}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Protocol(asyncio.Protocol):
    def __init__(self, status: str) -> None:
        self._status = status

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # A benchmark's request fits into one segment, and asks for one job: `?id=... HTTP/1.1`.
        job_id = data.partition(b"id=")[2].partition(b" ")[0].decode()
        self._transport.write(reply(self._status, job_id))


async def _serve(status: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Protocol(status), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def serving(status: str) -> Iterator[str]:
    """Run the server in a process of its own; yield its URL."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__)), status],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1] if sys.argv[1:] else "Running"))
