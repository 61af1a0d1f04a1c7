"""`ddswait --check`: which settings are used, and whether the services accept them."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from ddswait import checks
from ddswait.cli.escaping import safe
from ddswait.cli.exit_codes import exit_code
from ddswait.cli.option_values import ALL_SERVICES
from ddswait.cli.output import streams
from ddswait.cli.target import find_target
from ddswait.credentials.checklist import CheckItem, lines
from ddswait.errors import ConfigurationError
from ddswait.runtime.service_checks import check_services, in_one_item
from ddswait.runtime.shared_credentials import shared
from ddswait.service import NAMES
from ddswait.service.registry import service_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.options import Options
    from ddswait.cli.target import Target
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.runtime.client import Client

_INCOMPLETE = 2  # a service has no endpoint, and those that have one are good


def run(options: Options) -> int:
    """Show the settings, send a few requests, and return 0, 2, 4 or 5; 141 if its output is lost.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
        InputError: `DDSWAIT_SERVICE` is not a service.
    """
    wants_all = options.service == ALL_SERVICES
    target = find_target(options, service_in(os.environ, "" if wants_all else options.service))
    if lost := _show(checks.setting_items(target.found, with_endpoint=not wants_all)):
        return lost
    return _check_all(target) if wants_all else _check_one(target)


def _check_one(target: Target) -> int:
    client = _client(target, target.service, target.found.endpoint, target.found.source.auth)
    checked = asyncio.run(checks.check_client(client))
    return _show(checked.items) or exit_code([checked.kind])


def _check_all(target: Target) -> int:
    """Ask every service, each with the same credentials."""
    endpoints: dict[str, str] = {}
    items: dict[str, CheckItem] = {}
    for service in NAMES:
        try:
            endpoints[service] = target.endpoint_of(service)
        except ConfigurationError as error:
            text, _, step = str(error).partition(": ")
            items[service] = CheckItem(service, "failed", text, step)
    auths = shared(target.found.source.auth, len(endpoints))
    clients = {
        service: _client(target, service, endpoint, auth)
        for (service, endpoint), auth in zip(endpoints.items(), auths, strict=True)
    }
    checked = asyncio.run(check_services(clients))
    code = exit_code(each.kind for each in checked.values()) or (_INCOMPLETE if items else 0)
    items |= {name: in_one_item(name, endpoints[name], checked[name]) for name in checked}
    return _show(items[name] for name in NAMES) or code


def _client(target: Target, service: str, endpoint: str, auth: Key | CredentialProvider) -> Client:
    insecure_http = target.explicit.insecure_http
    return checks.client_of(service, endpoint, target.found, auth, insecure_http=insecure_http)


def _show(items: Iterable[CheckItem]) -> int:
    return streams.document("\n".join(safe(line) for line in lines(items)))
