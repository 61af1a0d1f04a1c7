"""The rules for job, instance and project IDs, which hold for every service."""

from __future__ import annotations

import re

from ddswait.errors import ConfigurationError, InputError
from ddswait.service.registry import canonical, is_service

_LONGEST = 256  # documented IDs have 36 characters; the bound only keeps mistakes out of URLs
# With a dash, unlike the ID of an instance, which has 36 characters as well.
_LIKE_DOCUMENTED = re.compile(r"[0-9A-Za-z]{8}-[0-9A-Za-z-]{27}")
_BEFORE_AN_ID = re.compile(rf"(.*[:=])({_LIKE_DOCUMENTED.pattern})", re.DOTALL)
_SERVICE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)[:=](.*)", re.DOTALL)
_SHOWN = 60
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What programs print in place of a missing value.
_MISSING = frozenset({"null", "none", "nil", "undefined", "nan"})
# Parts of variables, templates, lists and quotes; no service uses them in its IDs.
_NOT_IN_AN_ID = re.compile(r"""%[^%]+%|[$<>{}()\[\]`'",;]""")
# How the message of a command that failed begins, where a job ID was to be printed.
_COMPLAINT = re.compile(r"(?:error|fatal|exception)\W*|.*:", re.IGNORECASE)
# Source: IDs in the replies of DDS and its sibling services; groups and nodes belong to instances.
_OTHER_ID = re.compile(r"[0-9a-f]{32}(in|no|gr)\d\d", re.IGNORECASE)
_OTHERS = {"in": "an instance", "no": "a node of an instance", "gr": "a group of an instance"}
# An order is named after the minute in which it was made, as CS2401161234ABCDE. No job ID begins
# with these letters and a date, so one that was cut or typed in small letters is recognised too.
_ORDER_ID = re.compile(r"CS\d{6}[0-9A-Z]{0,20}", re.IGNORECASE)
_PROJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

INSTANCE = "instance:"
"""What the key of an instance that is waited for without a job begins with; its ID follows."""


def instance_of(key: str) -> str:
    """Return the ID of the instance that a key names; "" for a job, whose key is its ID."""
    return key.removeprefix(INSTANCE) if key.startswith(INSTANCE) else ""


def split_job_ids(value: str) -> list[str]:
    """Return the job IDs of a `job_id`, in which TaurusDB joins several by commas.

    Source: Huawei's Terraform provider, for the creation of read replicas.
    """
    return [part.strip() for part in value.split(",")] if "," in value else [value]


def check_job_id(job_id: str, *, instead: str = "wait_for_instance({!r})") -> str:
    """Return `job_id` if it can be one.

    Args:
        job_id: what the caller has.
        instead: how the caller waits for an instance; `{}` stands for its ID.

    Raises:
        InputError: it is empty, longer than 256 characters, stands for a missing value, is a
            variable or a placeholder without its value, holds quotes, brackets, commas, white
            space or control characters, has a service or a label before it, or is the ID of an
            instance or an order; the message quotes it.
    """
    if not isinstance(job_id, str):
        raise InputError(f"a job ID is text, not {type(job_id).__name__}: {_shown(job_id)}")
    if _LIKE_DOCUMENTED.fullmatch(job_id):
        return job_id  # the rest would find nothing, and cost more than all else at a job's begin
    if not job_id:
        raise InputError("the job ID is empty: use the job_id of the reply that started the job")
    if len(job_id) > _LONGEST:
        raise InputError(
            f"job ID {_shown(job_id)} has {len(job_id)} characters, more than {_LONGEST}: "
            "give the job_id alone"
        )
    if job_id.lower() in _MISSING:
        raise InputError(
            f"job ID {_shown(job_id)} stands for a missing value: check that the operation has "
            "started a job, and use the job_id of its reply"
        )
    if found := _NOT_IN_AN_ID.search(job_id):
        raise InputError(
            f"job ID {_shown(job_id)} contains {_shown(found[0])}: give the job_id alone, and "
            "check that every variable and placeholder has its value"
        )
    if not job_id.isprintable() or " " in job_id:
        raise InputError(
            f"job ID {_shown(job_id)} contains white space or a control character: "
            "give each job ID alone, without quotes or line ends"
        )
    _check_kind(job_id, instead)
    return job_id


def _check_kind(job_id: str, instead: str) -> None:
    """Refuse what is certainly the ID of something else, or no ID."""
    if is_complaint(job_id):
        raise InputError(
            f"job ID {_shown(job_id)} is a word of a command that failed: check that the operation "
            "has started a job, and use the job_id of its reply"
        )
    service, rest = service_before(job_id)
    if service:
        check_job_id(rest, instead=instead)
        raise InputError(
            f"job ID {_shown(job_id)} begins with a service: give {_shown(rest)} alone, to a "
            f"Waiter(service={service!r})"
        )
    if found := _BEFORE_AN_ID.fullmatch(job_id):
        raise InputError(
            f"job ID {_shown(job_id)} has {_shown(found[1])} before the ID: give {found[2]!r} alone"
        )
    if found := _OTHER_ID.fullmatch(job_id):
        kind = found[1].lower()
        without_job = f"; without a job, use {instead.format(job_id)}" if kind == "in" else ""
        raise InputError(
            f"{_shown(job_id)} is the ID of {_OTHERS[kind]}, not of a job: use the job_id of the "
            f"reply that started the job{without_job}"
        )
    if _ORDER_ID.fullmatch(job_id):
        raise InputError(
            f"{_shown(job_id)} is the ID of an order, which has no job: use "
            f"{instead.format('ID')} with the ID of the instance, which is in the same reply"
        )


def service_before(text: str) -> tuple[str, str]:
    """Return the service before an ID, as in `rds:ID` or `rds=ID`, and the ID; "" for neither."""
    found = _SERVICE.fullmatch(text)
    return (canonical(found[1]), found[2]) if found and is_service(found[1]) else ("", "")


def is_complaint(text: str) -> bool:
    """Return whether a text looks like the beginning of what a failed command prints."""
    return _COMPLAINT.fullmatch(text) is not None


def check_instance_id(instance_id: str) -> str:
    """Return `instance_id` if it can be one.

    Raises:
        InputError: it is empty or holds anything but letters, digits, `-` and `_`.
    """
    if not isinstance(instance_id, str):
        raise InputError(
            f"an instance ID is text, not {type(instance_id).__name__}: {_shown(instance_id)}"
        )
    if not _INSTANCE_ID.fullmatch(instance_id):
        raise InputError(
            f"invalid instance ID {_shown(instance_id)}: use the ID of the instance in the console "
            "or in a reply, such as 5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02"
        )
    return instance_id


def check_project_id(project_id: str) -> str:
    """Return the project ID if it can be one.

    Raises:
        ConfigurationError: it is empty or holds anything but letters, digits, `-` and `_`.
    """
    if not _PROJECT_ID.fullmatch(project_id):
        raise ConfigurationError(
            f"invalid project ID {project_id[:_SHOWN]!r}: use the 32 hexadecimal digits under "
            "'My Credentials' in the console"
        )
    return project_id


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
