"""A cloud service's API in bytes: requests out, (status, headers, body) to replies. Pure.

One file per service, most of it a table (`dds.py`), and one row in registry.py.
No other package knows a service's paths, field names, status words or error codes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ddswait.service import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.job import Job
    from ddswait.service.replies import (
        InstanceState,
        JobPage,
        JobReply,
        Problem,
        Request,
    )

HEADERS = {"Content-Type": "application/json", "X-Language": "en-us"}
"""Sent with every request. `X-Language` asks for English messages, as other clients do."""

DEFAULT = registry.DEFAULT
NAMES = registry.NAMES


class Service(Protocol):
    """What the rest of ddswait knows about a service.

    `endpoint` is such as `https://dds.ap-southeast-1.myhuaweicloud.com`, without a slash at its
    end; headers are looked up without regard to case.
    """

    @property
    def name(self) -> str:
        """The name in the registry: `dds`."""

    @property
    def title(self) -> str:
        """The name in messages: `DDS`."""

    @property
    def sdk(self) -> str:
        """The name in the variables of the official SDK, in small letters."""

    def host(self, region: str = "") -> str:
        """Return the first part of the host in a region; "" for that of most regions."""

    @property
    def page_size(self) -> int:
        """How many jobs a list request returns at most; 0 if the service has no list."""

    def poll_job(self, endpoint: str, project_id: str, job_id: str) -> Request:
        """Return the request that polls one job."""

    def read_job(  # noqa: PLR0913 - the reply, and what the last one was
        self,
        job_id: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        known: Job | None = None,
        digest: int = 0,
    ) -> JobReply | Problem:
        """Return what the reply to `poll_job` means for the job.

        Args:
            job_id: that was polled.
            status: the HTTP status.
            headers: of the reply.
            body: of the reply.
            known: what the last reply said, if it is still all that is known about the job; it
                is returned if this reply says the same.
            digest: of the last reply, as `JobSeen` has it; 0 for none.
        """

    def poll_instance(self, endpoint: str, project_id: str, instance_id: str) -> Request:
        """Return the request that polls one instance."""

    def read_instance(
        self, instance_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> InstanceState | Problem:
        """Return what the reply to `poll_instance` means for the instance."""

    def list_jobs(  # noqa: PLR0913 - each says one thing about the page
        self,
        endpoint: str,
        project_id: str,
        *,
        running: bool,
        moment: float,
        offset: int,
        limit: int | None = None,
    ) -> Request:
        """Return the request for one page of the last month's jobs.

        Args:
            endpoint: of the service.
            project_id: of the jobs.
            running: True lists the jobs that run, False those that completed.
            moment: the present by the server's clock, in seconds since 1970.
            offset: how many jobs to skip.
            limit: how many jobs the page has at most; None for `page_size`.
        """

    def read_list(self, status: int, headers: Mapping[str, str], body: bytes) -> JobPage | Problem:
        """Return what the reply to `list_jobs` means."""

    def read_record(self, record: Mapping[str, Any]) -> Job:
        """Return the job that a record describes, be it from a poll or from a list."""


def service_named(name: str = DEFAULT) -> Service:
    """Return a service by its name or an alias, in small or capital letters.

    Raises:
        InputError: no service has this name; the message suggests one, or lists those that exist.
    """
    module = registry.ROWS[registry.canonical(name)].module
    return cast("Service", import_module(module).SERVICE)
