"""The jobs that `python -m ddswait.simulator --jobs N` starts with, and what to paste for them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TextIO

from ddswait.simulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.simulator.world import World

_NAMES = ("orders", "stock", "users", "billing", "search", "sessions", "events", "reviews")
_REASON = "Insufficient quota of volumes in az2."
_REGION = "simulated-1"
_QUICK = 10.0  # simulated seconds per second from which the usual interval is too long


def start(world: World, count: int, failing: int, services: Sequence[str] = ()) -> dict[str, str]:
    """Start jobs one of which ends after the other; return their IDs by the name of the instance.

    The first one takes `World.job_seconds`, the last one nearly twice as long. Of those that
    fail, the first one is the second job: a user sees a success, a failure and the rest.

    Args:
        world: the simulated cloud.
        count: how many jobs.
        failing: how many of them fail.
        services: whose jobs they are, in turn; none for that of the world.
    """
    services = services or (world.service,)
    order = [*range(1, count), 0][:failing]
    return {
        name: world.add_job(
            service=services[number % len(services)],
            instance_name=name,
            seconds=world.job_seconds * (1.0 + number / count),
            fails=_REASON if number in order else None,
        )
        for number, name in enumerate(map(_name, range(count)))
    }


def _name(number: int) -> str:
    again, place = divmod(number, len(_NAMES))
    return f"{_NAMES[place]}-{again + 1}" if again else _NAMES[place]


def show(  # noqa: PLR0913 - what the user gave, and where the lines go
    world: World,
    speed: float,
    jobs: dict[str, str],
    out: TextIO,
    notes: TextIO,
    *,
    every_service: bool = False,
) -> None:
    """Write lines to paste into a second terminal: settings, what waits, what creates a job.

    Not every shell takes comments that are pasted, so what explains the lines goes elsewhere.

    Args:
        world: the simulated cloud, which is being served.
        speed: simulated seconds per second.
        jobs: the jobs that it starts with.
        out: gets the lines.
        notes: gets what explains them.
        every_service: whether the settings lead to all services, even without a job of each.
    """
    services = {name: world.plans[job_id].service for name, job_id in jobs.items()}
    is_mixed = every_service or len({world.service, *services.values()}) > 1
    settings = _endpoints(world) if is_mixed else _endpoint(world)
    settings |= {"HW_PROJECT_ID": world.project_id, "HW_AUTH_TOKEN": world.token}
    command = "ddswait --interval 1s" if speed >= _QUICK else "ddswait"
    _write(notes, "Paste these lines into a second terminal:", "")
    _write(out, *(f"export {name}={shlex.quote(value)}" for name, value in settings.items()))
    if jobs:
        prefixes = {name: f"{services[name]}:" if is_mixed else "" for name in jobs}
        _write(out, " ".join([command, *(f"{name}={prefixes[name]}{jobs[name]}" for name in jobs)]))
    _write(notes, "", "This line creates another job and waits for it:", "")
    body = shlex.quote('{"instance_name": "another"}')
    _write(out, f"curl -s -d {body} {world.endpoint}/_simulator/jobs | {command} -")
    _write(notes, "", "Press Ctrl-C to stop the simulator.")


def _endpoint(world: World) -> dict[str, str]:
    """Return the variables that lead to one service, whatever the terminal had in them before."""
    return {"DDSWAIT_ENDPOINT": world.endpoint, "DDSWAIT_SERVICE": world.service}


def _endpoints(world: World) -> dict[str, str]:
    """Return the variables that lead to every service: the SDK's for the endpoints of a region.

    Those that lead to one service are empty, since the terminal may have them from another run.
    """
    region = _REGION.replace("-", "_").upper()
    names = {name: (api.sdk or name).upper() for name, api in SERVICES.items()}
    one = {"DDSWAIT_ENDPOINT": "", "DDSWAIT_SERVICE": ""}
    return {"HW_REGION_NAME": _REGION, **one} | {
        f"HUAWEICLOUD_SDK_REGION_{names[name]}_{region}": world.endpoint_of(name) for name in names
    }


def _write(stream: TextIO, *lines: str) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()
