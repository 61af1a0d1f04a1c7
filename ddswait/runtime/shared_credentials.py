"""One credential provider for several waiters: what one of them obtains serves the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ddswait.credentials.provider import Lease, is_provider
from ddswait.service.replies import TransientFailure

if TYPE_CHECKING:
    from ddswait.credentials.keys import Key
    from ddswait.credentials.provider import CredentialProvider, Send
    from ddswait.service.replies import Problem

_RECENT = 5.0  # seconds for which a failure counts as that of all: a refused user may be locked


def shared(auth: Key | CredentialProvider, count: int) -> list[Key | CredentialProvider]:
    """Return credentials for so many waiters, which cause no more requests than those of one."""
    if count == 1 or not is_provider(auth):
        return [auth] * count
    source = _Source(auth)
    return [_Share(source) for _ in range(count)]


class _Source:
    """A provider, and what it returned or raised last."""

    def __init__(self, provider: CredentialProvider) -> None:
        self.provider = provider
        self.lock = asyncio.Lock()
        self.number = 0
        self._at = 0.0
        self._last: Lease | Problem | Exception = TransientFailure("nobody has asked yet")

    async def obtain(self, send: Send) -> None:
        """Ask the provider; a cancelled attempt leaves no trace, so the next waiter tries."""
        try:
            self._last = await self.provider.obtain(send)
        except Exception as error:  # noqa: BLE001 - it is raised to each waiter
            self._last = error
        self._at = asyncio.get_running_loop().time()
        self.number += 1

    @property
    def serves(self) -> bool:
        """Whether the last result is good enough for a waiter that has not had it."""
        age = asyncio.get_running_loop().time() - self._at
        if not isinstance(self._last, Lease):
            return age <= _RECENT
        return self._last.renew_in is None or age < self._last.renew_in

    def result(self) -> Lease | Problem:
        """Return the last result, or raise it; the rest of a lease is shorter by now."""
        if isinstance(self._last, Exception):
            raise self._last
        if not isinstance(self._last, Lease) or self._last.renew_in is None:
            return self._last
        age = asyncio.get_running_loop().time() - self._at
        return self._last._replace(renew_in=self._last.renew_in - age)


class _Share:
    """The credential provider of one waiter, which shares a source with others."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._had = 0
        self.iam_endpoint: str = getattr(source.provider, "iam_endpoint", "")
        self.project_id: str = getattr(source.provider, "project_id", "")

    def __repr__(self) -> str:
        return repr(self._source.provider)

    async def obtain(self, send: Send) -> Lease | Problem:
        """Return what another waiter has obtained meanwhile, or else ask the provider."""
        source = self._source
        async with source.lock:
            if self._had == source.number or not source.serves:
                await source.obtain(send)
            self._had = source.number
            return source.result()
