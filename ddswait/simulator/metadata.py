"""The metadata service of an ECS, which issues temporary access keys.

Source: ECS user guide, "Obtaining Metadata".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from ddswait.simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Return the paths of the metadata service."""
    metadata = _Metadata(world)
    return [
        web.put("/meta-data/latest/api/token", metadata.make_token),
        web.get("/openstack/latest/securitykey", metadata.show_security_key),
    ]


class _Metadata:
    """One handler for each path."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def make_token(self, request: web.Request) -> web.Response:
        if not self._world.metadata_token:
            return web.Response(status=404)
        if not request.headers.get("X-Metadata-Token-Ttl-Seconds", "").isdecimal():
            return web.Response(status=400)
        return web.Response(text=self._world.metadata_token)

    async def show_security_key(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Metadata-Token", "") != self._world.metadata_token:
            return web.Response(status=401)
        if not self._world.has_agency:
            return web.Response(status=404)
        key = self._world.issue_key()
        credential = {
            "access": key.access_key,
            "secret": key.secret_key,
            "securitytoken": key.security_token,
            "expires_at": key.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        }
        return web.json_response({"credential": credential})
