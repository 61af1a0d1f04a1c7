"""Turns questions into requests and sends them, with the key of the hour."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ddswait.credentials.keys import StaticHeaders
from ddswait.credentials.provider import check_auth, check_lease, is_provider
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.transport import Transport, describe, trust
from ddswait.scheduler.actions import ListJobs, PollInstance, PollJob, Renewed
from ddswait.scheduler.list_planner import PAGE
from ddswait.service import dds as api
from ddswait.service.endpoints import check_endpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider, Lease
    from ddswait.scheduler.actions import RenewCredentials

_Read = TypeVar("_Read")


class Client:
    """Sends the questions of one agenda to one endpoint.

    Args:
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of the leases of `auth`.
        auth: a key, or a source of keys that end.
        connections: how many requests may be under way at once.
        insecure_http: accept endpoints beyond this machine that are not https.
        ca_file: certificates (PEM) to trust instead of the system's; "" for the system's.
        auth_source: where `auth` was found, in words, for messages.

    Raises:
        ConfigurationError: endpoint, project ID, credentials or file are unusable.
    """

    def __init__(  # noqa: PLR0913 - each from one knob of the waiter
        self,
        endpoint: str,
        project_id: str,
        auth: Key | CredentialProvider,
        *,
        connections: int,
        insecure_http: bool = False,
        ca_file: str = "",
        auth_source: str = "",
    ) -> None:
        self.endpoint = check_endpoint(endpoint, insecure_http=insecure_http)
        check_auth(auth)
        self._credentials = auth if is_provider(auth) else None
        if where := getattr(auth, "iam_endpoint", ""):
            check_endpoint(
                where, source="the IAM endpoint", service="iam", insecure_http=insecure_http
            )
        if self._credentials is not None:
            project_id = project_id or getattr(auth, "project_id", "")
        if project_id or self._credentials is None:
            api.check_project_id(project_id)
        self.project_id = project_id
        self._auth_source = auth_source
        self._trust = trust(ca_file) if ca_file else None
        self._key: Key = StaticHeaders() if is_provider(auth) else auth
        self._client = Transport(connections, api.HEADERS, self._key, self._trust)

    @property
    def renews(self) -> bool:
        """Whether the key must be obtained first, and can be renewed."""
        return self._credentials is not None

    @property
    def place(self) -> str:
        """Endpoint, project and the source of the credentials, for messages."""
        source = f", credentials of {self._auth_source}" if self._auth_source else ""
        return f"{self.endpoint} (project {self.project_id or 'of the credentials'}{source})"

    def send(
        self, question: PollJob | PollInstance | RenewCredentials | ListJobs
    ) -> Awaitable[api.Reply | api.InstanceState | api.JobPage | Renewed]:
        """Send a question; what comes of it is never an exception."""
        if isinstance(question, PollJob):
            return self.ask(question.job_id)
        if isinstance(question, PollInstance):
            return self.look_at(question.instance_id)
        if isinstance(question, ListJobs):
            return self.list(question)
        return self.renew()

    def list(self, sweep: ListJobs) -> Awaitable[api.Reply | api.JobPage]:
        """Ask for one page of tasks."""
        request = api.list_tasks(
            self.endpoint, self.project_id, sweep.status, sweep.moment, sweep.offset, PAGE
        )
        return self._client.send(request, api.read_list)

    def ask(self, job_id: str) -> Awaitable[api.Reply]:
        """Ask about one job."""
        request = api.show_job(self.endpoint, self.project_id, job_id)
        return self._client.send(request, partial(api.read_show_job, job_id))

    def look_at(
        self, instance_id: str
    ) -> Awaitable[api.InstanceState | api.TransientFailure | api.Throttled | Refusal]:
        """Ask about one instance."""
        request = api.show_instance(self.endpoint, self.project_id, instance_id)
        return self._client.send(request, api.read_instance)

    async def renew(self) -> api.Reply | Renewed:
        """Obtain a key, and use it from now on."""
        assert self._credentials is not None  # noqa: S101 - only then the agenda renews
        try:
            reply = await self._credentials.obtain(self._send_apart)
            if isinstance(reply, api.TransientFailure | api.Throttled | Refusal):
                return reply
            return self._adopt(reply)
        except ConfigurationError as error:
            return Refusal(0, error_msg=str(error), scope=Scope.EVERYTHING)
        except Exception as error:  # noqa: BLE001 - whatever a user's own source does
            return api.TransientFailure(f"the credentials could not be obtained: {describe(error)}")

    def _adopt(self, lease: Lease) -> Renewed:
        """Use a lease from now on.

        Raises:
            ConfigurationError: it is none, or of no use.
        """
        check_lease(lease)
        project_id = self.project_id or lease.project_id
        if not project_id:
            raise ConfigurationError("the credentials name no project: give a project ID")
        self.project_id = api.check_project_id(project_id)
        same = lease.key == self._key
        self._client.use(lease.key)
        self._key = lease.key
        return Renewed(lease.renew_in, same)

    async def _send_apart(
        self,
        request: api.Request,
        read: Callable[[int, Mapping[str, str], bytes], _Read],
        key: Key | None = None,
    ) -> _Read | api.TransientFailure | Refusal:
        """Send a request of the credentials, over a connection of its own: to another host."""
        key = StaticHeaders() if key is None else key
        client = Transport(1, api.HEADERS, key, self._trust)
        try:
            return await client.send(request, read)
        finally:
            await client.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
