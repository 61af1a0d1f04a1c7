"""The requests of `--check`, and what each reply says: connection, clock, polls and lists."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import uuid4

from ddswait import failure_kinds
from ddswait.credentials.checklist import CheckItem
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind, Refusal, Scope
from ddswait.runtime.transport import load
from ddswait.scheduler.actions import Renewed
from ddswait.service import regions
from ddswait.service.dates import seconds_since_epoch
from ddswait.service.error_codes import is_from_service
from ddswait.service.replies import Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from ddswait.runtime.client import Client
    from ddswait.service.replies import JobPage, JobReply, Problem

_CONNECTION = "connection"
_TIMEOUT = 30.0  # seconds for each request
_ROUNDED = 0.5  # seconds: a `Date` header has whole seconds, so the time was half a second later
_EXACT = 2.0  # seconds by which two clocks may differ that agree, as far as a `Date` shows
_CLOCK_LIMIT = 60.0  # seconds from which the clock is worth a warning; see CLOCK_HINT

_NETWORK_STEP = "check the endpoint, and the network and the proxy of this machine"
_KEY_STEP = "check that the credentials are of this project, and may poll its jobs"
_CLOCK_STEP = "set the clock of this machine: beyond 15 minutes, signatures are refused"
_LATER_STEP = "try again in a minute"
_LIST_STEP = "nothing: some clouds do not offer lists"
_WITHOUT_LISTS = "ddswait polls each job by itself"

_Reply = TypeVar("_Reply")


class Checked(NamedTuple):
    """What the requests found.

    Attributes:
        kind: how a wait would end now because of the connection or the credentials: completed if
            both are good.
        items: what was found, in the order of the requests.
        has_no_credentials: whether the credentials are wrong, so that no service accepts them.
    """

    kind: OutcomeKind
    items: list[CheckItem]
    has_no_credentials: bool = False


async def check_service(client: Client) -> Checked:
    """Obtain credentials, poll a job that does not exist, and request a list of one job."""
    load()  # the first request is timed without what it would import
    try:
        return await _check(client)
    finally:
        await client.close()


async def check_services(clients: Mapping[str, Client]) -> dict[str, Checked]:
    """Check several services, which share credentials.

    Only the first one is asked if it says that the credentials are wrong: whoever sends wrong
    ones more than five times is locked for a while.
    """
    (first, client), *rest = clients.items()
    checked = {first: await check_service(client)}
    if checked[first].has_no_credentials:
        item = CheckItem("", "failed", "not asked", f"get other credentials, see {first}")
        for _, each in rest:
            await each.close()
        return checked | {name: Checked(checked[first].kind, [item]) for name, _ in rest}
    replies = await asyncio.gather(*(check_service(each) for _, each in rest))
    return checked | {name: reply for (name, _), reply in zip(rest, replies, strict=True)}


def in_one_item(service: str, endpoint: str, checked: Checked) -> CheckItem:
    """Return what was found about one of several services.

    Args:
        service: its name.
        endpoint: its endpoint.
        checked: what was found.
    """
    wrong = [item for item in checked.items if item.state != "ok"]
    if not wrong:
        return CheckItem(service, "ok", f"polls and lists accepted at {endpoint}")
    failed = next((item for item in wrong if item.state == "failed"), None)
    if failed is None:
        text = "; ".join(f"{item.name}: {item.text}" for item in wrong)
        return CheckItem(service, "ok", f"polls accepted at {endpoint}; {text}")
    step = failed.next_step
    if failed.name == _CONNECTION:
        step = f"{step}; or the region has no {service}"
    text = f"{failed.name}: {failed.text} (at {endpoint})" if failed.name else failed.text
    return CheckItem(service, "failed", text, step)


async def _check(client: Client) -> Checked:
    if client.renews:
        lease = await _within_limit(client.renew())
        if not isinstance(lease, Renewed):
            failed = _failed("credentials", lease, client.endpoint)
            return failed._replace(has_no_credentials=True)
    # No job has this ID, so a service that accepts the credentials replies that it does not know
    # the job. It is well formed because services check the form too.
    reply, first, now = await _timed(client.poll_job(str(uuid4())))
    if isinstance(reply, TransientFailure | Throttled):
        return _failed(_CONNECTION, reply, client.endpoint)
    served_at = seconds_since_epoch(reply.date)
    clock = [] if served_at is None else [_clock(served_at, now - first / 2)]
    if isinstance(reply, Refusal) and not _concerns_only_the_job(reply):
        failed = _failed("polls", reply)
        items = [_connection(first), *clock, *failed.items]
        return Checked(failed.kind, items, reply.refuses_credentials)
    page, second, _ = await _timed(client.list_one(now if served_at is None else served_at))
    polls = CheckItem("polls", "ok", "accepted")
    return Checked(OutcomeKind.COMPLETED, [_connection(first, second), *clock, polls, _lists(page)])


async def _timed(request: Awaitable[_Reply]) -> tuple[_Reply | TransientFailure, float, float]:
    """Return a reply, the seconds that it took, and when it came by the clock of this machine."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    reply = await _within_limit(request)
    return reply, clock() - begin, time.time()


