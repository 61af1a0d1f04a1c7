"""Every kind of fault, in one table: what it does, and how one is drawn.

Each kind belongs to a stage. A request passes the stages in this order: the network, the gateway
(limits, errors, credentials), then the content of its reply. Lists, credentials and the caller's
own process have stages of their own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.simulation.plan import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Stage(enum.Enum):
    """Where a fault hits a request."""

    NETWORK = "between caller and service"
    LIMIT = "the gateway's rate limits"
    GATEWAY = "the gateway's errors and its check of the credentials"
    CONTENT = "what a reply says about a job"
    BODY = "the bytes of a reply"
    CLOCK = "the server's clock"
    LIST = "lists"
    RENEWAL = "the service that issues credentials"
    CALLER = "the caller's own process"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        stage: where it hits.
        does: what it does, in words.
        draw: sets the strength of one.
    """

    stage: Stage
    does: str
    draw: Callable[[Random], dict[str, object]]


def _share(low: float, high: float = 1.0) -> Callable[[Random], dict[str, object]]:
    return lambda chance: {"share": round(chance.uniform(low, high), 2)}


def _variants(
    *variants: str, numbers: tuple[float, ...] = (0.0,), low: float = 0.1
) -> Callable[[Random], dict[str, object]]:
    def draw(chance: Random) -> dict[str, object]:
        return {
            "share": chance.choice([1.0, round(chance.uniform(low, 1.0), 2)]),
            "variant": chance.choice(variants),
            "number": chance.choice(numbers),
        }

    return draw


_WINDOWS = (1.0, 60.0, 300.0, 3600.0)


def _limit(chance: Random) -> dict[str, object]:
    window = chance.choice(_WINDOWS)
    return {
        "share": chance.choice([1.0, 1.0, 0.5]),
        "number": float(max(1, round(window * chance.choice([0.1, 0.3, 0.7, 1.5, 4.0])))),
        "window": window,
        "variant": chance.choice(["user", "ip", "api", "figures", "bare", "retry"])
        + chance.choice(["", "+counts"]),
    }


def _throttling(chance: Random) -> dict[str, object]:
    return {
        "share": round(chance.uniform(0.02, 1.0), 2),
        "number": chance.choice([1.0, 5.0, 100.0, 600.0]),
        "window": chance.choice([1.0, 60.0, 300.0, 86400.0]),
        "variant": chance.choice(["user", "figures", "bare", "retry", "odd"]),
    }


KINDS: dict[str, Kind] = {
    "partition": Kind(Stage.NETWORK, "no packet passes: every request is silent", _share(1.0)),
    "lost": Kind(Stage.NETWORK, "the service works, and its replies are lost", _share(0.05)),
    "slow": Kind(
        Stage.NETWORK,
        "replies take `number` seconds more, so that they also come in another order",
        _variants("", numbers=(1.0, 5.0, 25.0, 60.0)),
    ),
    "reset": Kind(Stage.NETWORK, "connections break at once", _share(0.1)),
    "limit": Kind(
        Stage.LIMIT,
        "a real limit of `number` in `window` seconds, of which others use what `share` leaves; "
        "the 429 states what `variant` says",
        _limit,
    ),
    "429": Kind(
        Stage.LIMIT, "429s that follow no rule, and state what `variant` says", _throttling
    ),
    "5xx": Kind(
        Stage.GATEWAY,
        "server errors; `number` is their Retry-After",
        _variants("500", "502", "503", "504", "html", numbers=(0.0, 0.0, 5.0, 120.0)),
    ),
    "revoked": Kind(
        Stage.GATEWAY,
        "credentials issued before `begin` are refused from then on",
        _variants("0301", "0307", "0305"),
    ),
    "rejected": Kind(
        Stage.GATEWAY, "every credential is refused", _variants("0301", "0307", "0303")
    ),
    "forbidden": Kind(
        Stage.GATEWAY, "no permission, or a wrong host", _variants("403", "404", "400")
    ),
    "garbage": Kind(
        Stage.BODY,
        "bodies that are cut off, empty, HTML, of other types or about another job",
        _variants("cut", "empty", "html", "types", "other"),
    ),
    "duplicated": Kind(
        Stage.CONTENT, "an earlier reply about the same job comes again", _share(0.05)
    ),
    "crossed": Kind(Stage.CONTENT, "the reply to a request about another job comes", _share(0.05)),
    "bad_request": Kind(
        Stage.CONTENT, "requests about one job of three are refused", _variants("")
    ),
    "clock": Kind(
        Stage.CLOCK,
        "the server's clock jumps by `number` seconds",
        _variants("", numbers=(-86400.0, -600.0, 3.0, 900.0, 4e6)),
    ),
    "no_date": Kind(Stage.CLOCK, "replies have no Date, or an odd one", _variants("", "odd")),
    "lag": Kind(
        Stage.LIST,
        "lists show what was `number` seconds ago",
        _variants("", numbers=(5.0, 60.0, 400.0)),
    ),
    "shift": Kind(
        Stage.LIST,
        "between pages the tasks move by `number` places",
        _variants("", numbers=(-7.0, -1.0, 1.0, 7.0)),
    ),
    "repeat": Kind(Stage.LIST, "every page is the first one", _share(1.0)),
    "endless": Kind(
        Stage.LIST, "the total grows with the offset, and pages never end", _share(1.0)
    ),
    "total": Kind(
        Stage.LIST,
        "the total is wrong",
        _variants("", numbers=(-1.0, 0.0, 1.0, 1e6)),
    ),
    "hides": Kind(Stage.LIST, "lists leave out this share of the jobs", _share(0.1)),
    "no_list": Kind(Stage.LIST, "lists are refused", _variants("403", "404", "400")),
    "slow_list": Kind(
        Stage.LIST, "pages take `number` seconds", _variants("", numbers=(3.0, 29.0))
    ),
    "list_503": Kind(Stage.LIST, "lists fail", _share(0.3)),
    "iam_down": Kind(
        Stage.RENEWAL,
        "renewals fail; `number` is their Retry-After",
        _variants("503", "silent", "429", numbers=(0.0, 0.0, 300.0)),
    ),
    "iam_refuses": Kind(Stage.RENEWAL, "renewals are refused", _share(1.0)),
    "iam_same": Kind(Stage.RENEWAL, "renewals bring the credentials in use", _share(1.0)),
    "stall": Kind(
        Stage.CALLER,
        "the caller's process does nothing for `number` seconds",
        _variants("", numbers=(0.5, 3.0, 40.0)),
    ),
}


def draw_fault(kind: str, chance: Random, length: float) -> FaultPlan:
    """Return a fault of a kind, somewhere within `length` seconds."""
    begin = 0.0 if chance.random() < 0.3 else round(chance.uniform(0.0, length), 1)
    lasting = chance.choice([1.0, 10.0, 60.0, 300.0, 1200.0, 1e9])
    strength = KINDS[kind].draw(chance)
    return replace(FaultPlan(kind, begin, begin + lasting), **strength)  # type: ignore[arg-type]
