"""ddswait.events: what a program prints while it tries the library."""

from typing import get_args

import ddswait
from ddswait import events
from ddswait.simulator import Simulator


async def test_event_is_one_short_line() -> None:
    """It names what happened, without futures, parts of records and fields at their defaults."""
    seen: list[events.Event] = []
    async with Simulator(job_seconds=60.0, visible_after=0.0) as dds:
        waiter = ddswait.Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=ddswait.Token(dds.token),
            on_event=seen.append,
        )
        dds.inject("error", count=1)
        async with waiter:
            waiter.track(dds.add_job(fails="no quota"), label="orders")
            waiter.track_instance("a" * 32 + "in02", timeout=70)
    texts = [repr(each) for each in seen]
    assert {"Visible", "Progressed", "Ended", "PollFailed", "Polled"} <= {
        each.partition("(")[0] for each in texts
    }
    assert all(len(each) < 250 for each in texts)
    assert not [
        each for each in texts if "Future" in each or "datetime" in each or "label=''" in each
    ]
    last = next(each for each in texts if each.startswith("Ended(") and "orders" in each)
    assert "outcome=<failed: job " in last
    assert last.endswith(" failed: no quota>, label='orders')")


def test_every_event_is_short() -> None:
    """No class has the text of a plain tuple."""
    classes = get_args(events.Event)
    assert len(classes) == 9
    assert {each.__repr__.__module__ for each in classes} == {"ddswait.events"}
    assert repr(events.Visible("a", ddswait.Job("a", "Create_MongoDB", "Running", progress=2))) == (
        "Visible(job_id='a', job=<CreateMongoDB Running 2 %>)"
    )
