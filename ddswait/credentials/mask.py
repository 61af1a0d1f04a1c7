"""Hides the secrets of a request in its reply. Pure.

A server may repeat what it was sent: an error page shows the headers, a message quotes the token.
So a reply is masked before anything reads it, and nothing that is made of it can show a secret.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST = 6  # characters: IAM accepts no shorter password, and a shorter one is in any text
# What a key sends openly.
_PLAIN = {"host", "x-sdk-date", "x-project-id", "x-metadata-token-ttl-seconds"}
_SPECIAL_IN_HTML = frozenset("&<>\"'")


class Mask:
    """Hides some secrets.

    Args:
        spellings: every form in which a secret may come back.
    """

    def __init__(self, spellings: Iterable[str] = ()) -> None:
        # The longest first: one spelling can be part of another.
        self._texts = sorted(set(spellings), key=len, reverse=True)
        self._bytes = [text.encode() for text in self._texts]

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Mask:
        """Return a mask for the headers of a key."""
        return cls().with_secrets(
            value for name, value in headers.items() if name.lower() not in _PLAIN
        )

    def with_secrets(self, secrets: Iterable[str]) -> Mask:
        """Return a mask that hides other secrets as well."""
        added = [form for secret in secrets for form in _spellings(secret)]
        return Mask([*self._texts, *added]) if added else self

    def with_signature(self, headers: Mapping[str, str]) -> Mask:
        """Return a mask that hides the signature of one request as well."""
        secrets = [value for name, value in headers.items() if name.lower() not in _PLAIN]
        # `... Signature=HEX` and `Bearer TOKEN`: the last word is the secret one.
        words = [value.replace("=", " ").rsplit(" ", 1)[-1] for value in secrets]
        added = [text for text in (*secrets, *words) if len(text) >= _SHORTEST]
        return Mask([*self._texts, *added]) if added else self

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self._texts:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def reply(self, headers: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a reply without the secrets."""
        if not self._bytes:
            return headers, body
        for secret in self._bytes:
            if secret in body:
                body = body.replace(secret, HIDDEN.encode())
        # Few headers are read: to search all of them would cost more.
        return _MaskedHeaders(headers, self), body


class _MaskedHeaders(Mapping[str, str]):
    """The headers of a reply, looked up without regard to case, each masked when it is read."""

    __slots__ = ("_headers", "_mask")

    def __init__(self, headers: Mapping[str, str], mask: Mask) -> None:
        self._headers = headers
        self._mask = mask

    def __getitem__(self, name: str) -> str:
        return self._mask.text(self._headers[name])

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it
        """Return a header; `Mapping.get` raises and catches KeyError for each that is absent."""
        value = self._headers.get(name)
        return default if value is None else self._mask.text(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)


def secrets_of_proxy(proxy: str) -> tuple[str, ...]:
    """Return what a proxy is sent to authenticate a request: the password and the header."""
    parts = urlsplit(proxy)
    if not parts.password:
        return ()
    user, password = unquote(parts.username or ""), unquote(parts.password)
    return password, parts.password, b64encode(f"{user}:{password}".encode()).decode()


def _spellings(secret: str) -> set[str]:
    """Return a secret as servers write it: as it is, in JSON, in a URL, in HTML."""
    if len(secret) < _SHORTEST:
        return set()
    texts = {secret, _in_json(secret), json.dumps(secret, ensure_ascii=False)[1:-1]}
    # A request's JSON in a string of the reply's JSON.
    texts |= {_in_json(text) for text in texts}
    texts |= {text.replace("/", "\\/") for text in texts}
    texts |= {_in_html(text) for text in texts}
    return texts | {quote(secret, safe=""), quote(secret), quote_plus(secret)}


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_html(text: str) -> str:
    if _SPECIAL_IN_HTML.isdisjoint(text):
        return text
    from html import escape  # late: few secrets need it

    return escape(text)
