"""Turns actions into requests, sends them with the present credentials, and reads the replies."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import TYPE_CHECKING, TypeVar, assert_never

from ddswait.credentials.keys import AccessKey, StaticHeaders
from ddswait.credentials.provider import check_auth, check_lease, is_provider
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.failures import describe, kind_of
from ddswait.runtime.proxies import find_proxy
from ddswait.runtime.transport import Transport, trust
from ddswait.scheduler.actions import ListJobs, PollInstance, PollJob, RenewCredentials, Renewed
from ddswait.service import HEADERS
from ddswait.service.endpoints import check_endpoint, check_same_cloud
from ddswait.service.job_ids import check_project_id
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider, Lease
    from ddswait.job import Job
    from ddswait.scheduler.actions import Action
    from ddswait.service import Service
    from ddswait.service.replies import InstanceState, JobPage, JobReply, Problem, Request

_Answer = TypeVar("_Answer")


class Client:
    """Sends the requests of one scheduler to one endpoint.

    Args:
        service: whose API is spoken there.
        endpoint: such as `https://dds.ap-southeast-1.myhuaweicloud.com`.
        project_id: the project of the jobs; "" takes that of the leases of `auth`.
        auth: a key, or a provider of keys that expire.
        connections: how many requests may be under way at once.
        insecure_http: accept endpoints beyond this machine that are not https.
        ca_file: certificates (PEM) to trust instead of the system's; "" for the system's.
        auth_source: where `auth` comes from, in words, for messages.

    Raises:
        ConfigurationError: endpoint, proxy, project ID, credentials or file are unusable.
    """

    def __init__(  # noqa: PLR0913 - each from one knob of the waiter
        self,
        service: Service,
        endpoint: str,
        project_id: str,
        auth: Key | CredentialProvider,
        *,
        connections: int,
        insecure_http: bool = False,
        ca_file: str = "",
        auth_source: str = "",
    ) -> None:
        self.endpoint = check_endpoint(endpoint, service=service.name, insecure_http=insecure_http)
        check_auth(auth)
        provider = auth if is_provider(auth) else None
        if iam_endpoint := getattr(auth, "iam_endpoint", ""):
            check_endpoint(
                iam_endpoint, source="the IAM endpoint", service="iam", insecure_http=insecure_http
            )
            find_proxy(iam_endpoint)
            check_same_cloud(iam_endpoint, self.endpoint, title=service.title)
        find_proxy(self.endpoint)  # an unusable proxy is an error before the first request
        if provider is not None:
            project_id = project_id or getattr(auth, "project_id", "")
        if project_id or provider is None:
            check_project_id(project_id)
        self.project_id = project_id
        self._asks = (service, self.endpoint, project_id, ca_file)
        self._auth = auth
        self._connections = connections
        self._service = service
        self._provider = provider
        self._auth_source = auth_source
        self._trust = trust(ca_file) if ca_file else None
        self._key: Key = StaticHeaders() if is_provider(auth) else auth
        self._transport = Transport(connections, HEADERS, self._key, self._trust)

    def is_like(self, other: Client) -> bool:
        """Whether another client asks the same service about the same project, as the same user."""
        return self._asks == other._asks and (
            self._auth is other._auth
            or (type(self._auth) is type(other._auth) and self._auth == other._auth)
        )

    def copy(self) -> Client:
        """Return a client with the same key, and connections of its own."""
        same = copy(self)
        transport = Transport(self._connections, HEADERS, self._key, self._trust)
        same._transport = transport  # noqa: SLF001 - one of our own
        return same

    @property
    def renews(self) -> bool:
        """Whether the key must be obtained first, and can be renewed."""
        return self._provider is not None

    @property
    def locks(self) -> bool:
        """Whether the service locks the key when it is refused too often, as it does AK/SK."""
        return isinstance(self._key, AccessKey)

    @property
    def location(self) -> str:
        """Endpoint, project and the source of the credentials, for messages."""
        source = f", credentials from {self._auth_source}" if self._auth_source else ""
        return f"{self.endpoint} (project {self.project_id or 'of the credentials'}{source})"

    def send(
        self, action: Action
    ) -> Awaitable[JobReply | InstanceState | JobPage | Renewed | Problem]:
        """Send what an action asks for; whatever goes wrong is returned, never raised."""
        match action:
            case PollJob():
                poll = action.poll
                return self.poll_job(poll.job_id, poll.job, poll.digest)
            case PollInstance():
                return self.poll_instance(action.poll.instance_id)
            case ListJobs():
                return self.list_jobs(action)
            case RenewCredentials():
                return self.renew()
            case _:
                assert_never(action)

    def poll_job(
        self, job_id: str, known: Job | None = None, digest: int = 0
    ) -> Awaitable[JobReply | Problem]:
        """Poll one job; `known` and `digest` are of the last reply (see `Service.read_job`)."""
        request = self._service.poll_job(self.endpoint, self.project_id, job_id)
        read = partial(self._service.read_job, job_id, known=known, digest=digest)
        return self._transport.send(request, read)

    def poll_instance(self, instance_id: str) -> Awaitable[InstanceState | Problem]:
        """Poll one instance."""
        request = self._service.poll_instance(self.endpoint, self.project_id, instance_id)
        return self._transport.send(request, partial(self._service.read_instance, instance_id))

    def list_jobs(self, action: ListJobs) -> Awaitable[JobPage | Problem]:
        """Request one page of jobs."""
        request = self._service.list_jobs(
            self.endpoint,
            self.project_id,
            running=action.running,
            moment=action.moment,
            offset=action.offset,
        )
        return self._transport.send(request, self._service.read_list)

    async def list_one(self, moment: float) -> JobPage | Problem:
        """Request a page of one job, to find out whether jobs may be listed.

        Args:
            moment: the present by the server's clock, in seconds since 1970.
        """
        if not self._service.page_size:
            return Refusal(0, error_msg="the service has no list of jobs", scope=Scope.OPERATION)
        request = self._service.list_jobs(
            self.endpoint, self.project_id, running=True, moment=moment, offset=0, limit=1
        )
        return await self._transport.send(request, self._service.read_list)

    async def renew(self) -> Renewed | Problem:
        """Obtain a key, and use it from now on."""
        if self._provider is None:
            return Renewed(None, same=True, locks=self.locks)
        try:
            reply = await self._provider.obtain(self._send_apart)
            if isinstance(reply, TransientFailure | Throttled | Refusal):
                return reply
            return self._adopt(reply)
        except ConfigurationError as error:
            return Refusal(0, error_msg=str(error), scope=Scope.EVERYTHING)
        except Exception as error:  # noqa: BLE001 - whatever a user's own provider does
            cause = f"the credentials could not be obtained: {describe(error)}"
            return TransientFailure(cause, kind=kind_of(error))

    def _adopt(self, lease: Lease) -> Renewed:
        """Use a lease from now on.

        Raises:
            ConfigurationError: it is not a lease, or of no use.
        """
        check_lease(lease)
        project_id = self.project_id or lease.project_id
        if not project_id:
            raise ConfigurationError("the credentials name no project: give a project ID")
        self.project_id = check_project_id(project_id)
        same = lease.key == self._key
        self._transport.use(lease.key)
        self._key = lease.key
        return Renewed(lease.renew_in, same, self.locks)

    async def _send_apart(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], _Answer],
        key: Key | None = None,
    ) -> _Answer | TransientFailure | Refusal:
        """Send a request of the credentials, over a connection of its own: to another host."""
        key = StaticHeaders() if key is None else key
        transport = Transport(1, HEADERS, key, self._trust)
        try:
            return await transport.send(request, read)
        finally:
            await transport.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()