async def _within_limit(request: Awaitable[_Reply]) -> _Reply | TransientFailure:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await request
    except TimeoutError:
        return TransientFailure(
            f"nothing came within {_TIMEOUT:.0f} s", kind=failure_kinds.NO_REPLY
        )


def _concerns_only_the_job(refusal: Refusal) -> bool:
    """Whether the service itself replied and objects only to the job ID, which was made up."""
    return refusal.scope is Scope.JOB and is_from_service(refusal.error_code)


def _failed(name: str, problem: Problem | JobReply, endpoint: str = "") -> Checked:
    """Return that the credentials were refused, or that nothing replied at the endpoint."""
    if isinstance(problem, Refusal):
        item = CheckItem(name, "failed", f"refused: {problem}", problem.hint or _KEY_STEP)
        return Checked(OutcomeKind.REFUSED, [item])
    cause, step = "", _LATER_STEP
    if isinstance(problem, TransientFailure | Throttled):
        cause = problem.cause
    if isinstance(problem, TransientFailure):
        step = _network_step(problem.kind, regions.region_of(endpoint))
    item = CheckItem(name, "failed", f"no reply: {cause}", step)
    return Checked(OutcomeKind.UNREACHABLE, [item])


def _network_step(kind: str, region: str) -> str:
    """Return what to do about a host that cannot be reached.

    Args:
        kind: of the failure.
        region: of the endpoint; "" if its host names none.
    """
    if kind not in failure_kinds.UNRESOLVED:
        return _NETWORK_STEP
    if region and region not in regions.REGIONS:
        return f"correct the region {region!r}: {regions.suggestion(region) or regions.CHECK_NAME}"
    return f"check that the {'region' if region else 'endpoint'} is right; then {_NETWORK_STEP}"


def _connection(first: float, second: float | None = None) -> CheckItem:
    """Return how long replies take, without and with a new connection."""
    later = "" if second is None else f", the next one {second * 1000:.0f} ms"
    return CheckItem(_CONNECTION, "ok", f"the first reply took {first * 1000:.0f} ms{later}")


def _clock(served_at: float, now: float) -> CheckItem:
    """Compare the clock of this machine with that of the service.

    Args:
        served_at: what the reply states, in seconds since 1970.
        now: the time here when the reply was made, as far as is known.
    """
    behind = served_at + _ROUNDED - now
    if abs(behind) <= _EXACT:
        return CheckItem("clock", "ok", "agrees with that of the service")
    way = "behind" if behind > 0 else "ahead of"
    text = f"{duration(abs(behind))} {way} that of the service"
    if abs(behind) < _CLOCK_LIMIT:
        return CheckItem("clock", "ok", text)
    return CheckItem("clock", "warning", text, _CLOCK_STEP)


def _lists(page: JobPage | Problem) -> CheckItem:
    """Return whether jobs may be listed, which only saves requests."""
    match page:
        case Refusal():
            step = page.hint or _LIST_STEP
            return CheckItem("lists", "warning", f"refused: {page}; {_WITHOUT_LISTS}", step)
        case TransientFailure() | Throttled():
            return CheckItem("lists", "warning", f"no reply: {page.cause}", _LATER_STEP)
        case _:
            return CheckItem("lists", "ok", "permitted: one request replaces many polls")
