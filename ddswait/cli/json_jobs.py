"""The jobs in JSON documents: replies of operations, outputs of Terraform, lists of job IDs.

`job_id` may be spelled `jobId`, `workflow_id` or `workflowId`, and `job_ids` and `jobIds` hold
several: a list, or an object whose keys are labels. TaurusDB joins several by commas; then each is
a job, with a number behind the label. `terraform output -json` prints `{"NAME": {"value": ...,
"type": ..., "sensitive": ...}}`: of its outputs, those count whose name ends in one of these
words, such as `orders_job_id`; what stands before it is the label.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ddswait.cli.escaping import safe
from ddswait.cli.id_list import WHITE
from ddswait.cli.instances import instance_ids, is_order, of_order
from ddswait.cli.job_checks import checked
from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.service.instance_suffixes import service_of_instance
from ddswait.service.job_ids import service_before, split_job_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 200
_JOB_ID = re.compile(r"(?:job|workflow)_?ids?", re.IGNORECASE)
_OUTPUT = re.compile(r"(?:(.*?)[-_])?(?:job|workflow)[-_]?ids?", re.IGNORECASE)
_TERRAFORM = {"value", "sensitive"}


class NotJsonError(Exception):
    """A text is not JSON, for the reason that the message gives.

    Args:
        reason: what it is instead.
        place: where the rest of the text begins that could not be read.
    """

    def __init__(self, reason: str, place: int = 0) -> None:
        super().__init__(reason)
        self.place = place


def documents(text: str) -> Iterator[object]:
    """Yield the JSON documents of a text, which may stand side by side.

    Raises:
        NotJsonError: the rest of the text is not JSON.
    """
    decoder = json.JSONDecoder()
    place, end = 0, len(text)
    while place < end:
        if text[place] in WHITE:
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise NotJsonError(f"not valid JSON: {error.msg} at {where}", place) from None
        except (RecursionError, ValueError):
            raise NotJsonError("JSON that is nested too deeply") from None
        yield document


def jobs_of(document: object, *, ready: bool) -> list[Named]:
    """Return the jobs of a document, and the instances of its orders.

    Each has the service that the end of its instance's ID tells, as long as nobody names one.

    Args:
        document: any JSON document.
        ready: whether instances are waited for, so that an order stands for its instance.

    Raises:
        InputError: a job ID is invalid, or an order cannot be waited for.
    """
    if _is_of_terraform(document):
        return _outputs(document)
    if isinstance(document, list) and document and all(isinstance(each, str) for each in document):
        return [job for each in document for job in _joined(each, "")]
    entries = list(_entries(document))
    if jobs := [job for entry in entries for job in _jobs_of_entry(entry, ready=ready)]:
        return jobs
    orders = [entry for entry in entries if is_order(entry)]
    return [_order(entry, ready=ready) for entry in orders]


def problems_of(document: object) -> list[str]:
    """Return why operations were refused, so that they started no job."""
    return [
        _problem(entry)
        for entry in _entries(document)
        if "error_code" in entry and not any(map(_JOB_ID.fullmatch, entry))
    ]


def _jobs_of_entry(entry: dict[str, Any], *, ready: bool) -> list[Named]:
    """Return the jobs that the keys of one object name, or the instance of its order."""
    values = [value for key, value in entry.items() if _JOB_ID.fullmatch(key)]
    if is_order(entry) and "" in values:
        return [_order(entry, ready=ready)]
    service = _service(entry)
    jobs = [job for value in values for job in _jobs_of_value(value, _label(entry))]
    return [job._replace(service=service) for job in jobs]


def _jobs_of_value(value: object, label: str) -> list[Named]:
    """Return the jobs of a value: an ID, a list of IDs, or an object of labels and IDs."""
    match value:
        case str():
            return _joined(value, label)
        case list():
            return [job for each in value if isinstance(each, str) for job in _joined(each, "")]
        case dict():
            named = [(key, each) for key, each in value.items() if isinstance(each, str)]
            return [job for key, each in named for job in _joined(each, _valid_label(key))]
        case _:
            return []


def _joined(value: str, label: str) -> list[Named]:
    """Return the job of an ID, or the jobs of several that are joined by commas."""
    ids = [_alone(part) for part in split_job_ids(value)]
    if len(ids) == 1 or not label:
        return [Named(job_id, label) for job_id in ids]
    return [Named(job_id, _valid_label(f"{label}-{at}")) for at, job_id in enumerate(ids, 1)]


def _alone(text: str) -> str:
    """Return a job ID that has no service before it.

    Raises:
        InputError: it has one, or cannot be a job ID.
    """
    service, _ = service_before(text)
    if service:
        raise InputError(
            f"job ID {ascii(text)[:_SHOWN]} begins with a service, which only arguments and lines "
            f"can name: give the job_id alone, and the service with --service {service}"
        )
    return checked(Named(text)).job_id


def _order(entry: dict[str, Any], *, ready: bool) -> Named:
    return Named(of_order(entry, ready=ready), _label(entry), _service(entry))


def _service(entry: dict[str, Any]) -> str:
    """Return the service that the instance of a reply seems to be of; "" if nothing tells."""
    return next(filter(None, map(service_of_instance, instance_ids(entry))), "")


def _is_of_terraform(document: object) -> bool:
    return (
        isinstance(document, dict)
        and bool(document)
        and all(isinstance(each, dict) and each.keys() >= _TERRAFORM for each in document.values())
    )


def _outputs(document: Any) -> list[Named]:  # noqa: ANN401 - _is_of_terraform has checked it
    """Return the jobs of the outputs of Terraform.

    Raises:
        InputError: no output is named as one of job IDs, or it has no job ID as its value.
    """
    outputs = [(found, document[name]) for name in document if (found := _OUTPUT.fullmatch(name))]
    if not outputs:
        names = ", ".join(map(repr, document))
        raise InputError(
            f"of the outputs of Terraform, {safe(names, _SHOWN)}, none has a name that ends in "
            "job_id or job_ids: rename the one with the job ID, or pipe its value with "
            "terraform output -raw NAME"
        )
    jobs = []
    for found, output in outputs:
        of_output = _jobs_of_value(output["value"], _valid_label(found[1] or ""))
        if not of_output:
            raise InputError(
                f"the output {found[0]!r} of Terraform has no job ID: its value is "
                f"{_short(output['value'])}; check that the operation has started a job"
            )
        jobs += of_output
    return jobs


def _label(entry: dict[str, Any]) -> str:
    """Return the instance's name if it is a valid label, else ""."""
    nested = entry.get("instance")
    name = entry.get("name") or entry.get("instance_name")
    if not name and isinstance(nested, dict):
        name = nested.get("name")
    return _valid_label(name) if isinstance(name, str) else ""


def _valid_label(name: str) -> str:
    """Return a name that nobody chose as a label, if it can be one; else ""."""
    try:
        return checked(Named("x", name)).label
    except InputError:
        return ""


def _problem(entry: dict[str, Any]) -> str:
    instance = f"instance {_short(entry['instance_id'])}: " if "instance_id" in entry else ""
    message = entry.get("error_message") or entry.get("error_msg") or ""
    return safe(f"{instance}{_short(entry['error_code'])} {_short(message)}".rstrip())


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _entries(document: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a document, in its order, however deep."""
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))
