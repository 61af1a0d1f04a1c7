"""Reads requests for the handlers of all services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddswait.simulator.signatures import Signed

if TYPE_CHECKING:
    from aiohttp import web


async def read_json(request: web.Request) -> dict[str, Any]:
    """Return the body of a request; an empty body counts as an empty object.

    Raises:
        ValueError: the body is not a JSON object.
    """
    try:
        document = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise ValueError(f"the body is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("the body is not a JSON object")  # noqa: TRY004 - as bad JSON
    return document


async def as_signed(request: web.Request) -> Signed:
    """Return a request as its signer saw it: path and query without any decoding."""
    path, _, query = request.raw_path.partition("?")
    return Signed(request.method, path, query, request.headers, await request.read())
