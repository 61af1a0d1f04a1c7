"""What IAM answers, and the metadata service of an ECS: tokens, projects, temporary keys.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication" and "Querying
Project Information"; ECS user guide, "Obtaining Metadata".
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from ddswait.simulator.server import Simulator


class Iam:
    """Hands out tokens and keys that end."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def make_token(self, request: web.Request) -> web.Response:
        """`POST /v3/auth/tokens`."""
        simulator = self._simulator
        try:
            auth = json.loads(await request.text())["auth"]
            by_password = "password" in auth["identity"]["methods"]
            user = auth["identity"]["password"]["user"]
            given = (user["name"], user["password"], user["domain"]["name"])
            projects = self._projects(auth["scope"]["project"])
        except (ValueError, KeyError, TypeError):
            return _error(400, "Bad Request", "The request body is invalid")
        if not by_password:
            return _error(400, "Bad Request", "The request body is invalid")
        if given != (simulator.user, simulator.password, simulator.domain):
            return _error(401, "Unauthorized", "The username or password is wrong.")
        if len(projects) != 1:
            return _error(401, "Unauthorized", "The project is not found.")
        token = f"token-{simulator.new_id()}"
        simulator.accepted_tokens[token] = simulator.now() + simulator.token_seconds
        ends = simulator.present() + timedelta(seconds=simulator.token_seconds)
        [(project_id, name)] = projects
        told: dict[str, Any] = {
            "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "project": {"id": project_id, "name": name},
            "methods": ["password"],
        }
        if "nocatalog" not in request.query:
            told["catalog"] = self._catalog(project_id)
        body = {"token": told}
        return web.json_response(body, status=201, headers={"X-Subject-Token": token})

    def _projects(self, scope: dict[str, str]) -> list[tuple[str, str]]:
        """Return ID and name of the projects that a scope may mean."""
        which, wanted = (0, scope["id"]) if "id" in scope else (1, scope["name"])
        return [each for each in self._simulator.projects.items() if each[which] == wanted]

    def _catalog(self, project_id: str) -> list[dict[str, Any]]:
        simulator = self._simulator
        endpoint = {
            "interface": "public",
            "region": simulator.region,
            "url": f"{simulator.endpoint}/v3/{project_id}",
        }
        return [{"type": "ddsv3", "name": "dds", "endpoints": [endpoint]}]

    async def list_projects(self, request: web.Request) -> web.Response:
        """`GET /v3/projects`."""
        simulator = self._simulator
        if reason := await simulator.refusal(request):
            return _error(401, "Unauthorized", reason)
        name = request.query.get("name")
        projects = [
            {"id": project_id, "name": its_name, "enabled": True}
            for project_id, its_name in simulator.projects.items()
            if name in {None, its_name}
        ]
        return web.json_response({"projects": projects, "links": {}})

    async def make_metadata_token(self, request: web.Request) -> web.Response:
        """`PUT /meta-data/latest/api/token`."""
        if not self._simulator.metadata_token:
            return web.Response(status=404)
        if not request.headers.get("X-Metadata-Token-Ttl-Seconds", "").isdecimal():
            return web.Response(status=400)
        return web.Response(text=self._simulator.metadata_token)

    async def show_security_key(self, request: web.Request) -> web.Response:
        """`GET /openstack/latest/securitykey`."""
        simulator = self._simulator
        if request.headers.get("X-Metadata-Token", "") != simulator.metadata_token:
            return web.Response(status=401)
        if not simulator.has_agency:
            return web.Response(status=404)
        access, secret, token = (f"{part}{simulator.new_id()}" for part in ("STS", "sk-", "st-"))
        simulator.keys.add(access, secret, token, until=simulator.now() + simulator.key_seconds)
        ends = simulator.present() + timedelta(seconds=simulator.key_seconds)
        credential = {
            "access": access,
            "secret": secret,
            "securitytoken": token,
            "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        }
        return web.json_response({"credential": credential})


def _error(status: int, title: str, message: str) -> web.Response:
    error = {"error": {"code": status, "message": message, "title": title}}
    return web.json_response(error, status=status)
