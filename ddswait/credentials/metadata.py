"""The temporary keys of an ECS, from its metadata service. Pure, except for `is_reachable`.

Source: "Obtaining Metadata" of the ECS user guide, section Security Key, and the official SDK.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ddswait.credentials.keys import AccessKey, StaticHeaders, now
from ddswait.credentials.lease_replies import NOT_FOUND, OK, read_no_lease, seconds_left
from ddswait.credentials.provider import Lease
from ddswait.credentials.source import Source
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.service.endpoints import check_endpoint
from ddswait.service.replies import Request, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ddswait.credentials.provider import Send
    from ddswait.service.replies import Problem

ENDPOINT = "http://169.254.169.254"  # link-local: requests never leave the host, so http is safe

_VARIABLE = "DDSWAIT_METADATA"  # another endpoint of the metadata service, or "off"
_TOKEN_PATH = "/meta-data/latest/api/token"  # noqa: S105 - a path
_KEY_PATH = "/openstack/latest/securitykey"
_ASK_FOR_TOKEN = StaticHeaders({"X-Metadata-Token-Ttl-Seconds": "21600"})
_TOKENS_NOT_SUPPORTED = {404, 405, 503}
_MARGIN = 2400.0  # seconds before a key expires: the service has a new one 40 minutes before
_MIN_INTERVAL = 60.0  # seconds between requests: the service returns the same key for a while
_DEFAULT_LIFETIME = 3600.0  # seconds, for a key whose reply does not state it


@dataclass(frozen=True, slots=True)
class EcsMetadata:
    """The keys of the agency of the ECS that this program runs on, renewed while waiting.

    Args:
        endpoint: of the metadata service.
        clock: returns the current time with its time zone, for the signatures.
    """

    endpoint: str = ENDPOINT
    clock: Callable[[], datetime] = field(default=now, repr=False, compare=False)

    async def obtain(self, send: Send) -> Lease | Problem:
        """Return a lease of the current temporary key."""
        request = Request("PUT", self.endpoint + _TOKEN_PATH)
        token = await send(request, read_metadata_token, _ASK_FOR_TOKEN)
        if not isinstance(token, StaticHeaders):
            return token
        request = Request("GET", self.endpoint + _KEY_PATH)
        return await send(request, partial(read_key, clock=self.clock), token)


def read_metadata_token(
    status: int, headers: Mapping[str, str], body: bytes
) -> StaticHeaders | Problem:
    """Return the headers that the service requires before it returns a key.

    Older services require none.
    """
    if status in _TOKENS_NOT_SUPPORTED:
        return StaticHeaders()
    token = body.decode("ascii", "replace").strip()
    if status != OK or not (token.isascii() and token.isprintable()):
        return read_no_lease(status, headers, body)
    return StaticHeaders({"X-Metadata-Token": token} if token else {})


def read_key(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    clock: Callable[[], datetime] = now,
) -> Lease | Problem:
    """Return the lease in a reply of the metadata service, or what went wrong.

    Args:
        status: the HTTP status.
        headers: the headers of the reply.
        body: the body of the reply.
        clock: returns the current time, for the signatures of the key.
    """
    if status == NOT_FOUND:
        return Refusal(
            status, error_msg="this ECS has no agency: assign one that may read the tasks"
        )
    if status != OK:
        return read_no_lease(status, headers, body)
    try:
        fields = json.loads(body)["credential"]
        access_key, secret_key = str(fields["access"]), str(fields["secret"])
        key = AccessKey(access_key, secret_key, str(fields["securitytoken"]), clock=clock)
    except (ValueError, KeyError, TypeError, ConfigurationError):
        return TransientFailure("the reply of the metadata service contains no valid key")
    left = seconds_left(fields.get("expires_at"), headers.get("Date", ""))
    if left is None:
        left = _DEFAULT_LIFETIME
    return Lease(key, max(left - _MARGIN, min(_MIN_INTERVAL, left / 2)))


def read_source(env: Mapping[str, str]) -> Source:
    """Return the metadata service as a source of credentials.

    Args:
        env: `DDSWAIT_METADATA` sets another endpoint.

    Raises:
        ConfigurationError: `DDSWAIT_METADATA` is not a URL.
    """
    return Source("the metadata service of this ECS", EcsMetadata(_endpoint(env)))


def detect_source(env: Mapping[str, str]) -> Source | None:
    """Return the metadata service as a source if it is reachable; blocks for up to one second.

    Args:
        env: `DDSWAIT_METADATA` sets another endpoint, or turns detection off with `off`.

    Raises:
        ConfigurationError: `DDSWAIT_METADATA` is not a URL.
    """
    if env.get(_VARIABLE) == "off" or not is_reachable(_endpoint(env)):
        return None
    return read_source(env)


def _endpoint(env: Mapping[str, str]) -> str:
    endpoint = env.get(_VARIABLE) or "off"
    if endpoint == "off":
        return ENDPOINT
    return check_endpoint(endpoint, source=_VARIABLE, service="metadata", insecure_http=True)


def is_reachable(endpoint: str, timeout: float = 1.0) -> bool:
    """Whether a metadata service that has a key replies within `timeout` seconds.

    It blocks for at most `timeout`, so it is called only when all other sources are empty. Inside
    a coroutine it blocks the event loop; select a source explicitly to avoid that.
    """
    from queue import Empty, SimpleQueue
    from threading import Thread

    # A socket's timeout starts again with each byte, so a slow server could block for ever. The
    # thread is left behind instead; it ends with the process at the latest.
    result: SimpleQueue[bool] = SimpleQueue()
    Thread(target=lambda: result.put(_has_key(endpoint, timeout)), daemon=True).start()
    try:
        return result.get(timeout=timeout)
    except Empty:
        return False


def _has_key(endpoint: str, timeout: float) -> bool:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(endpoint)
    for method, path in (("PUT", _TOKEN_PATH), ("GET", _KEY_PATH)):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request(method, path, headers=_ASK_FOR_TOKEN.headers())
            if connection.getresponse().status == OK:
                return True
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return False
