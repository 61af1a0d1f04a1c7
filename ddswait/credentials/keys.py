"""Credentials to authenticated requests. Pure but for the clock that a signature needs.

Source: "Authentication" of the DDS API reference: a token, or AK/SK signatures, which need no
round trip to IAM and do not expire.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from ddswait.credentials import signer
from ddswait.errors import ConfigurationError
from ddswait.service.dates import seconds_since_epoch
from ddswait.service.error_codes import CLOCK_HINT
from ddswait.service.problems import hint_with_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddswait.outcome import Refusal
    from ddswait.service.replies import Request, Throttled, TransientFailure

_SKEW = 900.0  # seconds: servers refuse a signature that is off by more
_Read = TypeVar("_Read")


class Key(Protocol):
    """What authenticates requests."""

    def headers(self) -> dict[str, str]:
        """Return the headers that go unchanged with every request."""

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that this one request needs beside `headers`."""


@dataclass(frozen=True, slots=True)
class Token:
    """An IAM token, sent as `X-Auth-Token`; valid for at most 24 hours.

    Args:
        token: the text of the response header `X-Subject-Token`; hidden from `repr`.

    Raises:
        ConfigurationError: it is empty, or holds what no HTTP header can; it is not shown.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.token:
            raise ConfigurationError("the token is empty: set HW_AUTH_TOKEN or OS_AUTH_TOKEN")
        if not _fits_a_header(self.token):
            raise ConfigurationError(
                "the token holds white space or characters that no HTTP header can carry: "
                "take the header X-Subject-Token as it is, without quotes or line ends"
            )

    def headers(self) -> dict[str, str]:
        """Return the token's header."""
        return {"X-Auth-Token": self.token}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        """Return nothing: a token is the same for every request."""
        return {}


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key (AK/SK) that signs each request; permanent or temporary.

    Args:
        access_key: the AK.
        secret_key: the SK; hidden from `repr`, and never sent.
        security_token: of temporary credentials; hidden from `repr`.
        project_id: is sent as `X-Project-Id` when given.
        clock: tells the present, aware; servers refuse a signature that is off by 15 minutes.

    Raises:
        ConfigurationError: half of the pair is missing, or holds what cannot be a key; the
            message names which, and shows neither.
    """

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    project_id: str | None = None
    clock: Callable[[], datetime] = field(default=now, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in (
            ("access key (AK)", self.access_key),
            ("secret key (SK)", self.secret_key),
            ("security token", self.security_token or "none"),
        ):
            if not value:
                raise ConfigurationError(f"the {name} is empty: AK and SK are given together")
            if not _fits_a_header(value):
                raise ConfigurationError(
                    f"the {name} holds white space or characters that cannot be part of one: "
                    "give it without quotes or line ends"
                )

    def headers(self) -> dict[str, str]:
        """Return the headers that do not depend on the request."""
        known = {"X-Security-Token": self.security_token, "X-Project-Id": self.project_id}
        return {name: value for name, value in known.items() if value}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
        """Return date, host and signature for a request that also carries `headers`."""
        moment = self.clock().astimezone(UTC)
        own = {"Host": urlsplit(request.url).netloc, "X-Sdk-Date": signer.stamp(moment)}
        signature = signer.sign(
            self.access_key,
            self.secret_key,
            request.method,
            request.url,
            {**headers, **own},
            request.body,
        )
        return {**own, "Authorization": signature}


class Lease(NamedTuple):
    """A key for a while.

    A thousand jobs share one lease: it is renewed once for all, while the old key still serves.

    Attributes:
        key: authenticates requests.
        renew_in: seconds after which to obtain another; None for never. Less than 1 s (0, a
            negative number, nan) counts as 1 s.
        project_id: of the key's scope; "" when it has none.

    What is no lease, or holds no key, ends every wait as `refused`, with a message that says so.
    """

    key: Key
    renew_in: float | None = None
    project_id: str = ""


class Send(Protocol):
    """Sends one request, and returns what `read` makes of its reply.

    `read` is given HTTP status, headers (looked up case-insensitively) and body. Network
    failures and a certificate that is not trusted are returned as `TransientFailure` or `Refusal`,
    never raised.
    """

    async def __call__(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], _Read],
        key: Key | None = None,
    ) -> _Read | TransientFailure | Refusal:
        """Send `request`, authenticated by `key` if there is one."""


class CredentialProvider(Protocol):
    """A source of keys that end: IAM, an ECS, or one of your own, such as a vault.

    Implement `obtain`; it is called before the first question, then whenever the lease says so,
    and once upon a 401. Nothing else leaves meanwhile if there is no key that serves, and no
    second call is made before the first has returned. It is given up after `request_timeout`.
    """

    async def obtain(self, send: Send) -> Lease | TransientFailure | Throttled | Refusal:
        """Return a new lease, or the reply of `send` that brought none.

        Args:
            send: for sources that speak HTTP; others ignore it.

        Raises:
            ConfigurationError: there will never be one: every wait ends as `refused`.
            Exception: there is none now; asked again later, with growing pauses.
        """


@dataclass(frozen=True, slots=True)
class Nobody:
    """No credentials at all: for the request that obtains some."""

    def headers(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        """Return nothing."""
        return {}


_LOCKED = "after more than five refusals in a row a key is locked for five minutes"


def judged(refusal: Refusal, headers: Mapping[str, str]) -> Refusal:
    """Return a 401 with the hint that suits the credentials of its request.

    A server may refuse the signature of a clock that is off with any code: its own `Date`
    decides.
    """
    signed_at = headers.get("X-Sdk-Date")
    if not signed_at or refusal.hint.startswith(CLOCK_HINT):
        return refusal
    if _is_off(signed_at, refusal.date):
        return replace(refusal, hint=hint_with_date(CLOCK_HINT, refusal.date))
    if "X-Security-Token" in headers:
        hint = f"check AK, SK and security token: temporary keys expire; {_LOCKED}"
    else:
        hint = f"check AK and SK; {_LOCKED}"
    return replace(refusal, hint=hint)


def _is_off(signed_at: str, date: str) -> bool:
    moment = seconds_since_epoch(date)
    try:
        own = datetime.strptime(signed_at, "%Y%m%dT%H%M%S%z").timestamp()
    except ValueError:  # a key of somebody's own
        return False
    return moment is not None and abs(moment - own) > _SKEW


def check_auth(auth: object) -> None:
    """See that this can authenticate requests.

    Raises:
        ConfigurationError: it cannot; the message tells its type only: it may be a secret.
    """
    can_sign = hasattr(auth, "headers") and hasattr(auth, "sign")
    if isinstance(auth, type) or not (can_sign or hasattr(auth, "obtain")):
        raise ConfigurationError(
            f"auth is of type {type(auth).__name__}: give a Token, an AccessKey, a Password, "
            "EcsMetadata() or Credentials of your own; from_env(source='metadata') takes the keys "
            "of this ECS"
        )


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def check_lease(lease: object) -> None:
    """Check what a source of a user's own has brought, without showing it.

    Raises:
        ConfigurationError: it is no lease, or holds no key.
    """
    if not isinstance(lease, Lease):
        raise ConfigurationError(
            f"the credentials brought a {type(lease).__name__}: obtain() returns a Lease, or the "
            "reply of `send` that brought none"
        )
    key: object = lease.key
    methods = (getattr(key, name, None) for name in ("headers", "sign"))
    if isinstance(key, type) or not all(map(callable, methods)):
        raise ConfigurationError(
            f"the credentials brought a lease whose key is a {type(key).__name__}: a key has "
            "headers() and sign(), as Token and AccessKey have"
        )
    if not isinstance(lease.renew_in, int | float | None):
        raise ConfigurationError(
            f"the credentials brought a lease whose renew_in is a {type(lease.renew_in).__name__}: "
            "give seconds, or None for never"
        )
    if not isinstance(lease.project_id, str):
        raise ConfigurationError(
            f"the credentials brought a lease whose project_id is a "
            f'{type(lease.project_id).__name__}: give the ID, or "" for none'
        )
