"""`ddswait --check`: what would be used, and whether it is accepted."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

from ddswait.cli import options
from ddswait.cli.output.escaping import safe
from ddswait.credentials.iam import Password, ProjectByName
from ddswait.credentials.keys import AccessKey
from ddswait.credentials.metadata import EcsMetadata
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.runtime.client import Client
from ddswait.scheduler.actions import Renewed
from ddswait.service import dds as api

if TYPE_CHECKING:
    import argparse

    from ddswait.credentials.chain import Target
    from ddswait.credentials.keys import CredentialProvider, Key

_PATIENCE = 30.0


def run(target: Target, arguments: argparse.Namespace) -> int:
    """Show what is used, send one question, and return 0, 4 or 5."""
    try:
        client = Client(
            target.endpoint,
            target.project_id,
            target.found.key,
            connections=1,
            insecure_http=arguments.insecure_http,
            ca_file=target.ca_file,
        )
    except ConfigurationError as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    _show("credentials", f"{target.found.source} ({_shown(target.found.key)})")
    _show("region", target.region or "not named")
    _show("endpoint", client.endpoint)
    if iam := getattr(target.found.key, "iam_endpoint", ""):
        _show("IAM", iam)
    if target.ca_file:
        _show("CA file", target.ca_file)
    if target.project_id:
        _show("project", target.project_id)
    reply = asyncio.run(_ask(client))
    if not target.project_id:
        _show("project", client.project_id or "unknown")
    return _tell(reply)


def _tell(reply: api.Reply) -> int:
    if isinstance(reply, Refusal) and not _is_about_the_job(reply):
        hint = f"; {reply.hint}" if reply.hint else ""
        _show("refused", f"{reply}{hint}")
        return 4
    if isinstance(reply, api.TransientFailure | api.Throttled):
        _show("no answer", reply.cause)
        return 5
    sys.stdout.write("accepted\n")
    return 0


def _is_about_the_job(reply: Refusal) -> bool:
    """Whether DDS itself answered, and minds nothing but the job ID that was made up."""
    return not reply.concerns_everything and reply.error_code.startswith("DBS.")


def _show(what: str, text: str) -> None:
    sys.stdout.write(f"{what:<12} {safe(text)}\n")


async def _ask(client: Client) -> api.Reply:
    try:
        async with asyncio.timeout(_PATIENCE):
            if client.renews:
                lease = await client.renew()
                if not isinstance(lease, Renewed):
                    return lease
            # No job has this ID, so "not known" is the answer of who accepts us; DDS may look at
            # its form, too.
            return await client.ask(str(uuid4()))
    except TimeoutError:
        return api.TransientFailure(f"no answer within {_PATIENCE:.0f} s")
    finally:
        await client.close()


def _shown(key: Key | CredentialProvider) -> str:
    match key:
        case ProjectByName():
            return f"{_shown(key.source)}, project {key.name!r} looked up"
        case Password():
            return f"user {key.user}"
        case AccessKey():
            name = key.access_key
            return f"{name[:4]}...{name[-2:]}" if len(name) > 8 else name  # noqa: PLR2004
        case EcsMetadata():
            return "temporary keys"
        case _:
            return "a token"
