"""The endpoints, project and credentials that the commands use."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli.escaping import safe
from ddswait.cli.wrapping import say
from ddswait.credentials import chain
from ddswait.credentials.settings import ExplicitSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.cli.options import Options


class Target(NamedTuple):
    """What the options, the environment and the usual files say.

    Attributes:
        service: the service that the settings are for.
        found: the settings.
        explicit: those of them that are options.
    """

    service: str
    found: chain.Configuration
    explicit: ExplicitSettings

    def endpoints(self, services: Iterable[str]) -> dict[str, str]:
        """Return the endpoint of each of the services.

        Raises:
            ConfigurationError: one of them has no endpoint, or one that may be of another cloud.
        """
        return {each: self.endpoint_of(each) for each in services}

    def endpoint_of(self, service: str) -> str:
        """Return the endpoint of a service.

        Raises:
            ConfigurationError: the service has no endpoint, or one that may be of another cloud.
        """
        if service == self.service:
            return self.found.endpoint
        from ddswait.credentials.other_services import other_endpoint  # late: seldom needed

        return other_endpoint(os.environ, self.explicit, self.found.source, service)


def find_target(options: Options, service: str) -> Target:
    """Return the settings in force; print the warnings.

    Args:
        options: what the user asked for.
        service: whose endpoint the options and the environment may set.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """
    explicit = ExplicitSettings(
        options.endpoint,
        options.project_id,
        options.region,
        options.iam_endpoint,
        options.ca_file,
        options.cloud,
        options.auth,
        options.insecure_http,
        service,
    )
    found = chain.resolve(os.environ, explicit)
    for each in found.source.warnings:
        say(sys.stderr, f"ddswait: warning: {safe(each)}")
    return Target(service, found, explicit)
