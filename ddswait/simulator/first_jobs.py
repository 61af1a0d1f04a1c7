"""The jobs that `python -m ddswait.simulator --jobs N` starts with, and what to paste for them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TextIO

from ddswait.simulator.services import USUAL

if TYPE_CHECKING:
    from ddswait.simulator.world import World

_NAMES = ("orders", "stock", "users", "billing", "search", "sessions", "events", "reviews")
_REASON = "Insufficient quota of volumes in az2."
_QUICK = 10.0  # simulated seconds per second from which the usual interval is too long


def start(world: World, count: int, failing: int) -> dict[str, str]:
    """Start jobs one of which ends after the other; return their IDs by the name of the instance.

    The first one takes `World.job_seconds`, the last one nearly twice as long. Of those that
    fail, the first one is the second job: a user sees a success, a failure and the rest.

    Args:
        world: the simulated cloud.
        count: how many jobs.
        failing: how many of them fail.
    """
    order = [*range(1, count), 0][:failing]
    return {
        name: world.add_job(
            instance_name=name,
            seconds=world.job_seconds * (1.0 + number / count),
            fails=_REASON if number in order else None,
        )
        for number, name in enumerate(map(_name, range(count)))
    }


def _name(number: int) -> str:
    again, place = divmod(number, len(_NAMES))
    return f"{_NAMES[place]}-{again + 1}" if again else _NAMES[place]


def show(world: World, speed: float, jobs: dict[str, str], out: TextIO, notes: TextIO) -> None:
    """Write lines to paste into a second terminal: settings, what waits, what creates a job.

    Not every shell takes comments that are pasted, so what explains the lines goes elsewhere.

    Args:
        world: the simulated cloud, which is being served.
        speed: simulated seconds per second.
        jobs: the jobs that it starts with.
        out: gets the lines.
        notes: gets what explains them.
    """
    settings = {
        "DDSWAIT_ENDPOINT": world.endpoint,
        "HW_PROJECT_ID": world.project_id,
        "HW_AUTH_TOKEN": world.token,
    }
    if world.service != USUAL:
        settings["DDSWAIT_SERVICE"] = world.service
    command = "ddswait --interval 1s" if speed >= _QUICK else "ddswait"
    _write(notes, "Paste these lines into a second terminal:", "")
    _write(out, *(f"export {name}={shlex.quote(value)}" for name, value in settings.items()))
    if jobs:
        _write(out, " ".join([command, *(f"{name}={jobs[name]}" for name in jobs)]))
    _write(notes, "", "This line creates another job and waits for it:", "")
    body = shlex.quote('{"instance_name": "another"}')
    _write(out, f"curl -s -d {body} {world.endpoint}/_simulator/jobs | {command} -")
    _write(notes, "", "Press Ctrl-C to stop the simulator.")


def _write(stream: TextIO, *lines: str) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()
