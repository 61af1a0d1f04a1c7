"""The endpoints of other services than the one that the settings are for. Pure.

An endpoint that somebody sets is that of one service. The region, a variable of the SDK or
clouds.yaml gives those of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ddswait.credentials.settings import Settings
from ddswait.errors import ConfigurationError
from ddswait.service import service_named
from ddswait.service.endpoints import check_endpoint, domain_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.settings import ExplicitSettings
    from ddswait.credentials.source import Setting, Source


def other_endpoint(
    env: Mapping[str, str], explicit: ExplicitSettings, source: Source, service: str
) -> str:
    """Return the endpoint of another service, which gets the same credentials.

    Args:
        env: the variables.
        explicit: the options or arguments of the caller, with the service that they are for.
        source: the credentials, and the settings beside them.
        service: the name of the other service.

    Raises:
        ConfigurationError: the settings tell no endpoint, or that of a cloud which the
            credentials may not belong to; the message says how to set it.
    """
    settings = Settings(env, explicit, source.settings)
    region = settings.region()
    found = settings.endpoint_of_other(service)
    first = settings.first_endpoint()
    instead = f"; if {first.origin} is meant for {service}, use --service {service}"
    if not found:
        raise ConfigurationError(
            f"no endpoint of {service} is set, and {first.origin} sets that of {explicit.service} "
            f"only: set HW_REGION_NAME, from which the endpoint of {service} follows{instead}"
        )
    is_derived = found.origin == region.origin != first.origin
    # Whoever sets both endpoints knows where the credentials go.
    if is_derived and _domain(first) != _domain(found):
        raise ConfigurationError(
            f"{first.origin} sets the endpoint of {explicit.service} only, and {found.value} would "
            f"be that of {service}, perhaps of another cloud: set "
            f"{_variable(service, region.value)} to the endpoint of {service}{instead}"
        )
    return check_endpoint(
        found.value, source=found.origin, service=service, insecure_http=explicit.insecure_http
    )


def _domain(endpoint: Setting) -> str:
    return domain_of(urlsplit(endpoint.value).hostname or "")


def _variable(service: str, region: str) -> str:
    name = service_named(service).sdk.upper()
    return f"HUAWEICLOUD_SDK_REGION_{name}_{region.replace('-', '_').upper()}"
