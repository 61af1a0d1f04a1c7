"""The project of the jobs: its ID, or a look-up of its ID by name in IAM. Pure.

Source: IAM API reference, "Querying Project Information".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ddswait.credentials.iam import Password
from ddswait.credentials.keys import AccessKey
from ddswait.credentials.lease_replies import OK, read_no_lease
from ddswait.credentials.provider import Lease, is_provider
from ddswait.errors import ConfigurationError
from ddswait.service.endpoints import without_version
from ddswait.service.iam_urls import projects_url
from ddswait.service.replies import Request, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider, Send
    from ddswait.credentials.settings import Settings
    from ddswait.service.replies import Problem

_LISTED = 10  # projects that a message lists at most


class ProjectByName:
    """Credentials, and a look-up of their project's ID by its name; it happens once.

    Args:
        auth: a key, or a provider that obtains keys.
        iam_endpoint: such as `https://iam.ap-southeast-1.myhuaweicloud.com`.
        name: the name of the project; the default project of a region has the region's name.
    """

    def __init__(self, auth: Key | CredentialProvider, iam_endpoint: str, name: str) -> None:
        self.auth = auth
        self.iam_endpoint = without_version(iam_endpoint)
        self.name = name
        self._project_id = ""

    def __repr__(self) -> str:
        return f"ProjectByName({self.auth!r}, {self.iam_endpoint!r}, {self.name!r})"

    async def obtain(self, send: Send) -> Lease | Problem:
        """Return a lease with a project ID: its own, or that of the project with the name.

        Raises:
            ConfigurationError: no project has the name, or several have it; the message lists
                them.
        """
        lease = await self.auth.obtain(send) if is_provider(self.auth) else Lease(self.auth)
        if not isinstance(lease, Lease):
            return lease
        if lease.project_id:
            return _for_project(lease, lease.project_id)
        if not self._project_id:
            project_id = await self._look_up(send, lease.key)
            if not isinstance(project_id, str):
                return project_id
            self._project_id = project_id
        return _for_project(lease, self._project_id)

    async def _look_up(self, send: Send, key: Key) -> str | Problem:
        url = projects_url(self.iam_endpoint, self.name)
        projects = await send(Request("GET", url), read_projects, key)
        if isinstance(projects, TransientFailure):
            begin = f"the ID of project {self.name!r} could not be looked up, and none is set"
            return projects._replace(cause=f"{begin}: {projects.cause}")
        if not isinstance(projects, list):
            return projects
        # A server may ignore the filter, so the names are compared here as well.
        ids = [project_id for project_id, name in projects if name == self.name]
        if not ids:
            return await self._report_unknown_name(send, key)
        if len(ids) > 1:
            raise ConfigurationError(
                f"{len(ids)} projects have the name {self.name!r}: set the project ID to one of "
                f"{', '.join(ids[:_LISTED])}"
            )
        return ids[0]

    async def _report_unknown_name(self, send: Send, key: Key) -> Problem:
        url = projects_url(self.iam_endpoint)
        projects = await send(Request("GET", url), read_projects, key)
        if not isinstance(projects, list):
            return projects
        names = ", ".join(f"{name} ({project_id})" for project_id, name in projects[:_LISTED])
        raise ConfigurationError(
            f"no project has the name {self.name!r}: set the project ID, or the right region; "
            f"the projects of this account: {names or 'none'}"
        )


def _for_project(lease: Lease, project_id: str) -> Lease:
    """Return the lease for a project; an access key then sends its ID in a signed header."""
    key = lease.key
    if isinstance(key, AccessKey):
        key = replace(key, project_id=project_id)
    return lease._replace(key=key, project_id=project_id)


def read_projects(
    status: int, headers: Mapping[str, str], body: bytes
) -> list[tuple[str, str]] | Problem:
    """Return ID and name of each project in a reply, or why there are none."""
    if status != OK:
        return read_no_lease(status, headers, body)
    try:
        return [(str(each["id"]), str(each["name"])) for each in json.loads(body)["projects"]]
    except (ValueError, KeyError, TypeError):
        return TransientFailure("the reply of IAM contains no list of projects")


def select_project_id(auth: Key | CredentialProvider | None, settings: Settings) -> str:
    """Return the ID of the jobs' project; "" when the credentials must provide it.

    The ID of another source is used only with credentials that select no project themselves:
    neither by the scope of their tokens, nor by the name of a project.

    Args:
        auth: the credentials; None when there are none.
        settings: the settings in force.
    """
    if project_id := settings.project_id():
        return project_id
    if _selects_project(auth) or settings.own.project_name:
        return ""
    return settings.project_id_of_environment()


def with_project(
    auth: Key | CredentialProvider, project_id: str, settings: Settings
) -> Key | CredentialProvider:
    """Return the credentials for a project; without an ID, with a look-up of the project's name.

    Args:
        auth: the credentials.
        project_id: the ID of the project, or "".
        settings: name the project and the endpoint of IAM; without them, there is no look-up.

    Raises:
        ConfigurationError: the endpoint of IAM or the region is invalid.
    """
    if isinstance(auth, AccessKey | Password) and project_id:
        return replace(auth, project_id=project_id)
    if project_id or _selects_project(auth):
        return auth
    name = settings.project_name()
    iam_endpoint = settings.iam_endpoint() if name else ""
    return ProjectByName(auth, iam_endpoint, name) if iam_endpoint else auth


def _selects_project(auth: object) -> bool:
    return isinstance(auth, Password | ProjectByName)
