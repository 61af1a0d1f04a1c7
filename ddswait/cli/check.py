"""`ddswait --check`: what would be used, and whether it is accepted."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

from ddswait import api
from ddswait.auth import AccessKey
from ddswait.cli import options
from ddswait.cli.output import safe
from ddswait.client import Client
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal

if TYPE_CHECKING:
    import argparse

    from ddswait.credentials import Found

_NO_JOB = "ddswait-check"  # no job has this ID: "not known" is the answer of who accepts us
_PATIENCE = 30.0


def run(target: tuple[str, str, Found], arguments: argparse.Namespace) -> int:
    """Show what is used, send one question, and return 0, 4 or 5."""
    endpoint, project_id, found = target
    try:
        endpoint = api.check_endpoint(endpoint, insecure_http=arguments.insecure_http)
        api.check_project_id(project_id)
    except ConfigurationError as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    shown = found.key.access_key if isinstance(found.key, AccessKey) else "a token"
    sys.stdout.write(
        f"credentials  {found.source} ({_masked(shown)})\n"
        f"endpoint     {endpoint}\n"
        f"project      {project_id}\n"
    )
    reply = asyncio.run(_ask(endpoint, project_id, found))
    if isinstance(reply, Refusal):
        sys.stdout.write(f"refused      {safe(str(reply))}\n")
        return 4
    if isinstance(reply, api.Fault | api.Throttled):
        sys.stdout.write(f"no answer    {safe(reply.cause)}\n")
        return 5
    sys.stdout.write("accepted\n")
    return 0


async def _ask(endpoint: str, project_id: str, found: Found) -> api.Reply:
    client = Client(1, api.HEADERS, found.key)
    request = api.show_job(endpoint, project_id, _NO_JOB)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await client.send(request, partial(api.read_show_job, _NO_JOB))
    except TimeoutError:
        return api.Fault(f"no answer within {_PATIENCE:.0f} s")
    finally:
        await client.close()


def _masked(name: str) -> str:
    return f"{name[:4]}...{name[-2:]}" if len(name) > 8 else name  # noqa: PLR2004
