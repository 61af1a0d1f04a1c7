"""The temporary keys of an ECS, from its metadata service. Pure but for `answers`.

Source: "Obtaining Metadata" of the ECS user guide, section Security Key, and the official SDK.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ddswait.credentials.iam import no_lease, seconds_left
from ddswait.credentials.keys import AccessKey, Lease, now
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.service.replies import Request, Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ddswait.credentials.keys import Send

ENDPOINT = "http://169.254.169.254"  # link-local: never leaves the host, so http serves

_TOKEN = "/meta-data/latest/api/token"  # noqa: S105 - a path
_KEY = "/openstack/latest/securitykey"
_TOKEN_SECONDS = "21600"  # noqa: S105
_NO_TOKENS_HERE = {404, 405, 503}
_MARGIN = 2400.0  # renewed when under 40 minutes are left
_SOON = 60.0  # the service hands out the same key for a while: not asked more often than this
_LIFETIME = 3600.0  # believed of a key whose reply does not say


class _MetadataToken(NamedTuple):
    """What newer services want to see before they hand out a key; "" where they want nothing."""

    text: str

    def __repr__(self) -> str:
        return "_MetadataToken()"

    def headers(self) -> dict[str, str]:
        return {"X-Metadata-Token": self.text} if self.text else {}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        return {}


class _Wish(NamedTuple):
    """Asks for a metadata token."""

    def headers(self) -> dict[str, str]:
        return {"X-Metadata-Token-Ttl-Seconds": _TOKEN_SECONDS}

    def sign(self, request: Request, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        return {}


@dataclass(frozen=True, slots=True)
class EcsMetadata:
    """The keys of the agency of the ECS that this runs on, renewed while waiting.

    Args:
        endpoint: of the metadata service.
        clock: tells the present, aware, for the signatures.
    """

    endpoint: str = ENDPOINT
    clock: Callable[[], datetime] = field(default=now, repr=False, compare=False)

    async def obtain(self, send: Send) -> Lease | TransientFailure | Throttled | Refusal:
        """Return a lease of the present temporary key."""
        token = await send(Request("PUT", self.endpoint + _TOKEN), _read_token, _Wish())
        if not isinstance(token, _MetadataToken):
            return token
        lease = await send(Request("GET", self.endpoint + _KEY), read_key, token)
        if isinstance(lease, Lease) and isinstance(lease.key, AccessKey):
            return lease._replace(key=replace(lease.key, clock=self.clock))
        return lease


def _read_token(
    status: int, headers: Mapping[str, str], body: bytes
) -> _MetadataToken | TransientFailure | Throttled | Refusal:
    if status in _NO_TOKENS_HERE:
        return _MetadataToken("")
    text = body.decode("ascii", "replace").strip()
    if status != 200 or not text.isprintable():  # noqa: PLR2004
        return no_lease(status, headers, body)
    return _MetadataToken(text)


def read_key(
    status: int, headers: Mapping[str, str], body: bytes
) -> Lease | TransientFailure | Throttled | Refusal:
    """Return the lease of a reply of the metadata service, or why there is none."""
    if status == 404:  # noqa: PLR2004
        return Refusal(404, error_msg="this ECS has no agency: give it one that may read DDS tasks")
    if status != 200:  # noqa: PLR2004
        return no_lease(status, headers, body)
    try:
        told = json.loads(body)["credential"]
        key = AccessKey(str(told["access"]), str(told["secret"]), str(told["securitytoken"]))
    except (ValueError, KeyError, TypeError, ConfigurationError):
        return TransientFailure("the metadata service brought no usable key")
    try:
        left = seconds_left(str(told["expires_at"]), headers.get("Date", ""))
    except (ValueError, KeyError, TypeError):
        left = _LIFETIME
    return Lease(key, max(left - _MARGIN, min(_SOON, left / 2)))


def answers(endpoint: str, patience: float = 1.0) -> bool:
    """Whether a metadata service with a key answers here within `patience` seconds.

    It blocks, for so long at the most: to be asked only when nothing else was found. From a
    coroutine it holds up the event loop; name the source to avoid it.
    """
    from queue import Empty, SimpleQueue
    from threading import Thread

    # A server that drips is never silent for as long as a socket's timeout: a thread is left
    # behind instead, and ends with the process if not before.
    answer: SimpleQueue[bool] = SimpleQueue()
    Thread(target=lambda: answer.put(_answers(endpoint, patience)), daemon=True).start()
    try:
        return answer.get(timeout=patience)
    except Empty:
        return False


def _answers(endpoint: str, patience: float) -> bool:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(endpoint)
    for method, path in (("PUT", _TOKEN), ("GET", _KEY)):
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
        try:
            line.request(method, path, headers=_Wish().headers())
            if line.getresponse().status == 200:  # noqa: PLR2004
                return True
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            line.close()
    return False
