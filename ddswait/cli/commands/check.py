"""`ddswait --check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.exit_codes import exit_code
from ddswait.cli.output import streams
from ddswait.cli.service_checks import check_service
from ddswait.cli.target import find_target
from ddswait.credentials.checklist import CheckItem, lines
from ddswait.runtime.client import Client
from ddswait.service import service_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.options import Options
    from ddswait.credentials.chain import Configuration


def run(options: Options) -> int:
    """Show the settings, send a few requests, and return 0, 4 or 5; 141 if its output is lost.

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
    if lost := _show(_settings(target)):
        return lost
    checked = asyncio.run(check_service(client))
    found = not target.project_id and client.project_id
    project = [CheckItem("project", "ok", client.project_id)] if found else []
    return _show([*project, *checked.items]) or exit_code([checked.kind])


def _settings(target: Configuration) -> Iterable[CheckItem]:
    """Return what was found, but not a project that the requests will find."""
    yield from (item for item in target.items if item.name != "project" or target.project_id)
    if iam := getattr(target.source.auth, "iam_endpoint", ""):
        yield CheckItem("IAM", "ok", iam)
    if target.ca_file:
        yield CheckItem("CA file", "ok", target.ca_file)


def _show(items: Iterable[CheckItem]) -> int:
    return streams.document("\n".join(safe(line) for line in lines(items)))
