"""Which service an instance is of, by how its ID ends.

The suffixes were seen in replies and in examples of the API references; no page promises them. So
they give a hint, and choose a service only where nobody named one.
"""

from __future__ import annotations

import re

from ddswait.service.registry import ROWS

_INSTANCE_ID = re.compile(r"[0-9a-f]{32}(in\d\d)", re.IGNORECASE)


def service_of_instance(instance_id: str) -> str:
    """Return the name of the service that an instance is of; "" if its ID does not tell."""
    found = _INSTANCE_ID.fullmatch(instance_id)
    if found is None:
        return ""
    suffix = found[1].lower()
    return next((name for name, row in ROWS.items() if suffix in row.suffixes), "")


def hint(instance_id: str, asked: str) -> str:
    """Return what to try for an instance that a service does not know; "" if its ID does not tell.

    Args:
        instance_id: of the instance.
        asked: the name of the service that was asked.
    """
    found = service_of_instance(instance_id)
    if found in {"", asked}:
        return ""
    return f"its ID is like that of an instance of {found}: ask {found} for it"
