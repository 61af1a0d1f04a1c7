"""Credential providers, which obtain keys that expire, and the checks of a user's own provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from ddswait.credentials.keys import Key  # noqa: TC001 - users' tools look up a lease's fields
from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import TypeIs

    from ddswait.outcome import Refusal
    from ddswait.service.replies import Request, Throttled, TransientFailure

_Read = TypeVar("_Read")


class Lease(NamedTuple):
    """A key, and when to renew it.

    All jobs of a waiter share one lease. It is renewed while the old key is still valid.

    Attributes:
        key: authenticates requests.
        renew_in: seconds until the next renewal; None for never. Less than 1 s (0, a negative
            number, nan) counts as 1 s.
        project_id: the project that the key is valid for; "" when the lease names none.

    A provider that returns anything else, or a lease without a usable key, ends every wait as
    `refused`; the message says what it returned.
    """

    key: Key
    renew_in: float | None = None
    project_id: str = ""


class Send(Protocol):
    """Sends one request, and returns what `read` makes of its reply.

    `read` gets the HTTP status, the headers (case-insensitive) and the body. Network failures and
    untrusted certificates are returned as `TransientFailure` or `Refusal`, never raised.
    """

    async def __call__(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], _Read],
        key: Key | None = None,
    ) -> _Read | TransientFailure | Refusal:
        """Send `request`, authenticated by `key` if there is one."""


class CredentialProvider(Protocol):
    """Obtains keys that expire: from IAM, from an ECS, or from a source of your own.

    Implement `obtain`. It is called before the first poll, whenever the lease asks for it, and
    once after a reply with HTTP status 401. There is only one call at a time. While there is no
    valid key, no other request is sent. A call is given up after `request_timeout`.
    """

    async def obtain(self, send: Send) -> Lease | TransientFailure | Throttled | Refusal:
        """Return a new lease, or the result of `send` that says what went wrong.

        Args:
            send: sends HTTP requests; a provider that needs none ignores it.

        Raises:
            ConfigurationError: the provider can never return a lease: every wait ends as
                `refused`.
            Exception: the provider cannot return a lease now: it is called again, after
                increasing delays.
        """


def is_provider(auth: Key | CredentialProvider) -> TypeIs[CredentialProvider]:
    """Whether `auth` obtains keys, as opposed to being one."""
    return hasattr(auth, "obtain")


def check_auth(auth: object) -> None:
    """Check that an object can authenticate requests.

    Raises:
        ConfigurationError: it cannot; the message names only its type, because the object may be
            a secret.
    """
    can_sign = hasattr(auth, "headers") and hasattr(auth, "sign")
    if isinstance(auth, type) or not (can_sign or hasattr(auth, "obtain")):
        raise ConfigurationError(
            f"auth is of type {type(auth).__name__}: use a Token, an AccessKey, a Password, "
            "EcsMetadata() or a CredentialProvider of your own; "
            "Waiter.from_env(source='metadata') uses the keys of this ECS"
        )


def check_lease(lease: object) -> None:
    """Check what a user's own provider returned.

    Raises:
        ConfigurationError: it is not a lease, or a field has the wrong type; the message names
            only types, because the values may be secret.
    """
    if not isinstance(lease, Lease):
        raise ConfigurationError(
            f"obtain() of the credential provider returned a {type(lease).__name__}: return a "
            "Lease, or the result of `send` that says what went wrong"
        )
    key: object = lease.key
    methods = (getattr(key, name, None) for name in ("headers", "sign"))
    if isinstance(key, type) or not all(map(callable, methods)):
        raise _wrong_field("key", key, "use a key with headers() and sign(), such as an AccessKey")
    if not isinstance(lease.renew_in, int | float | None):
        raise _wrong_field("renew_in", lease.renew_in, "use seconds, or None for never")
    if not isinstance(lease.project_id, str):
        raise _wrong_field("project_id", lease.project_id, 'use the project ID, or "" for none')


def _wrong_field(name: str, value: object, advice: str) -> ConfigurationError:
    return ConfigurationError(
        f"obtain() of the credential provider returned a Lease whose {name} is of type "
        f"{type(value).__name__}: {advice}"
    )
