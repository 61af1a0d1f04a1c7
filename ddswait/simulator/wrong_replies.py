"""What each kind of fault does to a request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from ddswait.simulator import errors
from ddswait.simulator.services import api_at

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from ddswait.simulator.faults import Break, Fault, WrongReply


_TRUNCATED = b'HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"job": {"id": "'


async def go_wrong(request: web.Request, fault: Fault, handler: Handler) -> web.StreamResponse:
    """Reply to a request as the fault says, where `handler` would reply without it."""
    match fault.kind:
        case "stall":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        case "reset" | "garbage" | "truncated":
            return _break_off(request, fault.kind)
        case _:
            reply = _wrong_reply(fault, fault.kind, request.path)
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = fault.retry_after
    return reply


def _wrong_reply(fault: Fault, kind: WrongReply, path: str) -> web.Response:
    match kind:
        case "throttle":
            reply = _throttle(fault.limit)
        case "error":
            reply = errors.error(fault.status, fault.code, fault.message)
        case "not_json":
            reply = web.Response(text="<html>A proxy</html>", content_type="text/html")
        case "no_job":
            reply = web.json_response({"status": "fine"})
        case "redirect":
            reply = web.Response(status=302, headers={"Location": fault.location})
        case "unauthorized":
            reply = errors.bad_token("decrypt token fail")
        case "forbidden":
            reply = errors.no_permission()
        case "unknown":
            api = api_at(path)
            reply = errors.no_job(api.unknown_job, api.empty)
    return reply


def _throttle(limit: str) -> web.Response:
    if not limit:
        return errors.error(
            429, "DBS.280443", "The maximum number of connections has been reached."
        )
    return errors.throttled(f"The throttling threshold has been reached: {limit}")


def _break_off(request: web.Request, kind: Break) -> web.Response:
    """Send something other than a whole HTTP reply, and close the connection."""
    if (transport := request.transport) is not None:
        match kind:
            case "reset":
                transport.abort()
            case "garbage":
                transport.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
            case "truncated":
                transport.write(_TRUNCATED)
        transport.close()
    return web.Response()
