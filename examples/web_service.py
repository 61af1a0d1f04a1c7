"""A web service that waits for jobs, and shows the progress of each.

    python examples/web_service.py

It listens on port 8080, or on the one that PORT names:

    POST /databases/NAME          orders an instance
    GET /databases/NAME           says how far that is
    GET /databases/NAME/events    streams what happens, one JSON record a line, until the end

It uses a simulated DDS on this machine. For a real one, order with your own client, and make the
waiter with `ddswait.Waiter.from_env()`. SIGTERM and Ctrl-C shut the service down at once: the jobs
go on, and nobody waits for them any more.
"""

import json
import os
from collections.abc import AsyncIterator

from aiohttp import web

import ddswait
from ddswait import events
from ddswait.simulator import Simulator

DDS = web.AppKey("DDS", Simulator)
WAITER = web.AppKey("WAITER", ddswait.Waiter)
JOBS = web.AppKey("JOBS", dict[str, ddswait.JobFuture])
routes = web.RouteTableDef()


@routes.post("/databases/{name}")
async def order(request: web.Request) -> web.Response:
    """Order an instance and begin to wait for its job."""
    name = request.match_info["name"]
    job_id = request.app[DDS].add_job(seconds=600, instance_name=name)  # the real order goes here
    request.app[JOBS][name] = request.app[WAITER].track(job_id, label=name)
    return web.json_response({"job_id": job_id}, status=202)


def future_of(request: web.Request) -> ddswait.JobFuture:
    """Return the wait that a request names."""
    future = request.app[JOBS].get(request.match_info["name"])
    if future is None:
        raise web.HTTPNotFound
    return future


@routes.get("/databases/{name}")
async def show(request: web.Request) -> web.Response:
    """Say how far a job is, or how it ended."""
    future = future_of(request)
    outcome = future.outcome or request.app[WAITER].status(future.job_id)
    if outcome is None:
        raise web.HTTPServiceUnavailable
    progress = outcome.job.progress if outcome.job else None
    return web.json_response({"kind": outcome.kind, "progress": progress})


@routes.get("/databases/{name}/events")
async def stream(request: web.Request) -> web.StreamResponse:
    """Send a line for each event, until the wait ends or the client leaves."""
    future = future_of(request)
    response = web.StreamResponse()
    await response.prepare(request)
    if not future.done():
        async for event in request.app[WAITER].events(future.job_id):
            await response.write(line_of(event))
    return response


def line_of(event: events.Event) -> bytes:
    """Return an event as a line of JSON."""
    record: dict[str, object] = {"event": type(event).__name__, "name": event.label}
    match event:
        case events.Progressed(_, job) | events.Visible(_, job):
            record["progress"] = job.progress
        case events.PollFailed(_, cause):
            record["cause"] = cause
        case events.Ended(_, outcome):
            record |= {"kind": outcome.kind, "message": outcome.message}
    return json.dumps(record).encode() + b"\n"


async def waiting(app: web.Application) -> AsyncIterator[None]:
    """Wait for jobs as long as the service runs."""
    async with Simulator(speed=60) as dds:
        app[DDS] = dds
        app[JOBS] = {}
        async with ddswait.Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=ddswait.Token(dds.token),
            interval=1.0,
        ) as waiter:
            app[WAITER] = waiter
            yield


async def stop_waiting(app: web.Application) -> None:
    """Cancel the waits, which ends the streams: else they would go on until the jobs end."""
    await app[WAITER].close()


def application() -> web.Application:
    """Return the service."""
    app = web.Application()
    app.add_routes(routes)
    app.cleanup_ctx.append(waiting)
    app.on_shutdown.append(stop_waiting)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
