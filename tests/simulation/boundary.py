"""Turns what the modelled service sends into what the scheduler takes, through ddswait's parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import Renewed
from ddswait.service.dds import SERVICE
from ddswait.service.replies import Throttled, TransientFailure
from tests.simulation.response import Says

if TYPE_CHECKING:
    from ddswait.scheduler.scheduler import Reply
    from tests.simulation.response import Response


def job_reply(job_id: str, response: Response) -> Reply:
    """Return the reply to a poll of a job."""
    if not response.status:
        return TransientFailure("the connection broke")
    return SERVICE.read_job(job_id, response.status, response.headers, response.body)


def instance_reply(instance_id: str, response: Response) -> Reply:
    """Return the reply to a poll of an instance."""
    if not response.status:
        return TransientFailure("the connection broke")
    return SERVICE.read_instance(instance_id, response.status, response.headers, response.body)


def list_reply(response: Response) -> Reply:
    """Return the reply to a list request."""
    if not response.status:
        return TransientFailure("the connection broke")
    return SERVICE.read_list(response.status, response.headers, response.body)


def renewal_reply(response: Response) -> Reply:
    """Return the reply to a renewal, as a provider of credentials returns it."""
    match response.says:
        case Says.RENEWED:
            return Renewed(response.renew_in, response.same)
        case Says.THROTTLED:
            return Throttled("too many renewals", response.retry_after)
        case Says.BAD_CREDENTIALS:
            return Refusal(401, error_msg="wrong password", scope=Scope.EVERYTHING)
        case _:
            return TransientFailure("no credentials came", response.retry_after)
