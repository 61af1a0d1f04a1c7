"""The services that the simulator serves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.simulator import ddm, dds, gaussdb, geminidb, rds, taurusdb

if TYPE_CHECKING:
    from ddswait.simulator.api import Api

_MODULES = (dds, rds, taurusdb, gaussdb, geminidb, ddm)
SERVICES: dict[str, Api] = {module.API.name: module.API for module in _MODULES}
"""The API of each service by its name; DDS is the first."""

USUAL = dds.API.name


def api_at(path: str) -> Api:
    """Return the API that a path of the simulator belongs to."""
    return SERVICES.get(path.split("/")[1], SERVICES[USUAL])


def api_of(service: str) -> Api:
    """Return the API of a service.

    Raises:
        ValueError: there is no such service; the message quotes the name.
    """
    if service not in SERVICES:
        raise ValueError(f"unknown service {service!r}: use one of {', '.join(SERVICES)}")
    return SERVICES[service]
