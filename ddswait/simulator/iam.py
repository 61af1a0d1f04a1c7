"""What IAM answers: tokens for a user's name and password.

Source: IAM API reference, "Obtaining a User Token Through Password Authentication".
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from ddswait.simulator.server import Simulator


class Iam:
    """Hands out tokens that end."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def make_token(self, request: web.Request) -> web.Response:
        """`POST /v3/auth/tokens`."""
        simulator = self._simulator
        try:
            auth = json.loads(await request.text())["auth"]
            user = auth["identity"]["password"]["user"]
            given = (user["name"], user["password"], user["domain"]["name"])
            project: dict[str, Any] = auth["scope"]["project"]
        except (ValueError, KeyError, TypeError):
            return _error(400, "Bad Request", "The request body is invalid")
        if given != (simulator.user, simulator.password, simulator.domain):
            return _error(401, "Unauthorized", "The username or password is wrong.")
        if project not in ({"id": simulator.project_id}, {"name": simulator.region}):
            return _error(401, "Unauthorized", "The project is not found.")
        token = f"token-{simulator.new_id()}"
        simulator.accepted_tokens[token] = simulator.now() + simulator.token_seconds
        ends = simulator.present() + timedelta(seconds=simulator.token_seconds)
        body = {
            "token": {
                "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
                "project": {"id": simulator.project_id, "name": simulator.region},
                "methods": ["password"],
            }
        }
        return web.json_response(body, status=201, headers={"X-Subject-Token": token})


def _error(status: int, title: str, message: str) -> web.Response:
    error = {"error": {"code": status, "message": message, "title": title}}
    return web.json_response(error, status=status)
