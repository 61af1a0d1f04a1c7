"""Speaks the task API of any service of the family, by the service's table.

The services differ in paths, field names and words, which a `ServiceTable` holds; how a request
is built and how a reply is read is the same for all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ddswait.job import Instance, Job, JobPhase
from ddswait.outcome import Refusal, Scope
from ddswait.service.dates import parse_time
from ddswait.service.error_codes import is_denied_by_policy
from ddswait.service.instance_reader import (
    DENIED,
    SUCCESS,
    InstanceReader,
    permission_hint,
)
from ddswait.service.problems import parse_json, quote_body, read_problem
from ddswait.service.records import first, is_same_id, own_record, percent, text
from ddswait.service.replies import (
    JobPage,
    JobReply,
    JobSeen,
    Problem,
    Request,
    TransientFailure,
    UnknownJob,
)
from ddswait.service.table import ListTimes, ServiceTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.service.replies import InstanceState

_PLAIN_ID = re.compile(r"[A-Za-z0-9-]+")  # needs no escaping, which costs as much as the rest
_LONGEST_WORD = 200  # characters of a server's word that a message shows
_MOST_JOBS = 10**9  # in a list
_MOST_REQUESTS = 1000  # 0.5 KB each
_MINUTE = 60.0
_MONTH = 30 * 86400.0 - 2 * _MINUTE


class Adapter:
    """A `Service` (see `ddswait.service`) made of a table."""

    def __init__(self, table: ServiceTable) -> None:
        self._table = table
        self._phases = {word.casefold(): phase for word, phase in table.phases.items()}
        self._words = {phase: word for word, phase in reversed([*table.phases.items()])}
        self._instances = InstanceReader(table)

    @property
    def name(self) -> str:
        """The name in the registry."""
        return self._table.name

    @property
    def title(self) -> str:
        """The name in messages."""
        return self._table.title or self._table.name.upper()

    @property
    def sdk(self) -> str:
        """The name in the variables of the official SDK."""
        return self._table.sdk or self._table.name

    def host(self, region: str = "") -> str:
        """Return the first part of the host in a region; "" for that of most regions."""
        usual = self._table.host or self._table.name
        rows = self._table.hosts.items()
        return next((host for host, regions in rows if region in regions), usual)

    @property
    def page_size(self) -> int:
        """How many jobs a list request returns at most; 0 if the service has no list."""
        return self._table.page_size

    # ---- one job

    def poll_job(self, endpoint: str, project_id: str, job_id: str) -> Request:
        """Return the request that polls one job."""
        return _request_of_job(endpoint, self._table.job_path, project_id, job_id)

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
        """Return what the reply to `poll_job` means for the job."""
        if status not in SUCCESS:
            return self._job_problem(status, headers, body)
        # Most replies repeat the last one, byte for byte: they need not be read. A hash tells, of
        # 64 bits and salted for each process: the last body itself would double a job's memory.
        own_digest = hash(body)
        if digest and digest == own_digest and known is not None:
            return JobSeen(known, headers.get("Date", ""), digest)
        document = parse_json(body)
        if not isinstance(document, dict) or self._table.job_key not in document:
            return TransientFailure(f"the reply holds no job: {quote_body(body)}")
        reply = self._read_found(job_id, document[self._table.job_key], headers, body)
        return reply._replace(digest=own_digest) if isinstance(reply, JobSeen) else reply

    def _job_problem(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> Problem | UnknownJob:
        problem = read_problem(status, headers, body)
        if isinstance(problem, Refusal) and is_denied_by_policy(problem.error_code):
            return replace(problem, hint=permission_hint(self._table.job_permission, "poll jobs"))
        return problem

    def _read_found(
        self, job_id: str, found: object, headers: Mapping[str, str], body: bytes
    ) -> JobReply | Problem:
        """Return what stands for the job in a reply to `poll_job`, and means for it."""
        # A reply may list the job, and others before it.
        rows = found if isinstance(found, list) else [found]
        record = own_record(rows, job_id) or next(iter(rows), None)
        word = record.get("status") if isinstance(record, dict) else record
        # Inferred from sibling services: an unknown ID may also come as 200 with an empty job.
        if word is None or word == "":
            return UnknownJob("the reply's job is empty", headers.get("Date", ""))
        if not isinstance(word, str) or not isinstance(record, dict):
            return TransientFailure(f"the reply's job is not a record: {quote_body(body)}")
        if not is_same_id(record.get("id"), job_id):
            other = ascii(record.get("id"))[:_LONGEST_WORD]
            return TransientFailure(f"the reply is about another job: {other}")
        # Whoever waits knows the job by the ID that was asked for.
        job = self.read_record(record)
        if job.id != job_id:
            job = replace(job, id=job_id)
        return JobSeen(job, headers.get("Date", ""))

    def read_record(self, record: Mapping[str, Any]) -> Job:
        """Return the job that a record describes.

        Fields of a wrong type are left out of the typed fields and kept in `raw`.
        """
        table, get = self._table, record.get
        word, name = text(get("status")), text(first(record, table.job_name))
        return Job(
            text(first(record, table.job_id)).strip(),
            name,
            word,
            parse_time(first(record, table.created)),
            parse_time(first(record, table.ended)),
            percent(first(record, table.progress)),
            self._instance(record),
            text(get("fail_reason")) or None,
            record,
            self._phases.get(word.strip().casefold(), JobPhase.UNKNOWN),
            name[: len(table.deletions)].lower() == table.deletions,
            any(word in name.lower() for word in table.backups_follow),
        )

    def _instance(self, record: Mapping[str, Any]) -> Instance | None:
        table = self._table
        nested = first(record, table.nested_instance)
        if isinstance(nested, dict):
            instance_id = first(nested, ("id", table.instance_id))
            name = first(nested, ("name", table.instance_name))
        else:
            instance_id, name = record.get(table.instance_id), record.get(table.instance_name)
        found = Instance(text(instance_id), text(name))
        return found if found.id or found.name else None

    # ---- many jobs

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
        """Return the request for one page of the last month's jobs."""
        # At most 30 days apart; a minute ahead, since a job may be created meanwhile.
        start, end = (_list_time(self._table, moment + shift) for shift in (-_MONTH, _MINUTE))
        path = self._table.list_path.format(
            project=project_id,
            status=self._words[JobPhase.RUNNING if running else JobPhase.COMPLETED],
            start=start,
            end=end,
            offset=offset,
            limit=self._allowed(limit or self._table.page_size),
        )
        return Request("GET", endpoint + path)

    def _allowed(self, limit: int) -> int:
        """Return the smallest page that a list request may ask for and that holds so many."""
        sizes = self._table.page_sizes
        return min((size for size in sizes if size >= limit), default=max(sizes, default=limit))

    def read_list(self, status: int, headers: Mapping[str, str], body: bytes) -> JobPage | Problem:
        """Return what the reply to `list_jobs` means."""
        if status not in SUCCESS:
            return self._list_problem(status, headers, body)
        document = parse_json(body)
        records = document.get(self._table.list_key) if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(records, list):
            return TransientFailure(f"the reply lists no jobs: {quote_body(body)}")
        total = document.get(self._table.list_total)
        jobs = [self.read_record(each) for each in records if isinstance(each, dict)]
        return JobPage(jobs, _bounded(total) if isinstance(total, int) else len(records))

    def _list_problem(self, status: int, headers: Mapping[str, str], body: bytes) -> Problem:
        """Return why a list did not come; a refusal concerns lists only, except of credentials."""
        problem = read_problem(status, headers, body)
        # Partner clouds do not publish the list, and word that in several ways.
        if isinstance(problem, UnknownJob):
            return Refusal(status, error_msg=problem.message, scope=Scope.OPERATION)
        if isinstance(problem, Refusal) and not problem.refuses_credentials:
            permission = permission_hint(self._table.list_permission, "list jobs")
            hint = permission if status in DENIED else ""
            return replace(problem, scope=Scope.OPERATION, hint=hint)
        return problem

    # ---- one instance

    def poll_instance(self, endpoint: str, project_id: str, instance_id: str) -> Request:
        """Return the request that polls one instance."""
        # The ID comes from a reply, and JSON can hold half a surrogate pair, which has no bytes.
        escaped = quote(instance_id, safe="~", errors="replace")
        path = self._table.instance_path.format(project=project_id, id=escaped)
        return Request("GET", endpoint + path)

    def read_instance(
        self, instance_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> InstanceState | Problem:
        """Return what the reply to `poll_instance` means for the instance."""
        return self._instances.read(instance_id, status, headers, body)


def _new_request_of_job(endpoint: str, path: str, project_id: str, job_id: str) -> Request:
    escaped = job_id if _PLAIN_ID.fullmatch(job_id) else quote(job_id, safe="~")
    return Request("GET", endpoint + path.format(project=project_id, id=escaped))


# A job is polled many times.
_request_of_job = lru_cache(_MOST_REQUESTS)(_new_request_of_job)


def _bounded(total: int) -> int:
    """Return a total that can be calculated with: JSON holds numbers that no float does."""
    return max(0, min(total, _MOST_JOBS))


def _list_time(table: ServiceTable, moment: float) -> str:
    """Return a time of a list request, as the service writes it and a URL needs it."""
    if table.list_times is ListTimes.MILLISECONDS:
        return str(int(moment * 1000))
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H%%3A%M%%3A%S%%2B0000")
