"""Instances that are waited for without a job: from options, and from replies to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.service.job_ids import INSTANCE, check_instance_id, check_job_id, instance_of

if TYPE_CHECKING:
    from collections.abc import Iterable


_SHOWN = 60  # characters


def named(text: str) -> Named:
    """Return the instance that `ID` or `LABEL=ID` names.

    Raises:
        InputError: the instance ID is invalid.
    """
    label, _, instance_id = text.rpartition("=")
    return Named(f"{INSTANCE}{check_instance_id(instance_id)}", label)


def check_key(key: str) -> None:
    """Check a job ID, or the key of an instance.

    Raises:
        InputError: the ID is invalid.
    """
    if str(key).startswith(INSTANCE):
        check_instance_id(instance_of(key))
    else:
        check_job_id(key, instead="--ready --instance {}")


def check_ready(keys: Iterable[str], *, ready: bool) -> None:
    """Refuse instances without `--ready`.

    Raises:
        InputError: a key is that of an instance.
    """
    first = next((each for each in map(instance_of, keys) if each), "")
    if first and not ready:
        raise InputError(
            f"--instance {first} needs --ready: ddswait waits until the instance is ready"
        )


def is_order(entry: dict[str, Any]) -> bool:
    """Return whether an entry is the reply to an order: with an `order_id` and without a job."""
    return bool(entry.get("order_id")) and not entry.get("job_id")


def of_order(entry: dict[str, Any], *, ready: bool) -> str:
    """Return the key of the instance that was ordered.

    Args:
        entry: the reply to an order, with the `id` of the instance.
        ready: whether instances are waited for.

    Raises:
        InputError: the order cannot be waited for; the message says what to do.
    """
    order = ascii(entry["order_id"])[:_SHOWN]
    instance_id = entry.get("id") or entry.get("instance_id") or ""
    try:
        check_instance_id(instance_id)
    except InputError:
        raise InputError(
            f"{order} is an order, which has no job; the reply names no instance to wait "
            "for: find its ID in the console, then use --ready --instance ID"
        ) from None
    if not ready:
        raise InputError(
            f"{order} is an order, which has no job to wait for: add --ready to wait "
            f"until its instance {instance_id} is ready"
        )
    return f"{INSTANCE}{instance_id}"
