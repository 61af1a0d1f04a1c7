"""Ways to break the scheduler on purpose, and the promise that each of them breaks.

A checker that cannot fail proves nothing: each line of the table must be found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddswait.scheduler import job_poll, last_polls, poll
from ddswait.scheduler.subscribers import Subscribers
from tests.simulation.breakages import limits, polls, times
from tests.simulation.plan import FaultPlan, JobPlan, Plan, WaitPlan
from tests.simulation.promises.deadlines import EndsInTime, LastPoll
from tests.simulation.promises.limits import DoubtfulCredentials, RateLimits
from tests.simulation.promises.memory import Memory
from tests.simulation.promises.once import EndsOnce, OnePoll
from tests.simulation.promises.reaching import NoneForgotten, Unreachable
from tests.simulation.promises.said import DisbelievesNoJob, SaysWhatTheServiceSaid

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.simulation.promises.promise import Promise

    Patch = pytest.MonkeyPatch


class Breakage(NamedTuple):
    """One way to break the scheduler.

    Attributes:
        name: what is wrong then.
        promise: whose checker finds it.
        apply: breaks it until the test is over.
        history: in which it is found: the seed of one that is drawn, or a plan.
    """

    name: str
    promise: type[Promise]
    apply: Callable[[Patch], None]
    history: int | Plan = 1


def _long_jobs(
    count: int,
    timeout: float,
    *faults: FaultPlan,
    rate: tuple[int, float] = (10, 1.0),
    unreachable_after: float = 600.0,
    lists: bool = False,
) -> Plan:
    """Return a history of jobs that never end."""
    return Plan(
        seed=1,
        jobs=(JobPlan(lasts=1e8),) * count,
        waits=tuple(WaitPlan(job, timeout=timeout) for job in range(count)),
        faults=faults,
        rate=rate,
        unreachable_after=unreachable_after,
        lists=lists,
    )


_LONG_PARTITION = _long_jobs(
    3, 20_000.0, FaultPlan("partition", 60.0, 2060.0), unreachable_after=6000.0
)
_UNREACHABLE = _long_jobs(1, 9000.0, FaultPlan("partition", 60.0))
_NO_NAME = replace(_long_jobs(1, 9000.0, FaultPlan("reset")), nameless=True)
_NO_NAME_LATER = replace(_long_jobs(1, 9000.0, FaultPlan("reset", 60.0)), nameless=True)
_MANY_LISTS = _long_jobs(40, 4000.0, rate=(1, 1.0), lists=True)
_STATED_LIMIT = _long_jobs(30, 600.0, FaultPlan("limit", number=30.0, window=60.0, variant="user"))
_RETRY_AFTER = _long_jobs(5, 600.0, FaultPlan("429", 20.0, 100.0, number=100.0, variant="retry"))


BREAKAGES = (
    Breakage("a job is lost after two failures", EndsOnce, polls.forget_after_failures),
    Breakage(
        "a caller who leaves stays subscribed",
        EndsOnce,
        lambda patch: patch.setattr(Subscribers, "unsubscribe", lambda *_: None),
    ),
    Breakage("a poll is sent twice", OnePoll, polls.poll_twice),
    Breakage("an end time ends a job", SaysWhatTheServiceSaid, polls.believe_the_end_time),
    Breakage(
        "the fourth reply is not believed",
        SaysWhatTheServiceSaid,
        polls.miss_a_failed_job,
        history=5,
    ),
    Breakage(
        "any instance is ready", SaysWhatTheServiceSaid, polls.any_instance_is_ready, history=5
    ),
    Breakage(
        "one reply makes a job vanish",
        DisbelievesNoJob,
        lambda patch: patch.setattr(job_poll, "_CONFIRMATIONS", 1),
        history=5,
    ),
    Breakage(
        "three replies make a job vanish",
        DisbelievesNoJob,
        lambda patch: patch.setattr(job_poll, "_CONFIRMATIONS", 3),
        history=5,
    ),
    Breakage("the grace is half as long", DisbelievesNoJob, polls.no_grace),
    Breakage("failures refuse", DisbelievesNoJob, polls.refuse_after_failures),
    Breakage(
        "the last poll may take ten seconds",
        EndsInTime,
        lambda patch: patch.setattr(poll, "LAST_POLL", 10.0),
    ),
    Breakage(
        "last polls leave ten seconds late",
        EndsInTime,
        lambda patch: patch.setattr(last_polls, "LAST_POLL", 10.0),
    ),
    Breakage("waits time out three seconds early", EndsInTime, times.time_out_early, history=2),
    Breakage("polls ignore the deadline", EndsInTime, times.poll_late),
    Breakage("a later caller's deadline is ignored", EndsInTime, times.ignore_a_new_deadline),
    Breakage("all callers end at the first deadline", EndsInTime, times.end_all_callers),
    Breakage("a last poll is not urgent", LastPoll, times.last_polls_wait),
    Breakage(
        "the last poll has half a second",
        LastPoll,
        lambda patch: patch.setattr(poll, "LAST_POLL", 0.5),
    ),
    Breakage("unreachable after half the time", Unreachable, times.give_up_early),
    Breakage(
        "unreachable after ten times the time", Unreachable, times.patience(10.0), _UNREACHABLE
    ),
    Breakage("a wrong name is tried for as long", Unreachable, times.ignore_names, _NO_NAME),
    Breakage("a right name is given up as soon", Unreachable, times.forget_names, _NO_NAME_LATER),
    Breakage(
        "delays after failures grow to an hour", NoneForgotten, times.long_delays, _LONG_PARTITION
    ),
    Breakage("lists are trusted for ever", NoneForgotten, times.trust_lists_for_ever, _MANY_LISTS),
    Breakage("what a list holds is never released", NoneForgotten, times.hold_for_ever, history=13),
    Breakage("some polls pass the own limit", RateLimits, limits.lists_pass_the_limit, history=3),
    Breakage("no limit is learned", RateLimits, limits.learn_no_limit, _STATED_LIMIT),
    Breakage(
        "requests before a 429 do not count",
        RateLimits,
        limits.forget_the_last_window,
        _STATED_LIMIT,
    ),
    Breakage("Retry-After is ignored", RateLimits, limits.ignore_retry_after, _RETRY_AFTER),
    Breakage(
        "doubtful credentials are tried at once",
        DoubtfulCredentials,
        limits.try_credentials_at_once,
        history=13,
    ),
    Breakage(
        "requests leave during a renewal",
        DoubtfulCredentials,
        limits.send_while_renewing,
        history=44,
    ),
    Breakage("entries are never cleared", Memory, polls.forget_no_entry),
)
