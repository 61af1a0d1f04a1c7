"""What an HTTP status and an error code mean: one table, read from the top.

Each row says what a waiter does about a reply (verdict), what it concerns (scope), and what the
user can do about it (hint). The first row that fits decides.

Sources: "Error Codes" of the DDS API reference and of the API Gateway reference.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from ddswait.outcome import Scope


class Verdict(enum.Enum):
    """What a waiter does about a reply."""

    RETRY = "send the request again later"
    THROTTLE = "send fewer requests"
    REFUSE = "stop: repeating the request cannot help"
    UNKNOWN_JOB = "the job ID is not known, which may change"


class Rule(NamedTuple):
    """One row of the table.

    Attributes:
        statuses: the HTTP statuses that it applies to.
        code: the error code; `.0301` matches every code that ends in it, `DBS.*` every code
            that begins with `DBS.`, `*` every code, and `` every reply, with a code or without.
        verdict: what a waiter does.
        scope: what a refusal concerns.
        hint: what the user can do, or "".
        refuses_credentials: whether other credentials may be accepted.
    """

    statuses: frozenset[int]
    code: str
    verdict: Verdict
    scope: Scope = Scope.JOB
    hint: str = ""
    refuses_credentials: bool = False

    def fits(self, status: int, code: str) -> bool:
        """Whether the row applies to a reply."""
        return status in self.statuses and _matches(self.code, code)


def _matches(pattern: str, code: str) -> bool:
    if pattern.endswith("*"):
        return bool(code) and code.startswith(pattern[:-1])
    return code.endswith(pattern) if pattern.startswith(".") else pattern in {"", code}


def _on(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


CLOCK_HINT = "this machine's clock is off by more than 15 minutes: set it"
EXPIRED_SIGNATURE = "signature expired"
"""What a message says about a signature whose time is too far off; captured from a live service."""
RENEW_HINT = (
    "get a new token, or use credentials that renew by themselves: an access key (AK/SK), "
    "user name and password, or an ECS agency"
)
_ANY_4XX = frozenset(range(400, 500))

_DENIED_BY_POLICY = "DBS.280032"
_MISSING_INSTANCE = frozenset({"DBS.280110", "DBS.200002", "DBS.201501", "DBS.201502"})

RULES = (
    # Published for RDS with the text "The job does not exist."; DDS answers with 400 or 404.
    Rule(_on(400, 404), "DBS.200543", Verdict.UNKNOWN_JOB),
    Rule(_on(404), "DBS.*", Verdict.UNKNOWN_JOB),
    Rule(_on(429), "", Verdict.THROTTLE),
    # Credentials.
    Rule(
        _on(401),
        ".0301",
        Verdict.REFUSE,
        Scope.EVERYTHING,
        f"if a token has expired, {RENEW_HINT}",
        refuses_credentials=True,
    ),
    Rule(_on(401), ".0307", Verdict.REFUSE, Scope.EVERYTHING, RENEW_HINT, refuses_credentials=True),
    Rule(_on(401), ".0303", Verdict.REFUSE, Scope.EVERYTHING, CLOCK_HINT, refuses_credentials=True),
    Rule(_on(401), ".0305", Verdict.REFUSE, Scope.EVERYTHING, CLOCK_HINT, refuses_credentials=True),
    # A policy denies the operation: the key itself is good.
    Rule(
        _on(401),
        "DBS.280064",
        Verdict.REFUSE,
        Scope.EVERYTHING,
        "ask for the permission that the message names",
    ),
    Rule(_on(401), "", Verdict.REFUSE, Scope.EVERYTHING, refuses_credentials=True),
    # One instance that does not exist, or belongs to somebody else.
    Rule(_on(403), "DBS.201028", Verdict.REFUSE),
    Rule(_on(403), "DBS.200604", Verdict.REFUSE),
    # Permissions, and a proxy that wants a user.
    Rule(
        _on(403),
        _DENIED_BY_POLICY,
        Verdict.REFUSE,
        Scope.EVERYTHING,
        "ask for the permission to poll jobs",
    ),
    Rule(
        _on(407),
        "",
        Verdict.REFUSE,
        Scope.EVERYTHING,
        "set user name and password in https_proxy (or http_proxy), as http://USER:PASSWORD@HOST:PORT",
    ),
    Rule(_on(403), "", Verdict.REFUSE, Scope.EVERYTHING),
    # Timeouts of the gateway, which it words as client errors.
    Rule(_on(408, 425), "", Verdict.RETRY),
    # Wrong host, request or project.
    Rule(
        _ANY_4XX,
        ".0101",
        Verdict.REFUSE,
        Scope.EVERYTHING,
        "this host does not offer the API: check endpoint and region",
    ),
    Rule(_ANY_4XX, ".0201", Verdict.REFUSE, Scope.EVERYTHING),
    Rule(_ANY_4XX, "DBS.280408", Verdict.REFUSE, Scope.EVERYTHING, "check the project ID"),
    # Any other client error is final if the API itself said it, in an error body. Without one,
    # something between us and the API spoke.
    Rule(_ANY_4XX, "*", Verdict.REFUSE),
)
_OTHERWISE = Rule(frozenset(), "", Verdict.RETRY)


def rule_of(status: int, code: str) -> Rule:
    """Return what a reply outside 200 to 299 means.

    Args:
        status: the HTTP status.
        code: the error code of the body, or "".
    """
    return next((rule for rule in RULES if rule.fits(status, code)), _OTHERWISE)


def is_missing_instance(status: int, code: str) -> bool:
    """Whether a reply says that an instance does not exist, as an empty list does.

    Some regions answer 400 DBS.280110 where others answer 200 with an empty list. Source: Huawei's
    and Open Telekom Cloud's Terraform providers.
    """
    return status in {400, 404} and code in _MISSING_INSTANCE


def is_denied_by_policy(code: str) -> bool:
    """Whether an error code says that a policy of the user denies the operation."""
    return code == _DENIED_BY_POLICY


def is_from_service(code: str) -> bool:
    """Whether an error code is one of the service itself, and not of the gateway before it."""
    return code.startswith("DBS.")
