"""IAM: tokens by password, and projects.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication" and "Querying
Project Information".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ddswait.simulator.reading import as_signed

if TYPE_CHECKING:
    from ddswait.simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Return the paths of IAM."""
    iam = _Iam(world)
    return [
        web.post("/v3/auth/tokens", iam.make_token),
        web.get("/v3/projects", iam.list_projects),
    ]


class _Login(NamedTuple):
    user: str
    password: str
    domain: str
    scope: dict[str, Any]


class _Iam:
    """One handler for each path."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def make_token(self, request: web.Request) -> web.Response:
        world = self._world
        try:
            login = _read_login(await request.text())
            projects = self._projects(login)
        except (ValueError, KeyError, TypeError):
            return _error(400, "Bad Request", "The request body is invalid")
        if login[:3] != (world.user, world.password, world.domain):
            return _error(401, "Unauthorized", "The username or password is wrong.")
        if len(projects) != 1:
            return _error(401, "Unauthorized", "The project is not found.")
        token, expires_at = world.issue_token()
        [(project_id, name)] = projects
        shown: dict[str, Any] = {
            "expires_at": expires_at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "project": {"id": project_id, "name": name},
            "methods": ["password"],
        }
        if "nocatalog" not in request.query:
            shown["catalog"] = self._catalog(project_id)
        headers = {"X-Subject-Token": token}
        return web.json_response({"token": shown}, status=201, headers=headers)

    def _projects(self, login: _Login) -> list[tuple[str, str]]:
        """Return ID and name of each project that a scope can mean.

        Raises:
            KeyError: as Keystone, it wants the domain of a project beside its name.
        """
        projects = self._world.projects.items()
        if "id" in login.scope:
            return [each for each in projects if each[0] == login.scope["id"]]
        if login.scope["domain"]["name"] != self._world.domain:
            return []
        return [each for each in projects if each[1] == login.scope["name"]]

    def _catalog(self, project_id: str) -> list[dict[str, Any]]:
        endpoint = {
            "interface": "public",
            "region": self._world.region,
            "url": f"{self._world.address}/v3/{project_id}",
        }
        return [{"type": "ddsv3", "name": "dds", "endpoints": [endpoint]}]

    async def list_projects(self, request: web.Request) -> web.Response:
        if reason := self._world.refusal(await as_signed(request)):
            return _error(401, "Unauthorized", reason)
        wanted = request.query.get("name")
        projects = [
            {"id": project_id, "name": name, "enabled": True}
            for project_id, name in self._world.projects.items()
            if wanted in {None, name}
        ]
        return web.json_response({"projects": projects, "links": {}})


def _read_login(text: str) -> _Login:
    """Read a request for a token.

    Raises:
        ValueError: it is not JSON, or the method is not `password`.
        KeyError: a field is missing.
        TypeError: a field has a wrong type.
    """
    auth = json.loads(text)["auth"]
    if "password" not in auth["identity"]["methods"]:
        raise ValueError("the method is not password")
    user = auth["identity"]["password"]["user"]
    project = auth["scope"]["project"]
    return _Login(user["name"], user["password"], user["domain"]["name"], project)


def _error(status: int, title: str, message: str) -> web.Response:
    """Return an error as Keystone words it."""
    error = {"error": {"code": status, "message": message, "title": title}}
    return web.json_response(error, status=status)
