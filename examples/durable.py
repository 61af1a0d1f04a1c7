"""Wait for a batch of jobs in a program that may be killed: DBOS keeps the wait in SQLite.

    pip install ddswait dbos
    python durable.py nightly JOB_ID...

Run it again with the same name, and it goes on: the deadline stays, and jobs that had ended are not
polled again. Endpoint, project and credentials come from the environment.
"""

import asyncio
import os
import sys
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

import ddswait

TIMEOUT = 2 * 3600.0  # seconds for the whole batch, however often the program is killed
STEP = float(os.environ.get("STEP_SECONDS", "10"))  # a kill loses no more than this


@DBOS.step()
async def begin(job_ids: list[str]) -> dict[str, Any]:
    """Set the deadline, once: DBOS keeps what a step returns."""
    return ddswait.WaitState.begin(job_ids, timeout=TIMEOUT).to_dict()


@DBOS.step()
async def wait_a_while(kept: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Go on with the wait; return its state, and every outcome when it is decided."""
    async with await ddswait.Waiter.from_env_async() as waiter:
        group = waiter.track_all(ddswait.WaitState.from_dict(kept))
        asyncio.get_running_loop().call_later(STEP, group.stop)
        outcomes = await group.wait()
    over = group.decision.over
    return group.state.to_dict(), [each.to_dict() for each in outcomes] if over else []


@DBOS.workflow()
async def wait_for_batch(job_ids: list[str]) -> list[dict[str, Any]]:
    """Wait until every job of a batch has ended; return the outcomes."""
    kept = await begin(job_ids)
    while True:
        kept, outcomes = await wait_a_while(kept)
        left = len(ddswait.WaitState.from_dict(kept).open)
        print(f"{len(job_ids) - left} of {len(job_ids)} jobs have ended", flush=True)
        if outcomes:
            break
    return list(outcomes)


async def main(name: str, job_ids: list[str]) -> None:
    """Begin a batch, or go on with it if there is one of that name."""
    database = f"sqlite:///{os.environ.get('DATABASE', 'durable.sqlite')}"
    config: DBOSConfig = {"name": "durable", "system_database_url": database}
    DBOS(config={**config, "run_admin_server": False})
    DBOS.launch()  # goes on with what a killed process has left
    with SetWorkflowID(name):
        handle = await DBOS.start_workflow_async(wait_for_batch, job_ids)
    for outcome in await handle.get_result():
        print(outcome["job_id"], outcome["outcome"], outcome["message"], sep="\t")
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
