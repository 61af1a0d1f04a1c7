"""`ddswait --check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

from ddswait.cli.escaping import safe
from ddswait.cli.exit_codes import exit_code
from ddswait.cli.target import find_target
from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey
from ddswait.credentials.metadata import EcsMetadata
from ddswait.credentials.project import ProjectByName
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.runtime.client import Client
from ddswait.scheduler.actions import Renewed
from ddswait.service import service_named
from ddswait.service.error_codes import is_from_service
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from ddswait.cli.options import Options
    from ddswait.credentials.chain import Configuration
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.service.replies import JobReply, Problem

_TIMEOUT = 30.0  # seconds


def run(options: Options) -> int:
    """Show the settings, send one request, and return 0, 4 or 5.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """
    target = find_target(options)
    client = Client(
        service_named(),
        target.endpoint,
        target.project_id,
        target.source.auth,
        connections=1,
        insecure_http=options.insecure_http,
        ca_file=target.ca_file,
    )
    _show_settings(target, client)
    reply = asyncio.run(_poll(client))
    if not target.project_id:
        _show("project", client.project_id or "unknown")
    return _report(reply)


def _show_settings(target: Configuration, client: Client) -> None:
    _show("credentials", f"{target.source.name} ({_shown(target.source.auth)})")
    _show("region", target.region or "not set")
    _show("endpoint", client.endpoint)
    if iam := getattr(target.source.auth, "iam_endpoint", ""):
        _show("IAM", iam)
    if target.ca_file:
        _show("CA file", target.ca_file)
    if target.project_id:
        _show("project", target.project_id)


def _report(reply: JobReply | Problem) -> int:
    if isinstance(reply, Refusal) and not _concerns_only_the_job(reply):
        _show("refused", reply.advice)
        return exit_code([OutcomeKind.REFUSED])
    if isinstance(reply, TransientFailure | Throttled):
        _show("no reply", reply.cause)
        return exit_code([OutcomeKind.UNREACHABLE])
    sys.stdout.write("accepted\n")
    return exit_code([OutcomeKind.COMPLETED])


def _concerns_only_the_job(refusal: Refusal) -> bool:
    """Whether DDS itself replied and objects only to the job ID, which was made up."""
    return refusal.scope is Scope.JOB and is_from_service(refusal.error_code)


def _show(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<12} {safe(value)}\n")


async def _poll(client: Client) -> JobReply | Problem:
    try:
        async with asyncio.timeout(_TIMEOUT):
            if client.renews:
                lease = await client.renew()
                if not isinstance(lease, Renewed):
                    return lease
            # No job has this ID, so a service that accepts the credentials replies that it does
            # not know the job. It is well formed because DDS checks the form too.
            return await client.poll_job(str(uuid4()))
    except TimeoutError:
        return TransientFailure(f"no reply within {_TIMEOUT:.0f} s")
    finally:
        await client.close()


def _shown(key: Key | CredentialProvider) -> str:
    match key:
        case ProjectByName():
            return f"{_shown(key.auth)}, project {key.name!r} looked up"
        case Password():
            return f"user {key.user}"
        case AccessKey():
            name = key.access_key
            return f"{name[:4]}...{name[-2:]}" if len(name) > 8 else name  # noqa: PLR2004
        case EcsMetadata():
            return "temporary keys"
        case _:
            return "a token"
