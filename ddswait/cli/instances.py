"""Instances that are waited for without a job: from options, and from replies to orders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddswait.cli.named import Named
from ddswait.errors import InputError
from ddswait.service.instance_suffixes import service_of_instance
from ddswait.service.job_ids import INSTANCE, check_instance_id, check_job_id, instance_of
from ddswait.service.registry import DEFAULT, canonical, is_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_SHOWN = 60  # characters
_WITH_SERVICE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):([^\s/].*|)")


def named(text: str) -> Named:
    """Return the instance that `ID` or `LABEL=ID` names; `SERVICE:` may stand before the ID.

    Raises:
        InputError: the instance ID is invalid, or there is no such service.
    """
    label, _, rest = text.rpartition("=")
    service, instance_id = with_service(rest)
    return Named(f"{INSTANCE}{check_instance_id(instance_id)}", label, service)


def with_service(text: str) -> tuple[str, str]:
    """Return the service that a text such as `rds:ID` names, or "", and the rest of the text.

    Raises:
        InputError: there is no such service.
    """
    found = _WITH_SERVICE.fullmatch(text)
    if found is None or text.startswith(INSTANCE):
        return "", text
    name, rest = found.groups()
    # "rds:" lacks the value of a variable, and "error:" is the end of another program's message.
    return ("", text) if not rest and not is_service(name) else (canonical(name), rest)


def check_key(key: str) -> None:
    """Check a job ID, or the key of an instance.

    Raises:
        InputError: the ID is invalid.
    """
    if str(key).startswith(INSTANCE):
        check_instance_id(instance_of(key))
    else:
        service = service_of_instance(str(key))
        prefix = "" if service in {"", DEFAULT} else f"{service}:"
        check_job_id(key, instead=f"--ready --instance {prefix}{{}}")


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


def instance_ids(entry: dict[str, Any]) -> Iterator[str]:
    """Yield what may be the ID of the instance of a reply: services put it in several places."""
    nested = entry.get("instance")
    inner = nested.get("id") if isinstance(nested, dict) else None
    for found in (inner, entry.get("id"), entry.get("instance_id")):
        if found and isinstance(found, str):
            yield found


def of_order(entry: dict[str, Any], *, ready: bool) -> str:
    """Return the key of the instance that was ordered.

    Args:
        entry: the reply to an order, with the ID of the instance.
        ready: whether instances are waited for.

    Raises:
        InputError: the order cannot be waited for; the message says what to do.
    """
    order = ascii(entry["order_id"])[:_SHOWN]
    instance_id = next(instance_ids(entry), "")
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
