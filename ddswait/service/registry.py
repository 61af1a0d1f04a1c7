"""The names of the services: one row for each, and what else users may call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddswait.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(NamedTuple):
    """One service.

    Attributes:
        module: its `SERVICE` speaks the API of the service.
        aliases: other names that users know.
        suffixes: how the IDs of its instances end, as seen in replies; no page promises it.
    """

    module: str
    aliases: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


DEFAULT = "dds"
VARIABLE = "DDSWAIT_SERVICE"
_SHOWN = 60
ROWS = {
    "dds": Row("ddswait.service.dds", (), ("in02",)),
    "rds": Row("ddswait.service.rds", (), ("in01", "in03", "in04")),
    "taurusdb": Row("ddswait.service.taurusdb", ("gaussdb-mysql", "gaussdbformysql"), ("in07",)),
    "gaussdb": Row("ddswait.service.gaussdb", ("opengauss", "gaussdb-opengauss"), ("in14",)),
    "geminidb": Row(
        "ddswait.service.geminidb", ("gaussdb-nosql", "nosql"), ("in06", "in10", "in12", "in13")
    ),
    "ddm": Row("ddswait.service.ddm", (), ("in09",)),
}
"""The registry, the default first."""

NAMES = tuple(ROWS)
"""The names of the services, the default first."""

# Source: the official SDKs. Users may try these, so a message says why they cannot be waited for.
_NO_JOB_API = {
    "css": "it has no job API: wait for the status of the cluster",
    "vpc": "it has no job API: its operations end with their reply",
}
_OTHER_JOB_API = frozenset(
    {"bms", "cce", "dcs", "dms", "dws", "ecs", "eip", "evs", "geip", "ims", "sfs-turbo"}
)


def canonical(name: str) -> str:
    """Return the name of a service, which may be given in capital letters or by an alias.

    Raises:
        InputError: no service has this name; the message suggests one, or lists those that exist.
    """
    if not isinstance(name, str):
        raise InputError(f"a service is text, not {type(name).__name__}: use one of {_listed()}")
    given, known = _plain(name), _known()
    if given in known:
        return known[given]
    raise InputError(_unknown(name, given, [*known]))


def is_service(name: str) -> bool:
    """Return whether a name is that of a service, or an alias of one."""
    return _plain(name) in _known()


def is_unsupported(name: str) -> bool:
    """Return whether a name is that of a service whose jobs ddswait cannot wait for."""
    return _plain(name) in {*_NO_JOB_API, *_OTHER_JOB_API}


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def aliases() -> dict[str, str]:
    """Return the name of the service for each of its aliases."""
    return {alias: name for name, row in ROWS.items() for alias in row.aliases}


def _known() -> dict[str, str]:
    """Return the service of each name and of each alias, names first."""
    return {name: name for name in ROWS} | aliases()


def chosen_in(env: Mapping[str, str], explicit: str = "") -> str:
    """Return the name of the service that the caller or `DDSWAIT_SERVICE` sets; "" for neither.

    Raises:
        InputError: no service has this name; the message names its origin.
    """
    if explicit:
        return canonical(explicit)
    try:
        return canonical(given) if (given := env.get(VARIABLE)) else ""
    except InputError as error:
        raise InputError(f"{VARIABLE}: {error}") from None


def service_in(env: Mapping[str, str], explicit: str = "") -> str:
    """Return the name of the service that the caller or `DDSWAIT_SERVICE` sets, or the default.

    Raises:
        InputError: no service has this name; the message names its origin.
    """
    return chosen_in(env, explicit) or DEFAULT


def _unknown(name: str, given: str, known: list[str]) -> str:
    if reason := _NO_JOB_API.get(given):
        return f"service {_shown(name)} is not supported, since {reason}"
    if given in _OTHER_JOB_API:
        return (
            f"service {_shown(name)} is not supported, since its job API is of another kind: "
            f"use one of {_listed()}"
        )
    from difflib import get_close_matches  # late: only a wrong name needs it

    near = get_close_matches(given, known)
    hint = f"did you mean {near[0]!r}? Known are" if near else "use one of"
    return f"unknown service {_shown(name)}: {hint} {_listed()}"


def _shown(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _listed() -> str:
    return ", ".join(ROWS)
