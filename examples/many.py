"""Wait for many jobs at once. In virtual time, ten minutes of provisioning take a moment.

python examples/many.py
"""

from collections import Counter

import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator


async def main() -> None:
    """Start fifty jobs, some of which fail, and count how they end."""
    async with (
        Simulator() as dds,
        ddswait.Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
        ) as waiter,
    ):
        job_ids = [
            dds.add_job(seconds=60 + 10 * number, fails=None if number % 20 else "no quota")
            for number in range(50)
        ]
        ended: Counter[str] = Counter()
        async for outcome in waiter.as_completed(job_ids):
            ended[str(outcome.kind)] += 1
            if not outcome.ok:
                print(outcome.message)
        print(dict(ended), "with", len(dds.requests), "requests")


if __name__ == "__main__":
    virtual_time.run(main())
