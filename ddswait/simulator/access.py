"""Who has access to the simulated cloud: its project, its user, tokens and keys."""

from __future__ import annotations

import random
from dataclasses import InitVar, dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from ddswait.simulator.clock import Clock
from ddswait.simulator.signatures import Keys

if TYPE_CHECKING:
    from datetime import datetime

    from ddswait.simulator.signatures import Signed


class TemporaryKey(NamedTuple):
    """An access key of an ECS, and when it expires."""

    access_key: str
    secret_key: str
    security_token: str
    expires_at: datetime


@dataclass(kw_only=True, eq=False, repr=False)
class Access(Clock):
    """The credentials that are accepted.

    Attributes:
        seed: makes the IDs; the same seed makes the same IDs.
        project_id: the project that DDS serves.
        token: a token that is accepted from the start.
        access_key: an AK whose signatures are accepted from the start; see also `keys`.
        secret_key: its SK.
        user: the name of the only user who can obtain tokens by password.
        password: the password of that user.
        domain: the account of that user.
        region: the region, which is also the name of the project.
        projects: the name of each project by its ID.
        accepted_tokens: when each accepted token expires, in simulated seconds.
        token_seconds: how long a token lives that IAM issues, in simulated seconds.
        keys: the access keys that are accepted.
        key_seconds: how long a key lives that the metadata service issues, in simulated seconds.
        metadata_token: what the metadata service issues; "" plays a service without tokens.
        has_agency: whether the metadata service has keys to issue.
    """

    seed: InitVar[int] = 0
    project_id: str = "0549b4a43100d4f32f51c01c2fe4acdb"
    token: str = "simulated-token"  # noqa: S105 - opens nothing
    access_key: str = "SIMULATEDACCESSKEY"
    secret_key: str = "simulated-secret-key"  # noqa: S105
    user: str = "operator"
    password: str = "simulated-password"  # noqa: S105
    domain: str = "account"
    region: str = "simulated-region-1"
    projects: dict[str, str] = field(init=False)
    accepted_tokens: dict[str, float] = field(init=False)
    token_seconds: float = 86_400.0
    keys: Keys = field(init=False, default_factory=Keys)
    key_seconds: float = 86_400.0
    metadata_token: str = "simulated-metadata-token"  # noqa: S105
    has_agency: bool = True

    def __post_init__(self, seed: int) -> None:
        self.projects = {self.project_id: self.region}
        self.accepted_tokens = {self.token: inf}
        self.keys.add(self.access_key, self.secret_key)
        self._random = random.Random(seed)  # noqa: S311 - test data

    def new_id(self) -> str:
        """Return an ID of 32 hex digits."""
        return f"{self._random.getrandbits(128):032x}"

    def issue_token(self) -> tuple[str, datetime]:
        """Return a new token that is accepted for `token_seconds`, and when it expires."""
        token = f"token-{self.new_id()}"
        self.accepted_tokens[token] = self.now() + self.token_seconds
        return token, self.wall_time(self.now() + self.token_seconds)

    def issue_key(self) -> TemporaryKey:
        """Return a new access key that is accepted for `key_seconds`."""
        access, secret, token = (f"{part}{self.new_id()}" for part in ("STS", "sk-", "st-"))
        self.keys.add(access, secret, token, until=self.now() + self.key_seconds)
        ends = self.wall_time(self.now() + self.key_seconds)
        return TemporaryKey(access, secret, token, ends)

    def revoke(self, token: str | None = None) -> None:
        """Refuse a token from now on; None means the token that was accepted from the start."""
        self.accepted_tokens.pop(token or self.token, None)

    def revoke_all(self) -> None:
        """Refuse every token that was ever issued."""
        self.accepted_tokens.clear()

    def refusal(self, request: Signed) -> str | None:
        """Return why a request's token or signature is refused, or None if it is accepted."""
        if "Authorization" in request.headers:
            return self.keys.refusal(request, self.now(), self.present())
        ends = self.accepted_tokens.get(request.headers.get("X-Auth-Token", ""), 0.0)
        return None if self.now() < ends else "decrypt token fail"
