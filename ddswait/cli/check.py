"""`ddswait --check`: what would be used, and whether it is accepted."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ddswait import api, iam
from ddswait.auth import AccessKey, Key, Lease, Nobody, Password, Token
from ddswait.cli import options
from ddswait.cli.output import safe
from ddswait.client import Client
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from ddswait.credentials import Found

_Read = TypeVar("_Read")
_NO_JOB = "ddswait-check"  # no job has this ID: "not known" is the answer of who accepts us
_PATIENCE = 30.0


def run(target: tuple[str, str, Found], arguments: argparse.Namespace) -> int:
    """Show what is used, send one question, and return 0, 4 or 5."""
    endpoint, project_id, found = target
    try:
        endpoint = api.check_endpoint(endpoint, insecure_http=arguments.insecure_http)
        if project_id or not isinstance(found.key, Password):
            api.check_project_id(project_id)
        if isinstance(found.key, Password):
            api.check_endpoint(found.key.iam_endpoint, insecure_http=arguments.insecure_http)
    except ConfigurationError as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    sys.stdout.write(
        f"credentials  {found.source} ({_shown(found.key)})\n"
        f"endpoint     {endpoint}\n"
        f"project      {project_id or 'of the token'}\n"
    )
    reply = asyncio.run(_ask(endpoint, project_id, found.key))
    if isinstance(reply, Refusal):
        mend = f"; {reply.mend}" if reply.mend else ""
        sys.stdout.write(f"refused      {safe(str(reply))}{mend}\n")
        return 4
    if isinstance(reply, api.Fault | api.Throttled):
        sys.stdout.write(f"no answer    {safe(reply.cause)}\n")
        return 5
    sys.stdout.write("accepted\n")
    return 0


async def _ask(endpoint: str, project_id: str, key: Token | AccessKey | Password) -> api.Reply:
    try:
        async with asyncio.timeout(_PATIENCE):
            if isinstance(key, Password):
                lease = await _send(Nobody(), iam.token_request(key), iam.read_token)
                if not isinstance(lease, Lease):
                    return lease
                project_id = project_id or lease.project_id
                return await _show_job(endpoint, project_id, lease.key)
            return await _show_job(endpoint, project_id, key)
    except TimeoutError:
        return api.Fault(f"no answer within {_PATIENCE:.0f} s")


async def _show_job(endpoint: str, project_id: str, key: Key) -> api.Reply:
    request = api.show_job(endpoint, project_id, _NO_JOB)
    return await _send(key, request, partial(api.read_show_job, _NO_JOB))


async def _send(
    key: Key, request: api.Request, read: Callable[[int, Mapping[str, str], bytes], _Read]
) -> _Read | api.Fault:
    client = Client(1, api.HEADERS, key)
    try:
        return await client.send(request, read)
    finally:
        await client.close()


def _shown(key: Token | AccessKey | Password) -> str:
    if isinstance(key, Password):
        return f"user {safe(key.user)} at {key.iam_endpoint}"
    if isinstance(key, AccessKey):
        name = key.access_key
        return f"{name[:4]}...{name[-2:]}" if len(name) > 8 else name  # noqa: PLR2004
    return "a token"
