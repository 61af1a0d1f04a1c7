"""`check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Unpack

from ddswait.credentials.checklist import CheckItem, lines
from ddswait.discovery import find_async, service_of
from ddswait.outcome import OutcomeKind
from ddswait.runtime.client import Client
from ddswait.runtime.service_checks import check_service
from ddswait.service import service_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.credentials.chain import Configuration
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider
    from ddswait.discovery import EnvSettings


class CheckResult(NamedTuple):
    """What was found.

    Attributes:
        kind: how a wait would end now because of the connection or the credentials: `completed` if
            both are good, else `refused` or `unreachable`.
        items: the settings, then the replies of the service; no secret is in them.
    """

    kind: OutcomeKind
    items: list[CheckItem]

    @property
    def ok(self) -> bool:
        """Whether waits can begin."""
        return self.kind is OutcomeKind.COMPLETED

    def __str__(self) -> str:
        return "\n".join(lines(self.items))


async def check(**settings: Unpack[EnvSettings]) -> CheckResult:
    """Find the settings as `Waiter.from_env` does, and send a few requests with them.

    Args:
        **settings: those of `Waiter.from_env`; those that concern waits have no effect.

    Raises:
        ConfigurationError: a setting is missing or unusable; the message lists all of them.
    """
    found = await find_async(settings)
    client = client_of(
        service_of(settings),
        found.endpoint,
        found,
        found.source.auth,
        insecure_http=bool(settings.get("insecure_http")),
    )
    requests = await check_client(client)
    return CheckResult(requests.kind, [*setting_items(found), *requests.items])


def client_of(
    service: str,
    endpoint: str,
    found: Configuration,
    auth: Key | CredentialProvider,
    *,
    insecure_http: bool,
) -> Client:
    """Return the client that sends the requests.

    Args:
        service: the name of the service.
        endpoint: its endpoint.
        found: the settings.
        auth: the credentials, which several clients may share.
        insecure_http: accept an endpoint beyond this machine that is not https.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    return Client(
        service_named(service),
        endpoint,
        found.project_id,
        auth,
        connections=1,
        insecure_http=insecure_http,
        ca_file=found.ca_file,
    )


async def check_client(client: Client) -> CheckResult:
    """Send the requests; return what the replies say, and the project if they found it."""
    had_project = bool(client.project_id)
    checked = await check_service(client)
    found = client.project_id if not had_project else ""
    project = [CheckItem("project", "ok", found)] if found else []
    return CheckResult(checked.kind, [*project, *checked.items])


def setting_items(found: Configuration, *, with_endpoint: bool = True) -> Iterator[CheckItem]:
    """Return what was found, but not a project that the requests will find.

    Args:
        found: the settings.
        with_endpoint: whether the endpoint is that of the only service.
    """
    left_out = {"" if found.project_id else "project", "" if with_endpoint else "endpoint"}
    yield from (item for item in found.items if item.name not in left_out)
    if iam := getattr(found.source.auth, "iam_endpoint", ""):
        yield CheckItem("IAM", "ok", iam)
    if found.ca_file:
        yield CheckItem("CA file", "ok", found.ca_file)
