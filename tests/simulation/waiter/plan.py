"""What happens in one history of the waiter, as data that can be printed, kept and shortened.

All times are in seconds of virtual time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job of the simulator, submitted when the history begins; see `World.add_job`."""

    name: str = "Create_MongoDB"
    seconds: float = 5.0
    visible_after: float = 0.0
    fails: bool = False
    vanishes: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a task of the user does.

    Attributes:
        kind: the name of a method of `users.User`, without its `do_`.
        jobs: the indices of the jobs that it concerns.
        timeout: of the waits that it begins.
        ready: whether it waits for the instances as well.
        callback: a key of `callbacks.KINDS`; "" for none.
        number: its strength; each kind says of what.
        fast: whether wait_all() fails fast, or as_completed() is closed at once when it is left.
    """

    kind: str
    jobs: tuple[int, ...] = ()
    timeout: float = 30.0
    ready: bool = False
    callback: str = ""
    number: float = 0.0
    fast: bool = False


@dataclass(frozen=True, slots=True)
class UserPlan:
    """One task of the user; its name says who it is when it is cancelled."""

    name: str
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """One `async with` block.

    Attributes:
        users: tasks that are started in it.
        stays: how long the task that has entered it sleeps before it leaves.
        raises: whether it leaves by an exception.
    """

    users: tuple[UserPlan, ...] = ()
    stays: float = 0.0
    raises: bool = False


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What goes wrong with the next requests from a moment on; see `simulator.faults.Fault`."""

    kind: str
    at: float = 0.0
    count: int = 1
    details: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One history without interference.

    Attributes:
        seed: of the jitter and of the IDs.
        victim: the name of the task that is cancelled; "owner" for the one that enters the blocks.
        life: seconds for which a token serves; 0 for one that never expires.
        hook: what `on_event` does: "", "listens" or "raises".
    """

    seed: int
    jobs: tuple[JobPlan, ...] = ()
    blocks: tuple[BlockPlan, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    victim: str = "owner"
    life: float = 0.0
    hook: str = ""
    interval: float = 5.0
    grace: float = 20.0
    unreachable_after: float = 60.0
    request_timeout: float = 10.0
    connections: int = 64
    rate: str = "10/s"
    settle: float = 0.0
    backup: float = 0.0

    def as_json(self) -> str:
        """Return the plan in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Return the plan that as_json() wrote."""
        fields = json.loads(line)
        fields["jobs"] = tuple(JobPlan(**each) for each in fields["jobs"])
        fields["blocks"] = tuple(_block(each) for each in fields["blocks"])
        fields["faults"] = tuple(
            FaultPlan(**{**each, "details": tuple(map(tuple, each["details"]))})
            for each in fields["faults"]
        )
        return cls(**fields)


def _block(fields: dict[str, Any]) -> BlockPlan:
    users = tuple(
        UserPlan(
            user["name"],
            tuple(
                Operation(**{**each, "jobs": tuple(each["jobs"])}) for each in user["operations"]
            ),
        )
        for user in fields["users"]
    )
    return BlockPlan(**{**fields, "users": users})


def _operation(fields: dict[str, Any]) -> Operation:
    return Operation(**{**fields, "jobs": tuple(fields["jobs"])})
