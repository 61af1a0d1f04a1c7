"""The words of one service of the family, which an `Adapter` speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.job import JobPhase


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """The words of one service; each field name lists its spellings, the first present wins.

    Attributes:
        name: the first part of the host.
        job_path: of the request about one job, with `{project}` and `{id}`.
        job_key: the key of the record in the reply, or of a list that contains it.
        phases: what each documented status word means.
        list_path: of a list request, with `{project}`, `{status}`, `{start}`, `{end}`,
            `{offset}` and `{limit}`; sorted, since a signature sorts the query.
        list_key: the key of the records in the reply.
        list_permission: what to ask for when jobs may not be listed.
        page_size: how many records a list request returns at most.
        instance_path: of the request about one instance, with `{project}` and `{id}`.
        instance_key: the key of the instances in the reply.
        ready_statuses: the instance statuses that, with no pending action, mean ready.
        hopeless_statuses: those that no wait will change.
        hopeless_actions: the pending actions that no wait will end.
        instance_permission: what to ask for when instances may not be polled.
        deletions: what the names of jobs that delete an instance begin with, in lower case.
        backups_follow: what the names of jobs contain after which the service may back the
            instance up by itself, in lower case; DDS does so after creations and restorations.
    """

    name: str
    job_path: str
    job_key: str
    phases: Mapping[str, JobPhase]
    list_path: str
    list_key: str
    list_permission: str
    page_size: int
    instance_path: str
    instance_key: str
    ready_statuses: frozenset[str]
    hopeless_statuses: frozenset[str]
    hopeless_actions: frozenset[str]
    instance_permission: str
    deletions: str = "delete"
    backups_follow: tuple[str, ...] = ("create", "restore")
    created: tuple[str, ...] = ("created",)
    ended: tuple[str, ...] = ("ended",)
    progress: tuple[str, ...] = ("progress",)
    instance_id: str = "instance_id"
    instance_name: str = "instance_name"
