"""What DDS answers: handlers of its API, of faults, and of the simulator's own control API."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ddswait.simulator.faults import Fault
from ddswait.simulator.iam import Iam
from ddswait.simulator.jobs import wall
from ddswait.simulator.signatures import CLOCK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ddswait.simulator.server import Simulator

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NO_API = "The API does not exist or has not been published in the environment"
_BAD_TOKEN = "Incorrect IAM authentication information: decrypt token fail"  # noqa: S105 - a message
_NO_PERMISSION = "You do not have permission to perform this operation."
_NO_JOB = "The job does not exist."
_PREPAID = "prePaid"
_MONTH = 30 * 86400
_PAGE = 100


def error(status: int, code: str, message: str) -> web.Response:
    """Return an error as DDS (`DBS.`) or its gateway (`APIGW.`) words it."""
    return web.json_response({"error_code": code, "error_msg": message}, status=status)


def routes(simulator: Simulator) -> list[web.RouteDef]:
    """Return all routes of the simulator."""
    operations = _Operations(simulator)
    control = _Control(simulator)
    iam = Iam(simulator)
    project = "/v3/{project}"
    return [
        web.get(f"{project}/jobs", operations.show_job),
        web.get("/v3.1/{project}/jobs", operations.list_tasks),
        web.get(f"{project}/instances", operations.show_instance),
        web.post(f"{project}/instances", operations.create),
        web.delete(f"{project}/instances/{{instance}}", operations.delete),
        web.post(f"{project}/instances/{{instance}}/{{operation}}", operations.change),
        web.post(f"{project}/backups", operations.back_up),
        web.post("/v3/auth/tokens", iam.make_token),
        web.get("/v3/projects", iam.list_projects),
        web.put("/meta-data/latest/api/token", iam.make_metadata_token),
        web.get("/openstack/latest/securitykey", iam.show_security_key),
        web.post("/_simulator/jobs", control.add_job),
        web.post("/_simulator/faults", control.add_fault),
        web.delete("/_simulator/faults", control.clear_faults),
        web.get("/_simulator/stats", control.stats),
    ]


class _Operations:
    """The API's own paths."""

    _OPERATIONS = frozenset({"restart", "resize", "enlarge-volume", "switchover", "upgrade"})

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def _refusal(self, request: web.Request) -> web.Response | None:
        simulator = self._simulator
        if reason := await simulator.refusal(request):
            told = f"Incorrect IAM authentication information: {reason}"
            return error(401, "APIGW.0303" if reason == CLOCK else "APIGW.0301", told)
        if request.match_info["project"] != simulator.project_id:
            return error(400, "DBS.280408", "Invalid project ID.")
        if simulator.forbids:
            return error(403, "DBS.280032", _NO_PERMISSION)
        return None

    async def show_job(self, request: web.Request) -> web.Response:
        if refusal := await self._refusal(request):
            return refusal
        plan = self._simulator.plans.get(request.query.get("id", ""))
        now = self._simulator.now()
        if plan is None or not plan.is_known(now):
            return error(400, "DBS.200543", _NO_JOB)
        return web.json_response({"job": plan.record(now, self._simulator.epoch)})

    async def show_instance(self, request: web.Request) -> web.Response:
        if refusal := await self._refusal(request):
            return refusal
        instance = self._simulator.instance(request.query.get("id", ""))
        found = [] if instance is None else [instance]
        return web.json_response({"instances": found, "total_count": len(found)})

    async def list_tasks(self, request: web.Request) -> web.Response:
        if refusal := await self._refusal(request):
            return refusal
        simulator, query = self._simulator, request.query
        if not simulator.has_lists:
            return error(404, "APIGW.0101", NO_API)
        if not simulator.may_list:
            return error(403, "DBS.280032", _NO_PERMISSION)
        try:
            begin, end = (_second(query[name]) for name in ("start_time", "end_time"))
            offset, limit = int(query.get("offset", "0")), int(query.get("limit", "100"))
        except (KeyError, ValueError):
            return error(400, "DBS.200001", "Parameter error.")
        if not (0 < end - begin <= _MONTH and 1 <= limit <= _PAGE and offset >= 0):
            return error(400, "DBS.200001", "Parameter error.")
        now, epoch = simulator.now() - simulator.list_lag, simulator.epoch
        records = [
            plan.task(now, epoch)
            for plan in reversed(simulator.plans.values())
            if plan.is_known(now) and begin <= epoch.timestamp() + plan.submitted <= end
        ]
        wanted = {name: query[name] for name in ("status", "id", "name") if name in query}
        found = [task for task in records if wanted.items() <= task.items()]
        page = found[offset : offset + limit]
        return web.json_response({"jobs": page, "total_count": len(found)})

    async def create(self, request: web.Request) -> web.Response:
        if refusal := await self._refusal(request):
            return refusal
        order = await _read(request)
        name = order.get("name")
        if not isinstance(name, str) or not name:
            return error(400, "DBS.200001", "Parameter error: name.")
        simulator = self._simulator
        instance_id = f"{simulator.new_id()}in02"
        answer: dict[str, Any] = {
            "id": instance_id,
            "name": name,
            "datastore": order.get("datastore"),
            "created": wall(simulator.now(), simulator.epoch),
            "status": "creating",
            "mode": order.get("mode", "ReplicaSet"),
        }
        if (order.get("charge_info") or {}).get("charge_mode") == _PREPAID:
            return web.json_response({**answer, "order_id": "CS2401161234ABCDE"}, status=202)
        job_id = simulator.add_job(instance_id=instance_id, instance_name=name)
        return web.json_response({**answer, "job_id": job_id}, status=202)

    async def change(self, request: web.Request) -> web.Response:
        operation = request.match_info["operation"]
        if operation not in self._OPERATIONS:
            raise web.HTTPNotFound
        name = "".join(part.capitalize() for part in operation.split("-"))
        return await self._start(request, f"{name}_MongoDB")

    async def back_up(self, request: web.Request) -> web.Response:
        return await self._start(request, "Create_Backup")

    async def delete(self, request: web.Request) -> web.Response:
        return await self._start(request, "Delete_MongoDB", vanishes=True)

    async def _start(
        self, request: web.Request, name: str, *, vanishes: bool = False
    ) -> web.Response:
        if refusal := await self._refusal(request):
            return refusal
        instance_id = request.match_info.get("instance")
        job_id = self._simulator.add_job(name=name, instance_id=instance_id, vanishes=vanishes)
        return web.json_response({"job_id": job_id}, status=202)


