"""Replies outside 200 to 299: from status, headers and body to what they mean."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ddswait.outcome import Refusal
from ddswait.service.dates import retry_after
from ddswait.service.error_codes import CLOCK_HINT, EXPIRED_SIGNATURE, Verdict, rule_of
from ddswait.service.replies import Problem, Throttled, TransientFailure, UnknownJob

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY = re.compile(r"policy (user|ip|api)\b")
_LIMIT = re.compile(r"limit:\s*(\d{1,9}),\s*time:\s*(\d{1,9})\s*(second|minute|hour|day)")
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_decode = json.JSONDecoder().decode
_LONGEST_QUOTE = 200  # characters of a reply that a message shows


def read_problem(status: int, headers: Mapping[str, str], body: bytes) -> Problem | UnknownJob:
    """Return what a reply outside 200 to 299 means; see error_codes.py.

    Args:
        status: the HTTP status.
        headers: the reply's headers, looked up without regard to case.
        body: the reply's body, whatever it holds.
    """
    code, message = _read_error_body(body)
    rule = rule_of(status, code)
    date = headers.get("Date", "")
    # The code is that of a wrong key, and not every gateway sends a Date to tell the two apart.
    is_expired = rule.refuses_credentials and EXPIRED_SIGNATURE in message
    refusal = Refusal(
        status,
        "" if code == str(status) else code,  # Keystone repeats the status as the code
        message or quote_body(body),
        headers.get("X-Request-Id", ""),
        rule.scope,
        hint_with_date(CLOCK_HINT if is_expired else rule.hint, date),
        date,
        rule.refuses_credentials,
    )
    match rule.verdict:
        case Verdict.REFUSE:
            return refusal
        case Verdict.UNKNOWN_JOB:
            return UnknownJob(str(refusal), date)
        case Verdict.THROTTLE:
            return _throttled(refusal, headers)
        case Verdict.RETRY:
            return TransientFailure(_cause(refusal, headers), retry_after(headers))


def hint_with_date(hint: str, date: str) -> str:
    """Return a hint; one about the clock also says what the server's clock says."""
    return f"{hint}; the server's clock says {date}" if date and hint == CLOCK_HINT else hint


def _cause(refusal: Refusal, headers: Mapping[str, str]) -> str:
    target = headers.get("Location")
    if not target:
        return str(refusal)
    return f"{refusal}, redirected to {target[:_LONGEST_QUOTE]!r}, which is not followed"


def _throttled(refusal: Refusal, headers: Mapping[str, str]) -> Throttled:
    wait = retry_after(headers)
    stated = _LIMIT.search(refusal.error_msg)
    if stated is None or not int(stated[1]) or not int(stated[2]):
        return Throttled(str(refusal), wait)
    window = int(stated[2]) * _SECONDS[stated[3]]
    policy = _POLICY.search(refusal.error_msg)
    return Throttled(str(refusal), wait, int(stated[1]), window, policy[1] if policy else "")


def _read_error_body(body: bytes) -> tuple[str, str]:
    """Return (error code, message), "" for what is absent; every shape seen in the family."""
    document = parse_json(body)
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        document = document["error"]
    if not isinstance(document, dict):
        return "", ""
    code = _first_text(document, "error_code", "errorCode", "errCode", "code", numbers=True)
    return code, _first_text(document, "error_msg", "errorMsg", "error_message", "message")


def _first_text(document: Mapping[str, Any], *names: str, numbers: bool = False) -> str:
    for name in names:
        value = document.get(name)
        if isinstance(value, str):
            return value
        if numbers and type(value) is int:  # not a bool, which is an int as well
            return str(value)
    return ""


def parse_json(body: bytes) -> object:
    """Return a JSON document; None when the bytes are not JSON."""
    try:
        if body.startswith(b'{"'):  # UTF-8, which json.loads() would look for at some length
            return _decode(body.decode("utf-8", "surrogatepass"))
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def quote_body(body: bytes) -> str:
    """Return the start of a body in one line, for a message."""
    text = " ".join(body[: 4 * _LONGEST_QUOTE].decode("utf-8", "replace").split())
    return (
        text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
    ) or "an empty body"
