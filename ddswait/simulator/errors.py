"""Errors, as the services and the gateway before them word them.

Sources: "Error Codes" of the DDS API reference, and bodies captured from live services.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.simulator.dialect import Dialect

_OK = 200
_PERMISSION = "You do not have permission to perform this operation."
_NO_INSTANCE = "The DB instance does not exist."


class GatewayError(web.Response):
    """An error of the gateway, whose body repeats the request ID of its header."""

    def __init__(self, status: int, number: str, message: str) -> None:
        super().__init__(status=status, content_type="application/json")
        self._number, self._message = number, message

    def write_body(self, request_id: str, dialect: Dialect) -> None:
        """Write the body, which is not known before."""
        document = {
            "error_msg": self._message,
            "error_code": f"{dialect.gateway}.{self._number}",
            "request_id": request_id,
        }
        self.text = json.dumps(document)


def error(status: int, code: str, message: str) -> web.Response:
    """Return an error of DDS."""
    return web.json_response({"error_code": code, "error_msg": message}, status=status)


def bad_token(reason: str) -> web.Response:
    """Return the gateway's refusal of a token or signature."""
    return GatewayError(401, "0301", f"Incorrect IAM authentication information: {reason}")


def no_permission() -> web.Response:
    """Return the refusal of a user who lacks a permission."""
    return error(403, "DBS.280032", _PERMISSION)


def no_job(status: int, empty: Mapping[str, Any]) -> web.Response:
    """Return the reply about a job ID that is unknown; with status 200, it is `empty`."""
    if status == _OK:
        return web.json_response(empty)
    return error(status, "DBS.200543", "The job does not exist.")


def no_instance(dialect: Dialect) -> web.Response:
    """Return the error about an instance that is not there, in regions that have one."""
    return error(dialect.missing_instance, dialect.missing_instance_code, _NO_INSTANCE)


def refused_instance(code: str) -> web.Response:
    """Return the refusal of a request about one instance."""
    return error(403, code, _NO_INSTANCE if code == "DBS.201028" else _PERMISSION)


def no_api() -> web.Response:
    """Return the gateway's reply to a path that is not there."""
    message = "The API does not exist or has not been published in the environment"
    return GatewayError(404, "0101", message)


def throttled(message: str) -> web.Response:
    """Return the gateway's reply to a request that exceeds a limit."""
    return GatewayError(429, "0308", message)


def bad_parameter(name: str = "") -> web.Response:
    """Return the refusal of a request that DDS does not understand."""
    return error(400, "DBS.200001", f"Parameter error{name and f': {name}'}.")
