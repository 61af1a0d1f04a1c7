"""`check`: which settings are used, and whether the service accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Unpack

from ddswait.credentials.checklist import CheckItem, lines
from ddswait.discovery import find_async
from ddswait.outcome import OutcomeKind
from ddswait.runtime.client import Client
from ddswait.runtime.service_checks import check_service
from ddswait.service import service_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.credentials.chain import Configuration
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
    requests = await check_client(client_of(found, bool(settings.get("insecure_http"))))
    return CheckResult(requests.kind, [*setting_items(found), *requests.items])


def client_of(found: Configuration, insecure_http: bool) -> Client:  # noqa: FBT001 - as it is called
    """Return the client that sends the requests.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    return Client(
        service_named(),
        found.endpoint,
        found.project_id,
        found.source.auth,
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


def setting_items(found: Configuration) -> Iterator[CheckItem]:
    """Return what was found, but not a project that the requests will find."""
    yield from (item for item in found.items if item.name != "project" or found.project_id)
    if iam := getattr(found.source.auth, "iam_endpoint", ""):
        yield CheckItem("IAM", "ok", iam)
    if found.ca_file:
        yield CheckItem("CA file", "ok", found.ca_file)
