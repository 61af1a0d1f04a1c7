"""`ddswait --check`: which settings are used, and whether the services accept them."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.exit_codes import exit_code
from ddswait.cli.option_values import ALL_SERVICES
from ddswait.cli.output import streams
from ddswait.cli.service_checks import Checked, check_service, check_services, in_one_item
from ddswait.cli.target import find_target
from ddswait.credentials.checklist import CheckItem, lines
from ddswait.errors import ConfigurationError
from ddswait.outcome import OutcomeKind
from ddswait.runtime.client import Client
from ddswait.runtime.shared_credentials import shared
from ddswait.service import NAMES, service_named
from ddswait.service.registry import service_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.options import Options
    from ddswait.cli.target import Target
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider


def run(options: Options) -> int:
    """Show the settings, send a few requests, and return 0, 4 or 5; 141 if its output is lost.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
        InputError: `DDSWAIT_SERVICE` is not a service.
    """
    wants_all = options.service == ALL_SERVICES
    target = find_target(options, service_in(os.environ, "" if wants_all else options.service))
    if lost := _show(_settings(target, wants_all=wants_all)):
        return lost
    return _check_all(target) if wants_all else _check_one(target)


def _check_one(target: Target) -> int:
    client = _client(target, target.service, target.found.endpoint, target.found.source.auth)
    checked = asyncio.run(check_service(client))
    found = not target.found.project_id and client.project_id
    project = [CheckItem("project", "ok", client.project_id)] if found else []
    return _show([*project, *checked.items]) or exit_code([checked.kind])


def _check_all(target: Target) -> int:
    """Ask every service, each with the same credentials."""
    endpoints: dict[str, str] = {}
    checked: dict[str, Checked] = {}
    for service in NAMES:
        try:
            endpoints[service] = target.endpoint_of(service)
        except ConfigurationError as error:
            text, _, step = str(error).partition(": ")
            item = CheckItem("", "failed", f"no endpoint: {text}", step)
            checked[service] = Checked(OutcomeKind.UNREACHABLE, [item])
    auths = shared(target.found.source.auth, len(endpoints))
    clients = {
        service: _client(target, service, endpoint, auth)
        for (service, endpoint), auth in zip(endpoints.items(), auths, strict=True)
    }
    checked |= asyncio.run(check_services(clients))
    items = [in_one_item(name, endpoints.get(name, ""), checked[name]) for name in NAMES]
    return _show(items) or exit_code([checked[name].kind for name in NAMES])


def _client(target: Target, service: str, endpoint: str, auth: Key | CredentialProvider) -> Client:
    return Client(
        service_named(service),
        endpoint,
        target.found.project_id,
        auth,
        connections=1,
        insecure_http=target.explicit.insecure_http,
        ca_file=target.found.ca_file,
    )


def _settings(target: Target, *, wants_all: bool) -> Iterable[CheckItem]:
    """Return what was found, but not a project that the requests will find."""
    found = target.found
    left_out = {"project" if not found.project_id else "", "endpoint" if wants_all else ""}
    yield from (item for item in found.items if item.name not in left_out)
    if iam := getattr(found.source.auth, "iam_endpoint", ""):
        yield CheckItem("IAM", "ok", iam)
    if found.ca_file:
        yield CheckItem("CA file", "ok", found.ca_file)


def _show(items: Iterable[CheckItem]) -> int:
    return streams.document("\n".join(safe(line) for line in lines(items)))
