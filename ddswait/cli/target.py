"""The endpoint, project and credentials that the commands use."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.wrapping import say
from ddswait.credentials import chain
from ddswait.credentials.settings import ExplicitSettings

if TYPE_CHECKING:
    from ddswait.cli.options import Options


def find_target(options: Options) -> chain.Configuration:
    """Return what the options, the environment and the usual files say; print the warnings.

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
    )
    target = chain.resolve(os.environ, explicit)
    for each in target.source.warnings:
        say(sys.stderr, f"ddswait: warning: {safe(each)}")
    return target
