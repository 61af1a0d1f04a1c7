"""The simulator's own paths, for tests that run in another process. They need no token.

They are also below the name of each service (`/rds/_simulator/jobs`), where jobs belong to it.

- `POST /_simulator/jobs` submits a job. The fields are the arguments of `World.add_job`; the
  reply holds the `job_id`.
- `GET /_simulator/jobs/{id}` returns `{"job_id", "status", "held", "polls"}`. The status is null
  if no job has the ID. `polls` counts the requests about the ID (not the lists that contain it)
  when they arrive: a client that has sent its second poll has read the reply to its first.
- `POST /_simulator/jobs/{id}/release` ends a held job; `{"fails": "a reason"}` lets it fail.
- `POST /_simulator/dialect` changes how replies are worded. The fields are those of
  `dialect.Dialect`.
- `POST /_simulator/instances/{id}` shows something else of an instance: `{"status": "frozen"}`,
  `{"actions": ["BACKUP"]}`, or `{"refusal": "DBS.201028"}` for a 403 with this code. A null shows
  the truth again.
- `POST /_simulator/faults` lets the next requests go wrong. The fields are those of
  `faults.Fault`.
- `DELETE /_simulator/faults` lets all requests succeed again.
- `GET /_simulator/stats` returns the simulated time and the number of replies by HTTP status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from ddswait.simulator.faults import Fault
from ddswait.simulator.fields import check_fields
from ddswait.simulator.reading import read_json

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from ddswait.simulator.world import World

PREFIX = "/_simulator/"


def routes(world: World, service: str = "") -> list[web.RouteDef]:
    """Return the paths of the control API, at the root or below the name of a service."""
    control = _Control(world, service)
    prefix = f"/{service}{PREFIX}" if service else PREFIX
    return [
        web.post(f"{prefix}jobs", _checked(control.add_job)),
        web.get(f"{prefix}jobs/{{job}}", control.show_job),
        web.post(f"{prefix}jobs/{{job}}/release", _checked(control.release)),
        web.post(f"{prefix}dialect", _checked(control.change_dialect)),
        web.post(f"{prefix}instances/{{instance}}", _checked(control.show_instance)),
        web.post(f"{prefix}faults", _checked(control.add_fault)),
        web.delete(f"{prefix}faults", control.clear_faults),
        web.get(f"{prefix}stats", control.stats),
    ]


def _checked(handler: Handler) -> Handler:
    """Return a handler that replies to mistakes with status 400 and their names."""

    async def reply(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (TypeError, ValueError) as mistake:
            return _error(400, str(mistake))

    return reply


class _Control:
    """One handler for each path."""

    def __init__(self, world: World, service: str) -> None:
        self._world = world
        self._own = {"service": service} if service else {}

    async def add_job(self, request: web.Request) -> web.Response:
        document = {**self._own, **await read_json(request)}
        check_fields(document, self._world.add_job)
        job_id = self._world.add_job(**document)
        return web.json_response({"job_id": job_id}, status=201)

    async def show_job(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job"]
        plan = self._world.plans.get(job_id)
        shown = {
            "job_id": job_id,
            "status": plan and plan.status_at(self._world.now()),
            "held": plan is not None and plan.is_held,
            "polls": self._world.polls[job_id],
        }
        return web.json_response(shown)

    async def release(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job"]
        if job_id not in self._world.plans:
            return _error(404, f"no job has the ID {job_id!r}")
        document = await read_json(request)
        check_fields(document, self._world.release, apart_from="job_id")
        self._world.release(job_id, **document)
        return web.json_response({})

    async def change_dialect(self, request: web.Request) -> web.Response:
        self._world.dialect.change(await read_json(request))
        return web.json_response({})

    async def show_instance(self, request: web.Request) -> web.Response:
        world, instance_id = self._world, request.match_info["instance"]
        shown: dict[str, dict[str, Any]] = {
            "status": world.instance_status,
            "actions": world.instance_actions,
            "refusal": world.refused_instances,
        }
        document = await read_json(request)
        for name in document:
            if name not in shown:
                raise ValueError(f"unknown field {name!r}: use {', '.join(shown)}")
        for name, value in document.items():
            shown[name].pop(instance_id, None)
            if value is not None:
                shown[name][instance_id] = value
        return web.json_response({})

    async def add_fault(self, request: web.Request) -> web.Response:
        self._world.faults.add(Fault.from_json(await read_json(request)))
        return web.json_response({}, status=201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._world.clear_faults()
        return web.json_response({})

    async def stats(self, _: web.Request) -> web.Response:
        statuses = {str(status): count for status, count in self._world.statuses.items()}
        return web.json_response({"now": self._world.now(), "statuses": statuses})


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error_code": "SIM.0001", "error_msg": message}, status=status)
