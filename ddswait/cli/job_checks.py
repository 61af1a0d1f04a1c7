"""Checks job IDs and labels: each alone, and all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe
from ddswait.cli.id_list import split, unquoted
from ddswait.cli.instances import check_key, with_service
from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.service.job_ids import service_before
from ddswait.service.registry import canonical, is_service, is_unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 200
_LONGEST_LABEL = 64

NO_JOB = (
    "no job ID: pass the job_id of a reply as an argument, or '-' to read standard input; "
    "ddswait --help lists the options, and ddswait --demo shows a run without a cloud"
)


def parse(text: str) -> list[Named]:
    """Return the jobs that `ID`, `LABEL=ID` or several of them joined by commas name.

    `SERVICE:` before an ID names its service, and that of those behind the next commas:
    TaurusDB joins the IDs of one reply so.

    Raises:
        InputError: an ID or a label is invalid, or a service does not exist; the message quotes it.
    """
    jobs: list[Named] = []
    service = ""
    for part in split(text):
        job = _named(part)
        service = job.service or service
        jobs.append(job._replace(service=service))
    return jobs


def _named(text: str) -> Named:
    label, equals, job_id = text.partition("=")
    if equals and not label:
        raise InputError(
            f"{ascii(text)[:_SHOWN]} has no name before '=': give one, such as orders=ID, or the "
            "job ID alone"
        )
    try:
        service, key = with_service(unquoted(job_id) if equals else text)
    except InputError as error:
        name = text.partition(":")[0]
        if equals or is_unsupported(name):
            raise
        raise InputError(
            f"{error}; if {name!r} is your name for the job, write {name}=ID"
        ) from None
    other, rest = service_before(key)
    if other:
        check_key(rest)
        given = f"{label}={other}:{rest}" if equals else f"{other}:{rest}"
        raise InputError(
            f"job ID {ascii(key)[:_SHOWN]} begins with a service: write {safe(given, _SHOWN)}"
        )
    return checked(Named(key, label if equals else "", service))


def checked(job: Named) -> Named:
    """Return a job if its ID and its label are valid.

    Raises:
        InputError: one of them is invalid; the message quotes it.
    """
    check_key(job.job_id)
    if safe(job.job_id) != job.job_id:
        raise InputError(
            f"invalid job ID {ascii(job.job_id)[:_SHOWN]}: a CI runner would read it as a command"
        )
    label = job.label
    bad = "=" in label or "," in label or unquoted(label) != label or label.startswith("-")
    if bad or safe(label) != label or len(label) > _LONGEST_LABEL:
        raise InputError(
            f"invalid label {ascii(label)[:_SHOWN]}: use at most {_LONGEST_LABEL} printable "
            "characters without '=', ',' and quotes around them that do not start with '-' and do "
            "not command a CI system, such as orders=JOB_ID"
        )
    service, colon, name = label.partition(":")
    if colon and is_service(service):
        raise InputError(
            f"label {ascii(label)[:_SHOWN]} begins with a service: put the service before the ID, "
            f"as in {name or 'orders'}={canonical(service)}:ID"
        )
    return job


def check_services(chosen: Sequence[Named], usual: str) -> None:
    """Refuse a job that is named for two services: a job ID stands for one wait.

    Args:
        chosen: the jobs that a person named; several may be the same.
        usual: the service of those that name none.

    Raises:
        InputError: one job has two services; the message names them.
    """
    services: dict[str, str] = {}
    for job in chosen:
        service = job.service or usual
        if (other := services.setdefault(job.job_id, service)) != service:
            what = f"instance {job.instance_id}" if job.instance_id else f"job {job.job_id}"
            raise InputError(
                f"{what} is named for {other} and for {service}: choose one, such as "
                f"{service}:{job.instance_id or job.job_id}; to wait for both, run ddswait twice"
            )


def unique(found: Sequence[Named]) -> list[Named]:
    """Return each job once.

    Raises:
        InputError: two jobs have the same label, or one job has two labels.
    """
    labels: dict[str, str] = {}
    once: dict[str, Named] = {}
    for job in found:
        known = once.get(job.job_id)
        if known is not None and job.label and known.label and job.label != known.label:
            raise InputError(
                f"job {job.job_id} has two labels, {known.label!r} and {job.label!r}: choose one"
            )
        name = job.label or job.job_id
        if labels.setdefault(name, job.job_id) != job.job_id:
            raise InputError(
                f"{name!r} names two jobs, {labels[name]} and {job.job_id}: "
                "give each job its own label"
            )
        once[job.job_id] = job if known is None else _merged(known, job)
    return list(once.values())


def _merged(known: Named, job: Named) -> Named:
    return Named(job.job_id, job.label or known.label, job.service or known.service)
