"""The public `Waiter`: its settings, and its life."""

from __future__ import annotations

import logging
from random import Random
from typing import TYPE_CHECKING, Self, Unpack, cast

from ddswait import discovery
from ddswait.arguments import check_hook, seconds
from ddswait.discovery import EnvSettings, WaiterSettings
from ddswait.errors import InputError
from ddswait.group_waits import GroupWaits
from ddswait.runtime.client import Client
from ddswait.runtime.engine import Engine
from ddswait.runtime.log import log
from ddswait.runtime.parts import Parts
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.patience import Patiences
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.service import DEFAULT, service_named
from ddswait.service.typical_durations import typical_durations

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ddswait.credentials.chain import Configuration
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.events import Event


_RESOLVED = EnvSettings.__optional_keys__ - WaiterSettings.__optional_keys__


class Waiter(GroupWaits):
    """Waits for any number of jobs and instances of one service in one event loop.

    Use it as `async with`. Leaving the block normally waits for everything that is still pending,
    as `asyncio.TaskGroup` does; leaving it by an exception cancels what is pending. Any task of
    the event loop may use the waiter inside the block. After that it can be entered again: it
    keeps the durations and rate limits that it has learned.

    Args:
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of the credentials' leases.
        auth: a `Token` or an `AccessKey`; or credentials that renew themselves: a `Password`,
            `EcsMetadata`, or a `CredentialProvider` of your own.
        timeout: seconds after which a wait times out, unless track() says otherwise.
        grace: seconds from tracking for which an unknown job ID is tolerated.
        interval: seconds, about how often a visible job is polled.
        unreachable_after: seconds without a successful poll after which a wait ends. None for
            600, and for 60 while the name of the host has never resolved since the waiter was
            made: then it is wrong, or this machine has no network. A number holds in both cases.
        request_timeout: seconds after which one request is given up.
        connections: how many requests may be under way at once.
        rate: how many requests may be sent, such as `10/s` or `200/5m`; limits that the API
            states are learned.
        durations: how long past jobs took (`ddswait.history.load`); learns from these.
        insecure_http: accept an endpoint beyond this machine that is not https.
        ca_file: certificates (PEM) to trust instead of the system's.
        service: whose jobs they are: `dds`, `rds`, `taurusdb`, `gaussdb`, `geminidb` or `ddm`,
            or an alias that users know, such as `opengauss`.
        auth_source: where `auth` comes from, in words, for messages; from_env() sets it.
        on_event: is called with each event of `ddswait.events`, in the event loop; it must not
            block. What it raises goes to the event loop's exception handler.
        shared: share connections, rate limit, lists and the renewal of the credentials with the
            other waiters of the event loop whose endpoint, project, credentials, CA file, rate and
            number of connections are equal. False keeps this waiter apart.

    Raises:
        ConfigurationError: endpoint, project ID or CA file are unusable.
        InputError: a number is not positive and finite, or another setting is invalid.
    """

    def __init__(  # noqa: PLR0913 - each is one of the knobs that the documents name
        self,
        *,
        endpoint: str,
        project_id: str = "",
        auth: Key | CredentialProvider,
        timeout: float = 3600.0,
        grace: float = 60.0,
        interval: float = 10.0,
        unreachable_after: float | None = None,
        request_timeout: float = 30.0,
        connections: int = 64,
        rate: str = "10/s",
        durations: Durations | None = None,
        insecure_http: bool = False,
        ca_file: str = "",
        auth_source: str = "",
        service: str = DEFAULT,
        on_event: Callable[[Event], object] | None = None,
        shared: bool = True,
    ) -> None:
        if not isinstance(connections, int):
            raise InputError(f"invalid connections {connections!r}: give a whole number")
        connections = max(1, connections)
        check_hook("on_event", on_event)
        asked = service_named(service)
        client = Client(
            asked,
            endpoint,
            project_id,
            auth,
            connections=connections,
            insecure_http=insecure_http,
            ca_file=ca_file,
            auth_source=auth_source,
        )
        usual_timeout = seconds("timeout", timeout)
        settings = PollSettings(
            interval=seconds("interval", interval),
            grace=seconds("grace", grace),
            **_patience(unreachable_after),
            request_timeout=seconds("request_timeout", request_timeout),
            location=client.location,
            list_page_size=asked.page_size,
            service=asked.name,
        )
        known = Durations() if durations is None else durations
        limit = parse_rate(rate)
        parts = Parts(
            client,
            settings,
            RateLimiter(*limit, Random()),  # noqa: S311 - jitter
            known.of_service(asked.name, typical_durations(asked.name)),
            Patiences(settings),
            limit,
            connections,
            on_event,
            shared,
        )
        super().__init__(Engine(parts), usual_timeout, asked.name)

    @classmethod
    def from_env(cls, **settings: Unpack[EnvSettings]) -> Self:
        """Return a waiter with endpoint, project and credentials from where users keep them.

        It reads files, and when it finds nothing else it blocks for up to a second, until the
        metadata service of an ECS has replied. In a coroutine, use from_env_async().

        Args:
            **settings: the arguments of `Waiter` (`service` is looked for in `DDSWAIT_SERVICE`, and
                is `dds` without it), and `region`, `iam_endpoint`, `cloud` (of
                clouds.yaml), `source` ("metadata"); nothing that is given here is looked for.

        Raises:
            ConfigurationError: something is missing or unusable; the message names the source
                and says what to do.
            InputError: a setting is invalid.
            TypeError: a setting does not exist.
        """
        discovery.check_names(f"{cls.__name__}.from_env", settings)
        return cls._from(discovery.find(settings), settings)

    @classmethod
    async def from_env_async(cls, **settings: Unpack[EnvSettings]) -> Self:
        """Return what from_env() returns, without blocking the event loop.

        Args:
            **settings: see from_env().

        Raises:
            ConfigurationError: see from_env().
            InputError: see from_env().
            TypeError: see from_env().
        """
        discovery.check_names(f"{cls.__name__}.from_env_async", settings)
        return cls._from(await discovery.find_async(settings), settings)

    @classmethod
    def _from(cls, target: Configuration, settings: EnvSettings) -> Self:
        for warning in target.source.warnings:
            log(logging.WARNING, "ddswait.configuration_warning", message_text=warning)
        # What chain.resolve() does not know is for the waiter.
        own = {name: value for name, value in settings.items() if name not in _RESOLVED}
        return cls(
            endpoint=target.endpoint,
            project_id=target.project_id,
            auth=target.source.auth,
            ca_file=target.ca_file,
            auth_source=target.source.name,
            service=discovery.service_of(settings),
            **cast(WaiterSettings, own),
        )

    async def __aenter__(self) -> Self:
        await self._engine.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._engine.leave(normally=kind is None)

    def __repr__(self) -> str:
        return f"<Waiter {self._engine!r}>"

    async def close(self) -> None:
        """Cancel what is pending, and return when every task and connection is released.

        It may be called at any time, any number of times, from a callback as well. It takes ten
        seconds at most, even if a credential provider ignores that it is cancelled. If the caller
        is cancelled meanwhile, everything is released before the cancellation is raised.

        Raises:
            WaiterInUse: the block was entered in another event loop, which does not run now.
        """
        await self._engine.close()


def _patience(unreachable_after: float | None) -> dict[str, float]:
    """Return the settings of an explicit patience, which holds for a wrong name as well."""
    if unreachable_after is None:
        return {}
    patience = seconds("unreachable_after", unreachable_after)
    names = ("unreachable_after", "unresolved_after", "unknown_region_after")
    return dict.fromkeys(names, patience)
