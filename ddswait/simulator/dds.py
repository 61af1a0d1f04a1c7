"""DDS: its paths.

Sources: DDS API reference, "Obtaining Information About a Task with a Specified ID" and "Querying
Tasks". A further service is a further file like this one, and a line in `server`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ddswait.simulator import errors, records
from ddswait.simulator.reading import as_signed, read_json

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from ddswait.simulator.jobs import Plan
    from ddswait.simulator.world import World

_OK = 200
_PREPAID = "prePaid"
_ORDER = "CS2401161234ABCDE"
_MONTH = 30 * 86400
_PAGE = 100


def routes(world: World) -> list[web.RouteDef]:
    """Return the paths of DDS."""
    operations = _Operations(world)
    check = operations.checked
    instance = "/v3/{project}/instances/{instance}"
    change = "{operation:restart|resize|enlarge-volume|switchover|upgrade}"
    return [
        web.get("/v3/{project}/jobs", check(operations.show_job)),
        web.get("/v3.1/{project}/jobs", check(operations.list_tasks)),
        web.get("/v3/{project}/instances", check(operations.show_instance)),
        web.post("/v3/{project}/instances", check(operations.create)),
        web.delete(instance, check(operations.delete)),
        web.post(f"{instance}/{change}", check(operations.change)),
        web.post("/v3/{project}/backups", check(operations.back_up)),
    ]


class _Operations:
    """One handler for each path."""

    def __init__(self, world: World) -> None:
        self._world = world

    def checked(self, handler: Handler) -> Handler:
        """Return a handler that refuses what DDS refuses, and lets the given one do the rest."""

        async def check_first(request: web.Request) -> web.StreamResponse:
            refusal = await self._refusal(request)
            return await handler(request) if refusal is None else refusal

        return check_first

    async def _refusal(self, request: web.Request) -> web.Response | None:
        world = self._world
        if reason := world.refusal(await as_signed(request)):
            return errors.bad_token(reason)
        if request.match_info["project"] != world.project_id:
            return errors.error(400, "DBS.280408", "Invalid project ID.")
        return errors.no_permission() if world.forbids else None

    async def show_job(self, request: web.Request) -> web.Response:
        plan = self._world.plan(request.query.get("id", ""))
        now = self._world.now()
        if plan is None or not plan.is_known(now):
            return errors.no_job(self._world.dialect.unknown_job)
        world = self._world
        shown = records.job(plan, now, world.epoch, world.dialect)
        return web.json_response({"job": shown})

    async def list_tasks(self, request: web.Request) -> web.Response:
        world, query = self._world, request.query
        if not world.has_lists:
            return errors.no_api()
        if not world.may_list:
            return errors.no_permission()
        try:
            begin, end = (records.parse_time(query[name]) for name in ("start_time", "end_time"))
            offset, limit = int(query.get("offset", "0")), int(query.get("limit", "100"))
        except (KeyError, ValueError):
            return errors.bad_parameter()
        if not (0 < end - begin <= _MONTH and 1 <= limit <= _PAGE and offset >= 0):
            return errors.bad_parameter()
        wanted = {name: query[name] for name in ("status", "id", "name") if name in query}
        seen_at, epoch = world.now() - world.list_lag, world.epoch
        found = [
            plan
            for plan in self._known(begin, end, seen_at)
            if wanted.items() <= records.filters(plan, seen_at).items()
        ]
        page = found[offset : offset + limit]
        shown = [records.task(plan, seen_at, epoch, world.dialect) for plan in page]
        return web.json_response({"jobs": shown, "total_count": len(found)})

    def _known(self, begin: float, end: float, seen_at: float) -> list[Plan]:
        """Return the jobs submitted between two Unix times, newest first."""
        zero = self._world.epoch.timestamp()
        return [
            plan
            for plan in reversed(self._world.plans.values())
            if plan.is_known(seen_at) and begin <= zero + plan.submitted <= end
        ]

    async def show_instance(self, request: web.Request) -> web.Response:
        world, instance_id = self._world, request.query.get("id", "")
        if code := world.refused_instances.get(instance_id):
            return errors.refused_instance(code)
        instance = world.instance(instance_id)
        if instance is None and world.dialect.missing_instance != _OK:
            return errors.no_instance(world.dialect)
        return web.json_response(records.instances(instance, world.dialect))

    async def create(self, request: web.Request) -> web.Response:
        try:
            order = await read_json(request)
        except ValueError:
            return errors.bad_parameter()
        name = order.get("name")
        if not isinstance(name, str) or not name:
            return errors.bad_parameter("name")
        world = self._world
        instance_id = f"{world.new_id()}in02"
        reply: dict[str, Any] = {
            "id": instance_id,
            "name": name,
            "datastore": order.get("datastore"),
            "created": records.wall_time(world.now(), world.epoch),
            "status": "creating",
            "mode": order.get("mode", "ReplicaSet"),
        }
        if (order.get("charge_info") or {}).get("charge_mode") == _PREPAID:
            # The API shows no task of an order, but the instance is created all the same.
            world.add_job(instance_id=instance_id, instance_name=name, visible_after=inf)
            empty = {"job_id": ""} if world.dialect.has_empty_job_id else {}
            return web.json_response({**reply, **empty, "order_id": _ORDER}, status=202)
        job_id = world.add_job(instance_id=instance_id, instance_name=name)
        return web.json_response({**reply, "job_id": job_id}, status=202)

    async def change(self, request: web.Request) -> web.Response:
        words = request.match_info["operation"].split("-")
        return self._start(request, f"{''.join(word.capitalize() for word in words)}_MongoDB")

    async def back_up(self, request: web.Request) -> web.Response:
        return self._start(request, "Create_Backup")

    async def delete(self, request: web.Request) -> web.Response:
        return self._start(request, "Delete_MongoDB", vanishes=True)

    def _start(self, request: web.Request, name: str, *, vanishes: bool = False) -> web.Response:
        instance_id = request.match_info.get("instance")
        job_id = self._world.add_job(name=name, instance_id=instance_id, vanishes=vanishes)
        return web.json_response({"job_id": job_id}, status=202)
