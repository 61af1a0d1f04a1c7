"""Which services a run asks: the one asked first, and those of the jobs that name another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.option_values import ALL_SERVICES
from ddswait.errors import InputError
from ddswait.service.registry import DEFAULT, chosen_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddswait.cli.named import Named
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


def main_service(chosen: str, jobs: Iterable[Named]) -> str:
    """Return the service of jobs that name none, which is that of settings such as `--endpoint`.

    It is the chosen one. Without one, it is that of all jobs if they have only one.

    Args:
        chosen: as chosen_service() returns it.
        jobs: all jobs of a run.
    """
    if chosen:
        return chosen
    services = {each.service or DEFAULT for each in jobs}
    return services.pop() if len(services) == 1 else DEFAULT
