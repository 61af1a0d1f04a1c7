"""The simulator's HTTP server: the routes of all services, and what every request goes through."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Self

from aiohttp import web

from ddswait.simulator import control, errors, iam, metadata, operations
from ddswait.simulator.services import SERVICES, USUAL
from ddswait.simulator.world import Exchange, World
from ddswait.simulator.wrong_replies import go_wrong

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

    from aiohttp.typedefs import Handler, Middleware

_BACKLOG = 4096  # a thousand clients may connect at once


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


@dataclass(kw_only=True, eq=False, repr=False)
class Simulator(World):
    """A simulated cloud that is served over HTTP; used as `async with`.

    Everything that happens in it is a method or an attribute of `World`.

    Attributes:
        time: the clock that drives the simulation; the event loop's by default.
        host: the address to listen on.
        port: the port to listen on; 0 picks a free port.
        tls: serves https with this context; None serves http.
    """

    time: Callable[[], float] = _loop_time
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        self.start()
        self._runner = web.AppRunner(make_app(self), access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, self.host, self.port, backlog=_BACKLOG, ssl_context=self.tls
        )
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http{'s' if self.tls else ''}://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()


def make_app(world: World) -> web.Application:
    """Return aiohttp's application for a world."""
    app = web.Application(middlewares=[_middleware(world)])
    app.on_response_prepare.append(partial(_send_as_the_gateway, world))
    for part in (iam, metadata, control):
        app.add_routes(part.routes(world))
    app.add_routes(operations.routes(world, SERVICES[USUAL], ""))
    for name, api in SERVICES.items():
        app.add_routes(operations.routes(world, api, f"/{name}"))
        app.add_routes(control.routes(world, name))
    return app


def _middleware(world: World) -> Middleware:
    @web.middleware
    async def process(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a limit, a fault or the handler reply; then set the headers and log the request."""
        if control.PREFIX in request.path:
            return await handler(request)
        job_id = _id_in(request)
        if job_id is not None:
            world.polls[job_id] += 1
        reply = await _reply(world, request, handler)
        if not reply.prepared:
            _stamp(reply, world)
        world.log(Exchange(world.now(), request.method, request.path, job_id, reply.status))
        return reply

    return process


def _id_in(request: web.Request) -> str | None:
    """Return the ID of the job or instance that a request is about."""
    return request.match_info.get("job", request.query.get("id"))


async def _reply(world: World, request: web.Request, handler: Handler) -> web.StreamResponse:
    # A refused request uses up a fault as well: it is one of the next requests.
    fault = world.faults.take(_id_in(request), request.path)
    if message := world.throttled():
        return errors.throttled(message)
    try:
        return await (go_wrong(request, fault, handler) if fault else handler(request))
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return errors.no_api()


def _stamp(reply: web.StreamResponse, world: World) -> None:
    """Set the headers that every reply has."""
    request_id = world.new_id()
    reply.headers["X-Request-Id"] = request_id
    if isinstance(reply, errors.GatewayError):
        reply.write_body(request_id, world.dialect)
    reply.headers["Date"] = _http_date(world.present())
    wait = reply.headers.get("Retry-After", "")
    if world.dialect.retry_after_is_date and wait.isdecimal():
        reply.headers["Retry-After"] = _http_date(world.present() + timedelta(seconds=int(wait)))


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


async def _send_as_the_gateway(
    world: World, request: web.Request, reply: web.StreamResponse
) -> None:
    """Leave out or respell headers, those of the HTTP library as well."""
    if control.PREFIX in request.path:
        return
    headers = world.dialect.as_headers(list(reply.headers.items()))
    reply.headers.clear()
    reply.headers.extend(headers)
