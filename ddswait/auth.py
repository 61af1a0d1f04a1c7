"""Credentials to authenticated requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddswait.errors import ConfigurationError


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
        if not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise ConfigurationError(
                "the token holds white space or characters that no HTTP header can carry: "
                "take the header X-Subject-Token as it is, without quotes or line ends"
            )

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        return {"X-Auth-Token": self.token}
