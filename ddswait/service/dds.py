"""The DDS API in bytes: question -> request, (status, headers, body) -> reply. No I/O.

Source: DDS API reference, "Obtaining Information About a Task with a Specified ID"
(ShowJobDetail) and "Error Codes"; the gateway's errors from the API Gateway reference.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ddswait.errors import ConfigurationError
from ddswait.job import Job
from ddswait.outcome import Refusal, Scope
from ddswait.service import error_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNKNOWN_JOB = "DBS.200543"
_BAD_PROJECT = "DBS.280408"
_API_ABSENT = ".0101"
_GATEWAY_BAD_REQUEST = ".0201"

_POLICY = re.compile(r"policy (user|ip|api)\b")
_LIMIT = re.compile(r"limit:\s*(\d{1,9}),\s*time:\s*(\d{1,9})\s*(second|minute|hour|day)")
_UNIT = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_SHOWN = 200
_LONGEST_RETRY_AFTER = 86400.0
_MINUTE = 60.0
_MONTH = 30 * 86400.0 - 2 * _MINUTE
# A clock outside these years is none: a month before or after it may not even be a date.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


class Request(NamedTuple):
    """One HTTP request, complete but for `HEADERS` and its authentication."""

    method: str
    url: str
    body: bytes = b""

    def __repr__(self) -> str:
        # The body may hold a password.
        return f"Request({self.method!r}, {self.url!r}, {len(self.body)} bytes)"


class Running(NamedTuple):
    """The job is known and not over; its status may be one that DDS does not document.

    Most replies are this one and tell nothing new, so the record stays as it came.
    """

    record: Mapping[str, Any]
    date: str = ""
    """The `Date` header: the server's own clock."""


class Completed(NamedTuple):
    """The job is over and succeeded."""

    job: Job


class Failed(NamedTuple):
    """The job is over and did not succeed."""

    job: Job


class UnknownJob(NamedTuple):
    """DDS does not know the job ID: not yet, no longer, or not at all."""

    said: str
    date: str = ""


class TransientFailure(NamedTuple):
    """The look failed for a reason that says nothing of the job; `retry_after` in seconds."""

    cause: str
    retry_after: float = 0.0


class Throttled(NamedTuple):
    """Too many requests: `limit` requests in `window` seconds, where the reply states them.

    `policy` is `user`, `ip` or `api`: whom the limit counts; "" where that is not stated.
    """

    cause: str
    retry_after: float = 0.0
    limit: int | None = None
    window: float | None = None
    policy: str = ""


class JobPage(NamedTuple):
    """One page of a list of tasks, and how many there are on all pages."""

    records: Sequence[Mapping[str, Any]]
    total: int


class InstanceState(NamedTuple):
    """What is known of an instance: whether it exists, its status, the operations under way."""

    found: bool
    status: str = ""
    actions: tuple[str, ...] = ()


Reply = Running | Completed | Failed | UnknownJob | TransientFailure | Throttled | Refusal

HEADERS = {"Content-Type": "application/json", "X-Language": "en-us"}
"""Go with every request. `X-Language` asks for English messages, as other clients do."""


