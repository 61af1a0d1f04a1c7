"""The settings of a waiter from where users keep them, with and without blocking."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Literal, TypedDict

from ddswait.credentials import chain
from ddswait.credentials.settings import ExplicitSettings
from ddswait.service.registry import service_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.events import Event
    from ddswait.scheduler.durations import Durations


class WaiterSettings(TypedDict, total=False):
    """Those arguments of `Waiter` that are looked for nowhere."""

    timeout: float
    grace: float
    interval: float
    unreachable_after: float
    request_timeout: float
    connections: int
    rate: str
    durations: Durations | None
    insecure_http: bool
    on_event: Callable[[Event], object] | None
    shared: bool


class EnvSettings(WaiterSettings, total=False):
    """The arguments of `Waiter.from_env`; what is left out is looked for.

    Attributes:
        endpoint: the endpoint of the service.
        service: the name of the service, such as `rds`.
        project_id: the project of the jobs.
        auth: the credentials.
        region: the name of the region, such as `ap-southeast-1`.
        iam_endpoint: the endpoint of IAM.
        ca_file: the path of a file with trusted certificates.
        cloud: the name of a cloud in clouds.yaml.
        source: `metadata` to use the keys of this ECS and no other source.
    """

    endpoint: str
    service: str
    project_id: str
    auth: Key | CredentialProvider | None
    region: str
    iam_endpoint: str
    ca_file: str
    cloud: str
    source: Literal["", "auto", "metadata"]


def check_names(call: str, settings: Mapping[str, object], others: Iterable[str] = ()) -> None:
    """Refuse settings that do not exist, as Python refuses wrong arguments.

    Args:
        call: what the caller has called.
        settings: what it was called with.
        others: its other arguments, which a wrong name may mean.

    Raises:
        TypeError: a name is unknown; the message suggests one.
    """
    names = EnvSettings.__optional_keys__
    if wrong := next((name for name in settings if name not in names), ""):
        from difflib import get_close_matches  # late: only a wrong name needs it

        near = get_close_matches(wrong, sorted({*names, *others}), 1)
        hint = f". Did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"{call}() got an unexpected keyword argument {wrong!r}{hint}")


def find(settings: EnvSettings) -> chain.Configuration:
    """Return the given settings, completed from where users keep them.

    It blocks: it reads files, and may wait for a second for the metadata service.

    Args:
        settings: nothing that is given is looked for.

    Raises:
        ConfigurationError: something is missing or unusable.
    """
    explicit = ExplicitSettings(
        endpoint=settings.get("endpoint") or "",
        project_id=settings.get("project_id") or "",
        region=settings.get("region") or "",
        iam_endpoint=settings.get("iam_endpoint") or "",
        ca_file=settings.get("ca_file") or "",
        cloud=settings.get("cloud") or "",
        source=settings.get("source") or "",
        insecure_http=bool(settings.get("insecure_http")),
        service=service_of(settings),
    )
    return chain.resolve(os.environ, explicit, settings.get("auth"))


def service_of(settings: EnvSettings) -> str:
    """Return the service that the settings, or `DDSWAIT_SERVICE`, name.

    Raises:
        InputError: no service has this name.
    """
    return service_in(os.environ, settings.get("service") or "")


async def find_async(settings: EnvSettings) -> chain.Configuration:
    """Return what find() returns, without blocking the event loop: a thread blocks instead.

    Raises:
        ConfigurationError: see find().
    """
    return await asyncio.to_thread(find, settings)
