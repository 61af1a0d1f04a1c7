"""The words of one service of the family, which an `Adapter` speaks."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ddswait.job import JobPhase

if TYPE_CHECKING:
    from collections.abc import Mapping

PHASES = MappingProxyType(
    {
        "Running": JobPhase.RUNNING,
        "Completed": JobPhase.COMPLETED,
        "Failed": JobPhase.FAILED,
    }
)
"""The status words that the services of the family share."""


class ListTimes(enum.Enum):
    """How a list request writes its times."""

    ISO = "2026-01-31T23:59:59+0000"
    MILLISECONDS = "1769903999000"


class ServiceTable(NamedTuple):
    """The words of one service; each field name lists its spellings, the first present wins.

    Attributes:
        name: the name in the registry.
        title: the name in messages; "" for `name` in capital letters.
        host: the first part of the host; "" for `name`.
        hosts: the first parts that some regions have instead, each with its regions.
        sdk: how the official SDK calls the service in `HUAWEICLOUD_SDK_REGION_...`; "" for `name`.
        job_path: of the request about one job, with `{project}` and `{id}`.
        job_key: the key of the record in the reply, or of a list that contains it.
        phases: what each documented status word means; of two with the same meaning, a list
            request filters by the first.
        job_permission: what to ask for when jobs may not be polled; "" if it is not known.
        list_path: of a list request, with `{project}`, `{start}`, `{end}`, `{offset}`, `{limit}`
            and, if the service can filter, `{status}`; sorted, since a signature sorts the query.
            "" if the service has no list.
        list_key: the key of the records in the reply.
        list_total: the key of the number of all records.
        list_times: how the request writes its times.
        list_permission: what to ask for when jobs may not be listed; "" if it is not known.
        page_size: how many records a list request returns at most.
        page_sizes: the only numbers that a list request may ask for; empty for any.
        instance_path: of the request about one instance, with `{project}` and `{id}`.
        instance_key: the key of the instances in the reply.
        ready_statuses: the instance statuses that mean ready.
        hopeless_statuses: those that no wait will change.
        hopeless_actions: the pending actions that no wait will end.
        needs_empty_actions: whether an instance with pending actions is not ready.
        instance_permission: what to ask for when instances may not be polled; "" if it is not
            known.
        deletions: what the names of jobs that delete an instance begin with, in lower case.
        backups_follow: what the names of jobs contain after which the service may back the
            instance up by itself, in lower case; DDS does so after creations and restorations.
        nested_instance: the keys of an object with the ID and the name of the job's instance.
    """

    name: str
    ready_statuses: frozenset[str]
    hopeless_statuses: frozenset[str]
    title: str = ""
    host: str = ""
    hosts: Mapping[str, frozenset[str]] = MappingProxyType({})
    sdk: str = ""
    job_path: str = "/v3/{project}/jobs?id={id}"
    job_key: str = "job"
    phases: Mapping[str, JobPhase] = PHASES
    job_permission: str = ""
    list_path: str = ""
    list_key: str = "jobs"
    list_total: str = "total_count"
    list_times: ListTimes = ListTimes.ISO
    list_permission: str = ""
    page_size: int = 0
    page_sizes: tuple[int, ...] = ()
    instance_path: str = "/v3/{project}/instances?id={id}"
    instance_key: str = "instances"
    hopeless_actions: frozenset[str] = frozenset()
    needs_empty_actions: bool = True
    instance_permission: str = ""
    deletions: str = "delete"
    backups_follow: tuple[str, ...] = ("create", "restore")
    job_id: tuple[str, ...] = ("id",)
    job_name: tuple[str, ...] = ("name",)
    created: tuple[str, ...] = ("created",)
    ended: tuple[str, ...] = ("ended",)
    progress: tuple[str, ...] = ("progress",)
    nested_instance: tuple[str, ...] = ("instance",)
    instance_id: str = "instance_id"
    instance_name: str = "instance_name"
