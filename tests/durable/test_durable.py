"""examples/durable.py: a wait that outlives its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cloud_process import Cloud, serving

ROOT = Path(__file__).parents[2]


def start(cloud: Cloud, folder: Path, jobs: list[str]) -> subprocess.Popen[str]:
    database = str(folder / "durable.sqlite")
    return subprocess.Popen(
        [sys.executable, ROOT / "examples" / "durable.py", "nightly", *jobs],
        env={**cloud.env, "DATABASE": database, "STEP_SECONDS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_killed_program_goes_on(tmp_path: Path) -> None:
    """Kill -9 in mid-wait, run again: each job is accounted for, and none is asked again."""
    with serving() as cloud:
        jobs = [cloud.held_job() for _ in range(20)]
        first, last = jobs[:12], jobs[12:]
        with start(cloud, tmp_path, jobs) as killed:
            for job_id in first:
                cloud.end(job_id)
            assert killed.stdout is not None
            # The line follows the step, whose state DBOS has kept by then.
            assert any(line.startswith("12 of 20 jobs") for line in killed.stdout)
            killed.kill()
        before = {job_id: cloud.show(job_id)["polls"] for job_id in first}
        for job_id in last:
            cloud.end(job_id)
        with start(cloud, tmp_path, jobs) as again:
            out, _ = again.communicate()
        after = {job_id: cloud.show(job_id)["polls"] for job_id in first}
    lines = [line.split("\t") for line in out.splitlines() if "\t" in line]
    assert [line[:2] for line in lines] == [[job_id, "completed"] for job_id in jobs]
    assert after == before
