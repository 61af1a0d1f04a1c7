"""DDS: its paths, its JSON and its errors.

Sources: DDS API reference, "Obtaining Information About a Task with a Specified ID" and "Querying
Tasks". A further service is a further file like this one, and a line in `server`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ddswait.simulator.reading import as_signed, read_json
from ddswait.simulator.signatures import CLOCK

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from ddswait.simulator.jobs import Plan
    from ddswait.simulator.world import World

_PREPAID = "prePaid"
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


def error(status: int, code: str, message: str) -> web.Response:
    """Return an error as DDS (`DBS.`) or its gateway (`APIGW.`) words it."""
    return web.json_response({"error_code": code, "error_msg": message}, status=status)


def bad_token(reason: str) -> web.Response:
    """Return the gateway's refusal of a token or signature."""
    message = f"Incorrect IAM authentication information: {reason}"
    return error(401, "APIGW.0303" if reason == CLOCK else "APIGW.0301", message)


def no_permission() -> web.Response:
    """Return the refusal of a user who lacks a permission."""
    message = "You do not have permission to perform this operation."
    return error(403, "DBS.280032", message)


def no_job() -> web.Response:
    """Return the reply about a job ID that is unknown."""
    return error(400, "DBS.200543", "The job does not exist.")


def no_api() -> web.Response:
    """Return the gateway's reply to a path that is not there."""
    message = "The API does not exist or has not been published in the environment"
    return error(404, "APIGW.0101", message)


def throttled(message: str) -> web.Response:
    """Return the gateway's reply to a request that exceeds a limit."""
    return error(429, "APIGW.0308", message)


def _bad_parameter(name: str = "") -> web.Response:
    return error(400, "DBS.200001", f"Parameter error{name and f': {name}'}.")


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
            return bad_token(reason)
        if request.match_info["project"] != world.project_id:
            return error(400, "DBS.280408", "Invalid project ID.")
        return no_permission() if world.forbids else None

    async def show_job(self, request: web.Request) -> web.Response:
        plan = self._world.plans.get(request.query.get("id", ""))
        now = self._world.now()
        if plan is None or not plan.is_known(now):
            return no_job()
        return web.json_response({"job": _job(plan, now, self._world.epoch)})

    async def list_tasks(self, request: web.Request) -> web.Response:
        world, query = self._world, request.query
        if not world.has_lists:
            return no_api()
        if not world.may_list:
            return no_permission()
        try:
            begin, end = (_parse_time(query[name]) for name in ("start_time", "end_time"))
            offset, limit = int(query.get("offset", "0")), int(query.get("limit", "100"))
        except (KeyError, ValueError):
            return _bad_parameter()
        if not (0 < end - begin <= _MONTH and 1 <= limit <= _PAGE and offset >= 0):
            return _bad_parameter()
        wanted = {name: query[name] for name in ("status", "id", "name") if name in query}
        found = [task for task in self._tasks(begin, end) if wanted.items() <= task.items()]
        page = found[offset : offset + limit]
        return web.json_response({"jobs": page, "total_count": len(found)})

    def _tasks(self, begin: float, end: float) -> list[dict[str, Any]]:
        """Return the tasks submitted between two Unix times, newest first."""
        epoch, now = self._world.epoch, self._world.now() - self._world.list_lag
        begin, end = begin - epoch.timestamp(), end - epoch.timestamp()
        return [
            _task(plan, now, epoch)
            for plan in reversed(self._world.plans.values())
            if plan.is_known(now) and begin <= plan.submitted <= end
        ]

    async def show_instance(self, request: web.Request) -> web.Response:
        instance = self._world.instance(request.query.get("id", ""))
        if instance is None:
            return _no_instance()
        shown = {
            "id": instance.instance_id,
            "name": instance.name,
            "status": instance.status,
            "actions": instance.actions,
        }
        return web.json_response({"instances": [shown], "total_count": 1})

    async def create(self, request: web.Request) -> web.Response:
        try:
            order = await read_json(request)
        except ValueError:
            return _bad_parameter()
        name = order.get("name")
        if not isinstance(name, str) or not name:
            return _bad_parameter("name")
        world = self._world
        instance_id = f"{world.new_id()}in02"
        reply: dict[str, Any] = {
            "id": instance_id,
            "name": name,
            "datastore": order.get("datastore"),
            "created": _wall_time(world.now(), world.epoch),
            "status": "creating",
            "mode": order.get("mode", "ReplicaSet"),
        }
        if (order.get("charge_info") or {}).get("charge_mode") == _PREPAID:
            return web.json_response({**reply, "order_id": "CS2401161234ABCDE"}, status=202)
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


def _no_instance() -> web.Response:
    """Return the reply about an instance that is not there; regions differ in it."""
    return web.json_response({"instances": [], "total_count": 0})


def _job(plan: Plan, now: float, epoch: datetime) -> dict[str, Any]:
    """Return a job as ShowJobDetail shows it."""
    percent, is_over = plan.percent(now), plan.is_over(now)
    return {
        "id": plan.job_id,
        "name": plan.name,
        "status": plan.status_at(now),
        "created": _wall_time(plan.submitted, epoch),
        # While a job runs, `ended` holds the time of the last step, not of the end.
        "ended": _wall_time(min(now, plan.ends), epoch),
        "progress": "" if percent is None else f"{percent}%",
        "instance": {"id": plan.instance_id, "name": plan.instance_name},
        "fail_reason": plan.fail_reason if is_over else None,
    }


def _task(plan: Plan, now: float, epoch: datetime) -> dict[str, Any]:
    """Return a job as ListTasks shows it: other names for the same fields."""
    job = _job(plan, now, epoch)
    return {
        "id": plan.job_id,
        "name": plan.name.replace("_", ""),
        "status": job["status"],
        "created_at": job["created"],
        "ended_at": job["ended"],
        "progress": job["progress"],
        "instance_id": plan.instance_id,
        "instance_name": plan.instance_name,
        "fail_reason": plan.fail_reason if plan.is_over(now) else "",
    }


def _wall_time(seconds: float, epoch: datetime) -> str:
    """Return a simulated time as DDS writes it: the offset has no colon."""
    return (epoch + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _parse_time(text: str) -> float:
    """Return the Unix time of a time as DDS writes it.

    Raises:
        ValueError: the text has another format.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
