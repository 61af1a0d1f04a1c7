"""A simulator in a process of its own, and the command `ddswait` against it.

One simulator serves a whole test session: a test tells its own jobs from those of others by their
IDs. Faults would hit the jobs of others, so a test that needs one runs in the event loop of its
own simulator; see `tests.cli.in_process`.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "simulated-token"
_FOREVER = 1e6  # seconds


class Cloud(NamedTuple):
    """A simulator, and the environment that leads to it."""

    endpoint: str
    env: dict[str, str]

    def post(self, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_simulator/{path}", data)  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return json.load(response)

    def stats(self) -> Any:
        with urllib.request.urlopen(f"{self.endpoint}/_simulator/stats") as response:  # noqa: S310
            return json.load(response)

    def show(self, job_id: str) -> Any:
        """Return what the simulator knows of a job, such as how often it was polled."""
        url = f"{self.endpoint}/_simulator/jobs/{job_id}"
        with urllib.request.urlopen(url) as response:  # noqa: S310
            return json.load(response)

    def job(self, **plan: Any) -> str:
        return str(self.post("jobs", **{"visible_after": 0, "seconds": 0.1, **plan})["job_id"])

    def held_job(self, **plan: Any) -> str:
        """Start a job that runs until `end`."""
        return self.job(seconds=_FOREVER, **plan)

    def end(self, job_id: str, **plan: Any) -> None:
        """Let a held job end now."""
        self.job(job_id=job_id, seconds=1e-6, **plan)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "ddswait", "--interval", "0.2s", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command; both its outputs can be read."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
        )

    def run(
        self, *arguments: str, text: str | bytes = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            input=text.encode() if isinstance(text, str) else text,
            capture_output=True,
            env={**self.env, **env},
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err
        assert TOKEN not in out + err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def wait_for_line(process: subprocess.Popen[str], text: str, longest: float = 300.0) -> None:
    """Read a process's standard error up to a line that contains a text.

    It fails when the process has ended without the line, even if a child of it keeps the pipe
    open, and after `longest` seconds.
    """
    reader = threading.Thread(target=_read_up_to, args=(process, text), daemon=True)
    reader.start()
    give_up_at = time.monotonic() + longest
    while reader.is_alive() and process.poll() is None and time.monotonic() < give_up_at:
        reader.join(0.1)
    has_ended = process.poll() is not None
    reader.join(2.0 if has_ended else 0.0)  # what an ended process wrote is still in the pipe
    if text not in _last_lines.pop(process.pid, ""):
        state = "ended" if has_ended else "is silent"
        pytest.fail(f"the process {state} without {text!r}")


_last_lines: dict[int, str] = {}


def _read_up_to(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    _last_lines[process.pid] = next((line for line in process.stderr if text in line), "")


@contextmanager
def serving(*options: str) -> Iterator[Cloud]:
    with subprocess.Popen(
        [sys.executable, "-m", "ddswait.simulator", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = itertools.takewhile(lambda line: line.startswith("export "), process.stdout)
        settings = dict(line.split()[1].split("=", 1) for line in lines)
        del settings["DDSWAIT_SERVICE"]  # a test chooses its service itself
        dropped = ("HW_", "GITHUB_", "GITLAB_", "TF_BUILD")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        # The tests' own process asks no metadata service; nor do the processes that it starts.
        try:
            yield Cloud(
                settings["DDSWAIT_ENDPOINT"], {**kept, "DDSWAIT_METADATA": "off", **settings}
            )
        finally:
            process.terminate()
        assert process.wait() == 0


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Iterator[Cloud]:
    """The session's simulator, without the faults of the test before."""
    yield shared_cloud
    request = urllib.request.Request(  # noqa: S310
        f"{shared_cloud.endpoint}/_simulator/faults", method="DELETE"
    )
    with urllib.request.urlopen(request):  # noqa: S310
        pass
