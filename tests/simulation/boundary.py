"""Carries requests of the scheduler to the modelled service, and back what ddswait reads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait import failure_kinds
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollInstance, PollJob, RenewCredentials, Renewed
from ddswait.service.dds import SERVICE
from ddswait.service.replies import Throttled, TransientFailure
from tests.simulation.response import Says

if TYPE_CHECKING:
    from ddswait.scheduler.actions import Action
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.scheduler import Reply
    from tests.simulation.response import Response
    from tests.simulation.service import Service


def request(
    service: Service, action: Action, credentials: int, now: float
) -> tuple[Response, float]:
    """Return what a request brings, and after how many seconds.

    Args:
        service: the model.
        action: what the scheduler wants.
        credentials: the number of those that the request carries.
        now: seconds since the history began.
    """
    match action:
        case PollJob():
            return service.poll_job(action.poll.job_id, credentials, now)
        case PollInstance():
            return service.poll_instance(action.poll.job_id, credentials, now)
        case ListJobs():
            return service.list_jobs(action.running, action.offset, credentials, now)
        case RenewCredentials():
            return service.renew(now)


def reply(action: Action, response: Response) -> Reply:
    """Return what the scheduler takes for a response."""
    match action:
        case PollJob():
            return _job_reply(action.poll, response)
        case PollInstance():
            return _instance_reply(action.poll.instance_id, response)
        case ListJobs():
            return _list_reply(response)
        case RenewCredentials():
            return _renewal_reply(response)


def _broken(response: Response) -> TransientFailure:
    """Return the failure of a request without a reply, of a kind that says the same of the name."""
    kinds = {
        True: failure_kinds.CONNECTION_RESET,
        False: failure_kinds.DNS,
        None: failure_kinds.NO_REPLY,
    }
    return TransientFailure("the connection broke", kind=kinds[response.resolved])


def _job_reply(poll: JobPoll, response: Response) -> Reply:
    """Return the reply to a poll of a job."""
    if not response.status:
        return _broken(response)
    status, headers, body = response.status, response.headers, response.body
    return SERVICE.read_job(poll.job_id, status, headers, body, known=poll.job, digest=poll.digest)


def _instance_reply(instance_id: str, response: Response) -> Reply:
    """Return the reply to a poll of an instance."""
    if not response.status:
        return _broken(response)
    return SERVICE.read_instance(instance_id, response.status, response.headers, response.body)


def _list_reply(response: Response) -> Reply:
    """Return the reply to a list request."""
    if not response.status:
        return _broken(response)
    return SERVICE.read_list(response.status, response.headers, response.body)


def _renewal_reply(response: Response) -> Reply:
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
