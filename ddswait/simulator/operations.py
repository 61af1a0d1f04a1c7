"""The paths of the services, which differ by their `Api`."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ddswait.simulator import errors
from ddswait.simulator.api import INSTANCES
from ddswait.simulator.paging import facts
from ddswait.simulator.reading import as_signed, read_json
from ddswait.simulator.views import utc, view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp.typedefs import Handler

    from ddswait.simulator.api import Api, Operation
    from ddswait.simulator.jobs import Plan
    from ddswait.simulator.paging import Wanted
    from ddswait.simulator.views import JobView
    from ddswait.simulator.world import World

_OK = 200
_PREPAID = "prePaid"
_ORDER = "CS2401161234ABCDE"


def routes(world: World, api: Api, prefix: str) -> list[web.RouteDef]:
    """Return the paths of a service, below a prefix."""
    handlers = _Operations(world, api)
    check = handlers.checked
    job_path, list_path = f"{prefix}{api.job_path}", f"{prefix}{api.list_path}"
    has_own_path = job_path != list_path
    return [
        *([web.get(job_path, check(handlers.show_job))] if has_own_path else []),
        web.get(list_path, check(handlers.list_tasks)),
        web.get(f"{prefix}{INSTANCES}", check(handlers.show_instance)),
        web.post(f"{prefix}{INSTANCES}", check(handlers.create)),
        *(
            web.route(each.method, f"{prefix}{each.path}", check(partial(handlers.start, each)))
            for each in api.operations
        ),
    ]


class _Operations:
    """One handler for each path."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._api = api

    def checked(self, handler: Handler) -> Handler:
        """Return a handler that refuses what services refuse; the given one does the rest."""

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

    # ---- jobs

    async def show_job(self, request: web.Request) -> web.Response:
        world = self._world
        plan = world.plan(request.match_info.get("job") or request.query.get("id", ""))
        if plan is None or plan.service != self._api.name or not plan.is_known(world.now()):
            return self._no_job()
        return web.json_response({"job": self._api.job(self._view(plan, world.now()))})

    def _no_job(self) -> web.Response:
        status = self._world.dialect.unknown_job or self._api.unknown_job
        return errors.no_job(status, self._api.empty)

    def _view(self, plan: Plan, now: float) -> JobView:
        return view(plan, now, self._world.wall_time, self._world.dialect)

    async def list_tasks(self, request: web.Request) -> web.Response:
        world, api = self._world, self._api
        if not world.has_lists:
            return errors.no_api()
        if not world.may_list:
            return errors.no_permission()
        try:
            wanted = api.paging.wanted(request.query, world.present().timestamp())
        except (OverflowError, ValueError):
            return errors.bad_parameter()
        # Where one job is a list of one, its poll is as fresh as that of other services.
        is_poll = api.job_path == api.list_path and "id" in request.query
        seen_at = world.now() - (0.0 if is_poll else world.list_lag)
        found = self._found(wanted, seen_at)
        if is_poll and not found:
            return self._no_job()
        page = found[wanted.offset : wanted.offset + wanted.limit]
        shown = [api.task(self._view(each, seen_at), self._status(each)) for each in page]
        return web.json_response({api.list_key: shown, **api.list_extra, api.total_key: len(found)})

    def _found(self, wanted: Wanted, seen_at: float) -> list[Plan]:
        """Return the jobs that are asked for, newest first."""
        wall_time, name = self._world.wall_time, self._api.name
        asked = wanted.facts.items()
        return [
            plan
            for plan in self._candidates(wanted)
            if plan.service == name
            and plan.is_known(seen_at)
            and wanted.begin <= wall_time(plan.submitted).timestamp() <= wanted.end
            and asked <= facts(plan, seen_at).items()
        ]

    def _candidates(self, wanted: Wanted) -> Iterable[Plan]:
        if "id" not in wanted.facts:
            return reversed(self._world.plans.values())
        plan = self._world.plans.get(wanted.facts["id"])
        return [] if plan is None else [plan]

    def _status(self, plan: Plan) -> str:
        """Return the status of a job's instance; "" if it is not there."""
        instance = self._world.instance(plan.instance_id, plan.service)
        if instance is None:
            return ""
        return str(self._api.instance_words(instance.status, instance.actions)["status"])

    # ---- instances

    async def show_instance(self, request: web.Request) -> web.Response:
        world, instance_id = self._world, request.query.get("id", "")
        if code := world.refused_instances.get(instance_id):
            return errors.refused_instance(code)
        instance = world.instance(instance_id, self._api.name)
        if instance is None and world.dialect.missing_instance != _OK:
            return errors.no_instance(world.dialect)
        shown = []
        if world.dialect.lists_another:
            shown.append(self._instance("another", "another", "normal", []))
        if instance is not None:
            shown.append(self._instance(*instance))
        return web.json_response({"instances": shown, "total_count": len(shown)})

    def _instance(
        self, instance_id: str, name: str, status: str, actions: list[str]
    ) -> dict[str, Any]:
        words = self._api.instance_words(status, actions)
        as_id, as_word = self._world.dialect.as_id, self._world.dialect.as_word
        return {
            "id": as_id(instance_id),
            "name": name,
            **words,
            "status": as_word(words["status"]),
        }

    # ---- requests that start jobs

    async def create(self, request: web.Request) -> web.Response:
        try:
            order = await read_json(request)
        except ValueError:
            return errors.bad_parameter()
        name, datastore = order.get("name"), order.get("datastore")
        if not isinstance(name, str) or not name:
            return errors.bad_parameter("name")
        world, api = self._world, self._api
        kind = datastore.get("type") if isinstance(datastore, dict) else ""
        instance_id = f"{world.new_id()}{api.suffix(str(kind))}"
        instance = {
            "id": instance_id,
            "name": name,
            "datastore": datastore,
            "created": utc(world.present()),
            "status": api.instance_words("creating", [])["status"],
            "mode": order.get("mode", "ReplicaSet"),
        }
        reply: dict[str, Any] = {"instance": instance} if api.nests else instance
        add_job = partial(
            world.add_job, instance_id=instance_id, instance_name=name, service=api.name
        )
        if (order.get("charge_info") or {}).get("charge_mode") == _PREPAID:
            # The API shows no task of an order, but the instance is created all the same.
            add_job(visible_after=inf)
            empty = {"job_id": ""} if world.dialect.has_empty_job_id else {}
            return web.json_response({**reply, **empty, "order_id": _ORDER}, status=202)
        return web.json_response({**reply, "job_id": add_job()}, status=202)

    async def start(self, operation: Operation, request: web.Request) -> web.Response:
        try:
            count = await _count(operation, request)
        except ValueError:
            return errors.bad_parameter(operation.list_key)
        job_ids = [
            self._world.add_job(
                name=operation.task,
                instance_id=request.match_info.get("instance"),
                vanishes=operation.vanishes,
                service=self._api.name,
            )
            for _ in range(count)
        ]
        return web.json_response({operation.key: ",".join(job_ids)}, status=202)


async def _count(operation: Operation, request: web.Request) -> int:
    """Return how many jobs a request starts.

    Raises:
        ValueError: the list that says so is missing or empty.
    """
    if not operation.list_key:
        return 1
    items = (await read_json(request)).get(operation.list_key)
    if not isinstance(items, list) or not items:
        raise ValueError(f"no list {operation.list_key!r}")
    return len(items)