class _Control:
    """The simulator's own paths; they need no token.

    - `POST /_simulator/jobs`: submit a job; the fields are the arguments of `Simulator.add_job`.
    - `POST /_simulator/faults`: the fields are those of `faults.Fault`.
    - `DELETE /_simulator/faults`: let everything go well again.
    - `GET /_simulator/stats`: replies by HTTP status, and the simulated time.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def add_job(self, request: web.Request) -> web.Response:
        try:
            job_id = self._simulator.add_job(**await _read(request))
        except TypeError as mistake:
            return error(400, "SIM.0001", str(mistake))
        return web.json_response({"job_id": job_id}, status=201)

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = Fault.from_json(await _read(request))
        except ValueError as mistake:
            return error(400, "SIM.0001", str(mistake))
        details = {name: getattr(fault, name) for name in fault.__slots__ if name != "kind"}
        self._simulator.inject(fault.kind, **details)
        return web.json_response({}, status=201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._simulator.clear_faults()
        return web.json_response({})

    async def stats(self, _: web.Request) -> web.Response:
        statuses = {str(status): count for status, count in self._simulator.statuses.items()}
        return web.json_response({"now": self._simulator.now(), "statuses": statuses})


def _second(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()


def refusing(message: str) -> Handler:
    """Return what answers as the gateway does when there were too many requests."""

    async def refuse(_: web.Request) -> web.Response:
        return error(429, "APIGW.0308", message)

    return refuse


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.text() or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise web.HTTPBadRequest(text="the body is no JSON object")
    return document


async def go_wrong(request: web.Request, fault: Fault, handler: Handler) -> web.StreamResponse:
    """Answer a request as the fault wants it."""
    if fault.kind in {"reset", "garbage", "truncated"}:
        return _break_off(request, fault.kind)
    if fault.kind == "stall":
        await asyncio.sleep(fault.seconds)
        return await handler(request)
    reply = _WRONG[fault.kind](fault)
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = fault.retry_after
    return reply


def _throttle(fault: Fault) -> web.Response:
    if not fault.limit:
        return error(429, "DBS.280443", "The maximum number of connections has been reached.")
    return error(429, "APIGW.0308", f"The throttling threshold has been reached: {fault.limit}")


_WRONG: dict[str, Callable[[Fault], web.Response]] = {
    "throttle": _throttle,
    "error": lambda fault: error(fault.status, "DBS.280005", "Server error. Try again later."),
    "not_json": lambda _: web.Response(text="<html>A proxy</html>", content_type="text/html"),
    "no_job": lambda _: web.json_response({"weather": "fine"}),
    "redirect": lambda fault: web.Response(status=302, headers={"Location": fault.location}),
    "unauthorized": lambda _: error(401, "APIGW.0301", _BAD_TOKEN),
    "forbidden": lambda _: error(403, "DBS.280032", _NO_PERMISSION),
    "unknown": lambda _: error(400, "DBS.200543", _NO_JOB),
}


def _break_off(request: web.Request, kind: str) -> web.Response:
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the request came over it
    if kind == "garbage":
        transport.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    elif kind == "truncated":
        transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"job": {"id": "')
    if kind == "reset":
        transport.abort()
    transport.close()
    return web.Response()
