"""`ddswait --check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait import checks
from ddswait.cli.escaping import safe
from ddswait.cli.exit_codes import exit_code
from ddswait.cli.output import streams
from ddswait.cli.target import find_target
from ddswait.credentials.checklist import CheckItem, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.options import Options
    from ddswait.credentials.checklist import CheckItem


def run(options: Options) -> int:
    """Show the settings, send a few requests, and return 0, 4 or 5; 141 if its output is lost.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """
    target = find_target(options)
    client = checks.client_of(target, options.insecure_http)
    if lost := _show(checks.setting_items(target)):
        return lost
    checked = asyncio.run(checks.check_client(client))
    return _show(checked.items) or exit_code([checked.kind])


def _show(items: Iterable[CheckItem]) -> int:
    return streams.document("\n".join(safe(line) for line in lines(items)))
