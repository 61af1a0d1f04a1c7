"""Makes the scheduler that a history is about."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ddswait.scheduler.durations import Durations
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from tests.simulation.plan import Plan


def scheduler_of(plan: Plan) -> Scheduler:
    """Return a scheduler with the settings of a plan."""
    durations = Durations()
    if plan.past:
        for number in range(10):
            durations.add("Create_MongoDB", f"past-{number}", 300.0 + 20 * number)
    scheduler = Scheduler(
        PollSettings(
            plan.interval,
            plan.grace,
            plan.unreachable_after,
            plan.request_timeout,
            "https://dds.test (project p)",
            plan.page_size,
        ),
        Random(plan.seed + 1),
        renews=plan.token_life > 0,
        rate_limiter=RateLimiter(*plan.rate),
        durations=durations,
    )
    scheduler.lists = plan.lists
    scheduler.verbose = plan.verbose
    return scheduler
