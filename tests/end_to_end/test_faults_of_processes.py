"""docs/faults.md: faults of the process itself end as the page says, with real processes."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.faults import connections, syntax
from tests.end_to_end.faults.building import http, says
from tests.end_to_end.faults.fault import Fault, When
from tests.end_to_end.faults.processes import FAULTS, ProcessFault
from tests.end_to_end.faults.proxy import FaultProxy
from tests.end_to_end.faults.table import UNSEEN, ending

if TYPE_CHECKING:
    from tests.cloud_process import Cloud

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROWS = [(name, when) for name, fault in FAULTS.items() for when in fault.whens]
# Each poll needs a new connection, and so a descriptor.
CLOSING = connections.FAULTS["connection closed after each reply, as announced"]


GIGABYTE = Fault(says(http(200, syntax.bomb(1024), Content_Encoding="gzip")))
MOST = 200_000  # KiB: the interpreter and its libraries take a third of it
# Not `ru_maxrss`: a process inherits that of the one that started it.
PEAK = """
import re, sys
from pathlib import Path
from ddswait.cli.main import main
code = main()
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print("peak", peak, file=sys.stderr)
sys.exit(code)
"""


async def run(fault: ProcessFault, when: When, cloud: Cloud, folder: Path) -> tuple[str, str]:
    job_id = cloud.held_job()
    lasts = "2s" if when is When.LASTS else "1m"
    command = cloud.command("--output", "json", "--unreachable-after", lasts, job_id)
    async with FaultProxy(cloud.endpoint, CLOSING) as proxy:
        env = {"DDSWAIT_ENDPOINT": f"http://127.0.0.1:{proxy.port}", "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", fault.shell.format(command=join(command))),
            stdout=PIPE,
            stderr=PIPE,
            cwd=folder,
            env={**cloud.env, **env},
        )
        if fault.act is not None:
            assert process.stderr is not None
            async for line in process.stderr:
                if b"Running" in line:
                    break
            await fault.act(process, when)
        cloud.end(job_id)
        out, err = await process.communicate()
    assert b"Traceback" not in err
    assert process.returncode is not None
    text = out.decode()
    outcome = json.loads(text)["jobs"][0]["outcome"] if text else UNSEEN
    return f"{outcome} ({process.returncode})", err.decode()


@pytest.mark.real_time  # the command is a process of its own
@pytest.mark.parametrize(("name", "when"), ROWS)
async def test_fault_of_a_process_ends_as_the_page_says(
    name: str, when: When, cloud: Cloud, tmp_path: Path
) -> None:
    """Outcome and exit code are those of the table, and no traceback is shown."""
    ended, message = await run(FAULTS[name], when, cloud, tmp_path)
    assert ended == ending(name, when), message


@pytest.mark.real_time
async def test_gigabyte_behind_gzip_takes_little_memory(cloud: Cloud) -> None:
    """A reply of 1 MB that unpacks to 1 GB is given up, and the next one is read."""
    job_id = cloud.held_job()
    options = ("--output", "json", "--interval", "0.2s", job_id)
    async with FaultProxy(cloud.endpoint, GIGABYTE, When.PASSES) as proxy:
        env = {"DDSWAIT_ENDPOINT": f"http://127.0.0.1:{proxy.port}", "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PEAK, *options),
            stdout=PIPE,
            stderr=PIPE,
            env={**cloud.env, **env},
        )
        ended = asyncio.ensure_future(process.communicate())
        happened = asyncio.ensure_future(proxy.happened.wait())
        await asyncio.wait({ended, happened}, return_when=asyncio.FIRST_COMPLETED)
        assert happened.done()
        cloud.end(job_id)
        _, err = await ended
    assert process.returncode == 0
    assert int(err.split(b"peak ")[1]) < MOST
