"""The service that the user chose, for jobs that name none and for settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.option_values import ALL_SERVICES
from ddswait.errors import InputError
from ddswait.service.registry import chosen_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.cli.options import Options


def chosen_service(options: Options, env: Mapping[str, str]) -> str:
    """Return the service that `--service` or `DDSWAIT_SERVICE` sets; "" for neither.

    Args:
        options: what the user asked for.
        env: the environment.

    Raises:
        InputError: no service has this name, or `all` was given for a wait.
    """
    if options.service == ALL_SERVICES:
        raise InputError(
            "--service all is for --check: to wait, name the service before each job ID, such as "
            "rds:JOB_ID"
        )
    return chosen_in(env, options.service)