def check_project_id(project_id: str) -> str:
    """Return the project ID if it can be one.

    Raises:
        ConfigurationError: it is empty or holds anything but letters, digits, `-` and `_`.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", project_id):
        raise ConfigurationError(
            f"project ID {project_id[:_SHOWN]!r} is none: it is the 32 hex digits "
            "under 'My Credentials' in the console"
        )
    return project_id


def show_job(endpoint: str, project_id: str, job_id: str) -> Request:
    """Return the request that asks about one job (ShowJobDetail, v3)."""
    url = f"{endpoint}/v3/{project_id}/jobs?id={quote(job_id, safe='~')}"
    return Request("GET", url)


def read_show_job(job_id: str, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Return what a reply to `show_job` means for the job.

    Args:
        job_id: the job that was asked about.
        status: the HTTP status.
        headers: the reply's headers, looked up case-insensitively.
        body: the reply's body, whatever it holds.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - the range that HTTP calls successful
        return _read_record(job_id, headers, body)
    return read_error(status, headers, body)


def _read_record(job_id: str, headers: Mapping[str, str], body: bytes) -> Reply:
    document = _parse(body)
    if not isinstance(document, dict) or "job" not in document:
        return TransientFailure(f"the reply holds no job: {_start(body)}")
    record = document["job"]
    status = record.get("status") if isinstance(record, dict) else record
    # Inferred from sibling services: an unknown ID may also come as 200 with an empty job.
    if status is None or status == "":
        return UnknownJob("the reply's job is empty", headers.get("Date", ""))
    if not isinstance(status, str) or not isinstance(record, dict):
        return TransientFailure(f"the reply's job is no record: {_start(body)}")
    if record.get("id") != job_id:
        return TransientFailure(
            f"the reply is about another job: {ascii(record.get('id'))[:_SHOWN]}"
        )
    if status == "Completed":
        return Completed(Job.from_record(record))
    return (
        Failed(Job.from_record(record))
        if status == "Failed"
        else Running(record, headers.get("Date", ""))
    )


def list_tasks(  # noqa: PLR0913, PLR0917 - the parameters that the reference documents
    endpoint: str, project_id: str, status: str, moment: float, offset: int, limit: int
) -> Request:
    """Return the request for one page of the last month's tasks (ListTasks, v3.1).

    Args:
        endpoint: of DDS.
        project_id: of the tasks.
        status: `Running` or `Completed`.
        moment: the present by the server's clock, in seconds since 1970.
        offset: of the page's first task.
        limit: how many tasks, 100 at the most.
    """
    # At most 30 days apart; a minute to come, since a task may be created meanwhile.
    start, end = (
        datetime.fromtimestamp(moment + shift, UTC).strftime("%Y-%m-%dT%H%%3A%M%%3A%S%%2B0000")
        for shift in (-_MONTH, _MINUTE)
    )
    # Sorted, as a signature has it: what is signed is then what is sent.
    query = f"end_time={end}&limit={limit}&offset={offset}&start_time={start}&status={status}"
    return Request("GET", f"{endpoint}/v3.1/{project_id}/jobs?{query}")


def read_list(
    status: int, headers: Mapping[str, str], body: bytes
) -> JobPage | TransientFailure | Throttled | Refusal:
    """Return the tasks of a reply to `list_tasks`, or what else it means."""
    if 200 <= status < 300:  # noqa: PLR2004
        document = _parse(body)
        records = document.get("jobs") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(records, list):
            return TransientFailure(f"the reply lists no tasks: {_start(body)}")
        total = document.get("total_count")
        known = [each for each in records if isinstance(each, dict)]
        return JobPage(known, total if isinstance(total, int) else len(records))
    reply = read_error(status, headers, body)
    # "Not known" has no meaning here: it is one more way to say that there is no such list.
    if isinstance(reply, UnknownJob):
        return Refusal(status, error_msg=reply.said)
    return (
        reply
        if isinstance(reply, TransientFailure | Throttled | Refusal)
        else TransientFailure("no list")
    )


def show_instance(endpoint: str, project_id: str, instance_id: str) -> Request:
    """Return the request that asks about one instance."""
    return Request("GET", f"{endpoint}/v3/{project_id}/instances?id={quote(instance_id, safe='~')}")


def read_instance(
    status: int, headers: Mapping[str, str], body: bytes
) -> InstanceState | TransientFailure | Throttled | Refusal:
    """Return the instance of a reply to `show_instance`, or what else it means."""
    if not 200 <= status < 300:  # noqa: PLR2004
        reply = read_error(status, headers, body)
        return (
            reply
            if isinstance(reply, TransientFailure | Throttled | Refusal)
            else InstanceState(found=False)
        )
    document = _parse(body)
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        return TransientFailure(f"the reply holds no instances: {_start(body)}")
    first = next((each for each in instances if isinstance(each, dict)), None)
    if first is None:
        return InstanceState(found=False)
    actions = first.get("actions")
    pending = tuple(str(each)[:_SHOWN] for each in actions) if isinstance(actions, list) else ()
    return InstanceState(found=True, status=str(first.get("status"))[:_SHOWN], actions=pending)


def moment_of(date: str) -> float | None:
    """Return a `Date` header in seconds since 1970; None outside the years 2000 to 2100."""
    try:
        moment = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if _EARLIEST < moment < _LATEST else None


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Return what a reply outside 200 to 299 means: transient, fatal or `not known`.

    - 401, 403 and 407 refuse the credentials, the permission or the proxy's user: fatal for all.
    - 400 and 404 `DBS.200543`, and 404 with any other `DBS.` code: the job ID is not known.
    - 404 `.0101`, 400 `.0201` and `DBS.280408`: wrong host, request or project: fatal for all.
    - 429: throttled. 408, 425, 3xx and 5xx: a fault, ask again later.
    - Any other 4xx is fatal for this job if the API itself said it, in an error body; without
      one, something between us and the API spoke: a fault.
    """
    code, message = _read_error_body(body)
    date = headers.get("Date", "")
    said = Refusal(
        status,
        code,
        message or _start(body),
        headers.get("X-Request-Id", ""),
        hint=error_codes.hint_of(code, date),
        date=date,
    )
    if status == 429:  # noqa: PLR2004
        return _throttled(said, headers)
    if status in {401, 403, 407}:
        return _for_all(said)
    if status in {400, 404} and _is_unknown_job(status, code):
        return UnknownJob(str(said), said.date)
    if not 400 <= status < 500 or status in {408, 425} or not code:  # noqa: PLR2004
        return TransientFailure(_cause(said, headers), _retry_after(headers))
    everywhere = code == _BAD_PROJECT or code.endswith((_API_ABSENT, _GATEWAY_BAD_REQUEST))
    return _for_all(said) if everywhere else said


