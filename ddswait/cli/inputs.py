"""Job IDs from arguments, from lines, and from the replies of operations that started jobs."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from ddswait.cli.escaping import safe
from ddswait.cli.id_list import WHITE, split, unquoted
from ddswait.cli.instances import check_key, check_ready, is_order, named, of_order
from ddswait.cli.named import Named
from ddswait.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHOWN = 200
_LONGEST_LABEL = 64


NO_JOB = "no job ID: pass the job_id of a reply as an argument, or '-' to read standard input"


class Found(NamedTuple):
    """What a text contains.

    Attributes:
        jobs: the jobs, as often as the text names them.
        not_started: the operations that were refused, so that they started no job.
        labels_are_chosen: whether a person chose the labels; else they are names of instances.
    """

    jobs: list[Named]
    not_started: list[str]
    labels_are_chosen: bool = True

    @property
    def job_ids(self) -> list[str]:
        """The IDs of the jobs."""
        return [job.job_id for job in self.jobs]


def jobs(
    arguments: Sequence[str],
    stdin: TextIO,
    stderr: TextIO,
    *,
    instances: Sequence[str] = (),
    ready: bool = False,
) -> list[Named]:
    """Return the jobs and instances to wait for, each once, in their first order.

    Args:
        arguments: `ID` or `LABEL=ID`; `-` stands for the content of standard input.
        stdin: is read only for a `-`.
        stderr: gets a warning for each operation that was not started, and a prompt on a terminal.
        instances: `ID` or `LABEL=ID` of instances to wait for without a job.
        ready: whether instances are waited for.

    Raises:
        InputError: an ID or a label is invalid, two jobs have the same label, or there is an
            instance but `ready` is False.
    """
    found_jobs: list[Named] = []
    suggested: dict[str, str] = {}
    for argument in dict.fromkeys(arguments):
        if argument != "-":
            found_jobs += map(_named, split(argument))
            continue
        if stdin.isatty():
            stderr.write("reading job IDs from standard input, one per line; end with Ctrl-D\n")
        found = from_text(_decode(stdin.buffer.read()), ready=ready)
        for job in found.jobs:
            found_jobs.append(job if found.labels_are_chosen else Named(job.job_id))
            suggested.setdefault(job.job_id, "" if found.labels_are_chosen else job.label)
        stderr.writelines(f"ddswait: warning: {refused}\n" for refused in found.not_started)
    found_jobs.extend(checked(named(text)) for text in instances)
    check_ready([each.job_id for each in found_jobs], ready=ready)
    return _with_suggestions(unique(found_jobs), suggested)


def _with_suggestions(jobs: Sequence[Named], suggested: dict[str, str]) -> list[Named]:
    """Label jobs as a reply suggests, except those that have a label or would share one."""
    taken = Counter(each.label or suggested.get(each.job_id, "") for each in jobs)
    taken.update(each.job_id for each in jobs)
    return [
        Named(each.job_id, label)
        if not each.label and taken[label := suggested.get(each.job_id, "")] == 1
        else each
        for each in jobs
    ]


def _named(text: str) -> Named:
    """Return the job that `ID` or `LABEL=ID` names."""
    label, equals, job_id = text.partition("=")
    return checked(Named(unquoted(job_id), label) if equals else Named(text))


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
    return job


def unique(found: Sequence[Named]) -> list[Named]:
    """Return each job once.

    Raises:
        InputError: two jobs have the same label, or one job has two.
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
        once[job.job_id] = job if known is None or job.label else known
    return list(once.values())


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"standard input is not UTF-8 text (byte {error.start}): "
            "pipe job IDs, or a JSON reply that contains them; "
            f"{_printed(data[: 4 * _SHOWN].decode(errors='backslashreplace'))}"
        ) from None


