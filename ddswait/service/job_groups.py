"""What names several jobs at once: a collection of job IDs, or job IDs by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ddswait.errors import InputError
from ddswait.service.job_ids import check_job_id, split_job_ids

_SHOWN = 60
_LONGEST_LABEL = 256


def check_job_ids(jobs: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """Return the label of each job by its ID, in their order; "" for a job without a label.

    Args:
        jobs: job IDs, of which duplicates collapse; or a mapping of labels to job IDs. Several
            job IDs may be joined by commas, as TaurusDB replies.

    Raises:
        InputError: it is one string, or nothing that holds job IDs; one of the IDs or labels is
            invalid; or a job has two labels. The message quotes it.
    """
    if isinstance(jobs, Mapping):
        return _by_label(jobs)
    _check_collection(jobs)
    return {check_job_id(job_id): "" for each in jobs for job_id in _split(each)}


def _split(value: Any) -> list[Any]:  # noqa: ANN401 - check_job_id() refuses what is not text
    return split_job_ids(value) if isinstance(value, str) else [value]


def _check_collection(jobs: object) -> None:
    if isinstance(jobs, str | bytes | bytearray):
        what = "one string" if isinstance(jobs, str) else type(jobs).__name__
        raise InputError(
            f"job_ids is {what}, {_shown(jobs)}: give a list of job IDs, even for one job"
        )
    # A future is iterable too, for `await`.
    if not isinstance(jobs, Iterable) or hasattr(jobs, "__await__"):
        raise InputError(
            f"job_ids is {type(jobs).__name__}, {_shown(jobs)}: give a list of job IDs, or a "
            "dictionary of labels and job IDs"
        )


def _by_label(jobs: Mapping[str, str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    pairs = [(label, job_id) for label, each in jobs.items() for job_id in _split(each)]
    for label, job_id in pairs:
        check_label(label)
        if (other := labels.setdefault(check_job_id(job_id), label)) != label:
            raise InputError(
                f"job {_shown(job_id)} has two labels, {_shown(other)} and {_shown(label)}: "
                "choose one"
            )
    return labels


def check_label(label: str) -> str:
    """Return a label if it can be one; "" stands for none.

    Raises:
        InputError: it is not text, too long, or holds a line end or a control character.
    """
    if not isinstance(label, str):
        raise InputError(f"a label is text, not {type(label).__name__}: {_shown(label)}")
    if not label.isprintable() or len(label) > _LONGEST_LABEL:
        raise InputError(
            f"invalid label {_shown(label)}: use at most {_LONGEST_LABEL} printable characters"
        )
    return label


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