def _for_all(refusal: Refusal) -> Refusal:
    return replace(refusal, scope=Scope.EVERYTHING)


def _is_unknown_job(status: int, code: str) -> bool:
    return code == UNKNOWN_JOB or (status == 404 and code.startswith("DBS."))  # noqa: PLR2004


def _cause(said: Refusal, headers: Mapping[str, str]) -> str:
    target = headers.get("Location")
    return f"{said}, redirected to {target[:_SHOWN]!r}: not followed" if target else str(said)


def _throttled(said: Refusal, headers: Mapping[str, str]) -> Throttled:
    retry_after = _retry_after(headers)
    stated = _LIMIT.search(said.error_msg)
    if stated is None or not int(stated[1]) or not int(stated[2]):
        return Throttled(str(said), retry_after)
    window = int(stated[2]) * _UNIT[stated[3]]
    policy = _POLICY.search(said.error_msg)
    whom = policy[1] if policy else ""
    return Throttled(str(said), retry_after, int(stated[1]), window, whom)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that the reply asks to wait, 0.0 for none; never beyond a day."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return min(float(told[:9]), _LONGEST_RETRY_AFTER)
    try:
        # The reply's own Date is the only clock that an HTTP date may be held against here.
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return 0.0
    return min(max(wait.total_seconds(), 0.0), _LONGEST_RETRY_AFTER)


def _read_error_body(body: bytes) -> tuple[str, str]:
    """Return (error code, message), "" for what is absent; every shape seen in the family."""
    document = _parse(body)
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        document = document["error"]
    if not isinstance(document, dict):
        return "", ""
    code = _first(document, "error_code", "errorCode", "errCode", "code")
    return code, _first(document, "error_msg", "errorMsg", "error_message", "message")


def _first(document: Mapping[str, Any], *names: str) -> str:
    found = (document[name] for name in names if isinstance(document.get(name), str))
    return next(found, "")


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _start(body: bytes) -> str:
    text = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return (text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...") or "an empty body"