def from_text(text: str, *, ready: bool = False) -> Found:
    """Return the jobs of a text: job IDs, one per line, or any JSON documents.

    Args:
        text: what standard input holds.
        ready: whether instances are waited for, so that an order stands for its instance.

    Raises:
        InputError: the text contains no job ID, or an invalid one.
    """
    if text.lstrip(WHITE)[:1] in {"{", "["}:
        return _from_documents(text, ready=ready)
    found: list[Named] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        stripped = line.strip(WHITE)
        if not stripped:
            continue
        if _is_prose(stripped):
            raise InputError(
                f"standard input, line {number} is neither a job ID nor JSON: pipe one job ID "
                f"per line, or a JSON reply; {_printed(' '.join(lines[number - 1 :][:_SHOWN]))}"
            )
        with _at(f"line {number}"):
            found += map(_named, split(stripped))
    if not found:
        raise InputError("no job ID on standard input: did the command before the pipe fail?")
    return Found(found, [])


def _is_prose(line: str) -> bool:
    """Whether a line has words, as the message of a command that failed does."""
    return any(len(part.partition("=")[2].split() or part.split()) > 1 for part in line.split(","))


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Let an error say where on standard input the text stands."""
    try:
        yield
    except InputError as error:
        raise InputError(f"standard input, {place}: {error}") from None


def _from_documents(text: str, *, ready: bool) -> Found:
    jobs: list[Named] = []
    refused: list[str] = []
    problems: list[str] = []
    for number, document in enumerate(_documents(text), 1):
        jobs.extend(_from_document(document, f"JSON document {number}", ready=ready))
        for entry in _entries(document):
            if "error_code" in entry and "job_id" not in entry:
                problem = _problem(entry)
                refused.append(f"not started, so ddswait does not wait for it: {problem}")
                problems.append(problem)
    if not jobs:
        reason = f"the reply says {problems[0]}" if problems else _printed(text)
        raise InputError(f"no job_id in the JSON on standard input; {reason}")
    return Found(jobs, refused, labels_are_chosen=False)


def _from_document(document: object, place: str, *, ready: bool) -> list[Named]:
    """Return the jobs of a document, and the instances of its orders."""
    orders = [entry for entry in _entries(document) if is_order(entry)]
    found = [entry for entry in _entries(document) if isinstance(entry.get("job_id"), str)]
    return [Named(_key(entry, place, ready=ready), _label(entry)) for entry in found or orders]


def _key(entry: dict[str, Any], place: str, *, ready: bool) -> str:
    """Return the job ID of a reply, or the key of the instance that was ordered."""
    if is_order(entry):
        return of_order(entry, f"standard input, {place}", ready=ready)
    with _at(place):
        return checked(Named(entry["job_id"])).job_id


def _label(entry: dict[str, Any]) -> str:
    """Return the instance's name if it is a valid label, else ""."""
    nested = entry.get("instance")
    name = entry.get("name") or entry.get("instance_name")
    if not name and isinstance(nested, dict):
        name = nested.get("name")
    try:
        return checked(Named("x", name)).label if isinstance(name, str) else ""
    except InputError:
        return ""


def _problem(entry: dict[str, Any]) -> str:
    instance = f"instance {_short(entry['instance_id'])}: " if "instance_id" in entry else ""
    message = entry.get("error_message") or entry.get("error_msg") or ""
    return safe(f"{instance}{_short(entry['error_code'])} {_short(message)}".rstrip())


def _printed(text: str) -> str:
    """Quote standard input, which may say why the command before the pipe failed."""
    words = " ".join(text[: 4 * _SHOWN].split())
    return f"the command before the pipe printed: {safe(words, _SHOWN)}"


def _short(value: object) -> str:
    import json

    text = value if isinstance(value, str) else json.dumps(value)
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _documents(text: str) -> Iterator[object]:
    import json  # late: IDs among the arguments are checked without it

    decoder = json.JSONDecoder()
    place, end = 0, len(text)
    while place < end:
        if text[place] in WHITE:
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise InputError(
                f"standard input is not valid JSON: {error.msg} at line {error.lineno}, "
                f"column {error.colno}; {_printed(text[place:])}"
            ) from None
        except (RecursionError, ValueError):
            raise InputError("standard input is JSON that is nested too deeply") from None
        yield document


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
