"""Keys, which turn credentials into authenticated requests. Pure, except for the clock.

Source: "Authentication" of the DDS API reference: a token, or AK/SK signatures, which need no
request to IAM and do not expire.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from ddswait.credentials import signer
from ddswait.errors import ConfigurationError
from ddswait.service.dates import seconds_since_epoch
from ddswait.service.error_codes import CLOCK_HINT
from ddswait.service.problems import hint_with_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddswait.outcome import Refusal
    from ddswait.service.replies import Request

_MAX_CLOCK_SKEW = 900.0  # seconds: servers refuse a signature that is further off


class Key(Protocol):
    """Authenticates requests."""

    def headers(self) -> dict[str, str]:
        """Return the headers that are the same for every request."""

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the additional headers of one request, which also carries `headers`."""


@dataclass(frozen=True, slots=True)
class StaticHeaders:
    """A key that sends the same headers with every request; none by default.

    Args:
        fixed: the headers; hidden from `repr`, because they may be secret.
    """

    fixed: Mapping[str, str] = field(default_factory=dict, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the fixed headers."""
        return dict(self.fixed)

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        """Return no headers: every request is the same."""
        return {}


@dataclass(frozen=True, slots=True)
class Token(StaticHeaders):
    """An IAM token, sent as `X-Auth-Token`; valid for at most 24 hours.

    Args:
        token: the value of the response header `X-Subject-Token`; hidden from `repr`.

    Raises:
        ConfigurationError: the token is empty or cannot be sent in an HTTP header; the message
            does not show it.
    """

    fixed: Mapping[str, str] = field(init=False, repr=False, compare=False)
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.token:
            raise ConfigurationError("the token is empty: set HW_AUTH_TOKEN or OS_AUTH_TOKEN")
        if not _fits_a_header(self.token):
            raise ConfigurationError(
                "the token contains white space or characters that an HTTP header cannot carry: "
                "use the value of the header X-Subject-Token without quotes or line breaks"
            )
        object.__setattr__(self, "fixed", {"X-Auth-Token": self.token})


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key (AK/SK), permanent or temporary, that signs each request.

    Args:
        access_key: the AK.
        secret_key: the SK; hidden from `repr`, and never sent.
        security_token: the token of a temporary key; hidden from `repr`.
        project_id: sent as `X-Project-Id` when it is set.
        clock: returns the current time with its time zone; servers refuse a signature whose
            time is off by more than 15 minutes.

    Raises:
        ConfigurationError: the AK or SK is empty, or a part contains characters that a key
            cannot have; the message names the part and does not show it.
    """

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    project_id: str | None = None
    clock: Callable[[], datetime] = field(default=now, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = {"access key (AK)": self.access_key, "secret key (SK)": self.secret_key}
        for name, value in parts.items():
            if not value:
                raise ConfigurationError(f"the {name} is empty: set both AK and SK")
        for name, value in (*parts.items(), ("security token", self.security_token or "")):
            if not _fits_a_header(value):
                raise ConfigurationError(
                    f"the {name} contains white space or characters that a key cannot have: "
                    "use its value without quotes or line breaks"
                )

    def headers(self) -> dict[str, str]:
        """Return the headers that do not depend on the request."""
        headers = {"X-Security-Token": self.security_token, "X-Project-Id": self.project_id}
        return {name: value for name, value in headers.items() if value}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
        """Return host, date and signature of a request that also carries `headers`."""
        date = signer.stamp(self.clock().astimezone(UTC))
        signed = {"Host": signer.target_of(request.url).host, "X-Sdk-Date": date}
        signature = signer.sign(
            self.access_key,
            self.secret_key,
            request.method,
            request.url,
            {**headers, **signed},
            request.body,
        )
        return {**signed, "Authorization": signature}


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


_LOCKED = "after more than five refusals in a row, a key is locked for five minutes"


def with_key_hint(refusal: Refusal, headers: Mapping[str, str]) -> Refusal:
    """Return a refusal with HTTP status 401, with the hint that suits the refused key.

    A server may report a wrong clock with the error code of a wrong signature. The `Date` header
    of its reply shows which of the two it is.

    Args:
        refusal: the refusal.
        headers: the headers of the refused request.
    """
    signed_at = headers.get("X-Sdk-Date")
    is_about_key = refusal.refuses_credentials and not refusal.hint.startswith(CLOCK_HINT)
    if not signed_at or not is_about_key:
        return refusal
    if _is_clock_off(signed_at, refusal.date):
        return replace(refusal, hint=hint_with_date(CLOCK_HINT, refusal.date))
    if "X-Security-Token" in headers:
        hint = f"check AK, SK and security token: temporary keys expire; {_LOCKED}"
    else:
        hint = f"check AK and SK; {_LOCKED}"
    return replace(refusal, hint=hint)


def _is_clock_off(signed_at: str, date: str) -> bool:
    server = seconds_since_epoch(date)
    try:
        own = datetime.fromisoformat(signed_at)  # strptime() would import a module only now
    except ValueError:  # a user's own key may write its date differently
        return False
    if server is None or own.tzinfo is None:
        return False
    return abs(server - own.timestamp()) > _MAX_CLOCK_SKEW
