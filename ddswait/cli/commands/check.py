"""`ddswait --check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

from ddswait.cli.exit_codes import exit_code
from ddswait.cli.output.escaping import safe
from ddswait.cli.target import find_target
from ddswait.credentials.iam import Password, ProjectByName
from ddswait.credentials.keys import AccessKey
from ddswait.credentials.metadata import EcsMetadata
from ddswait.outcome import OutcomeKind, Refusal
from ddswait.runtime.client import Client
from ddswait.scheduler.actions import Renewed
from ddswait.service import dds as api

if TYPE_CHECKING:
    from ddswait.cli.options import Options
    from ddswait.credentials.chain import Target
    from ddswait.credentials.keys import CredentialProvider, Key

_TIMEOUT = 30.0  # seconds


def run(options: Options) -> int:
    """Show the settings, send one request, and return 0, 4 or 5.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """
    target = find_target(options)
    client = Client(
        target.endpoint,
        target.project_id,
        target.found.key,
        connections=1,
        insecure_http=options.insecure_http,
        ca_file=target.ca_file,
    )
    _show_settings(target, client)
    reply = asyncio.run(_poll(client))
    if not target.project_id:
        _show("project", client.project_id or "unknown")
    return _report(reply)


def _show_settings(target: Target, client: Client) -> None:
    _show("credentials", f"{target.found.source} ({_shown(target.found.key)})")
    _show("region", target.region or "not set")
    _show("endpoint", client.endpoint)
    if iam := getattr(target.found.key, "iam_endpoint", ""):
        _show("IAM", iam)
    if target.ca_file:
        _show("CA file", target.ca_file)
    if target.project_id:
        _show("project", target.project_id)


def _report(reply: api.Reply) -> int:
    if isinstance(reply, Refusal) and not _concerns_only_the_job(reply):
        _show("refused", reply.advice)
        return exit_code([OutcomeKind.REFUSED])
    if isinstance(reply, api.TransientFailure | api.Throttled):
        _show("no reply", reply.cause)
        return exit_code([OutcomeKind.UNREACHABLE])
    sys.stdout.write("accepted\n")
    return exit_code([OutcomeKind.COMPLETED])


def _concerns_only_the_job(refusal: Refusal) -> bool:
    """Whether DDS itself replied and objects only to the job ID, which was made up."""
    return not refusal.concerns_everything and refusal.error_code.startswith("DBS.")


def _show(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<12} {safe(value)}\n")


async def _poll(client: Client) -> api.Reply:
    try:
        async with asyncio.timeout(_TIMEOUT):
            if client.renews:
                lease = await client.renew()
                if not isinstance(lease, Renewed):
                    return lease
            # No job has this ID, so a service that accepts the credentials replies that it does
            # not know the job. It is well formed because DDS checks the form too.
            return await client.ask(str(uuid4()))
    except TimeoutError:
        return api.TransientFailure(f"no reply within {_TIMEOUT:.0f} s")
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
