"""The state of the simulated cloud: jobs, instances, tokens, keys, limits, faults and its clock.

It knows no HTTP and no event loop. `World.time` tells it the time, and the handlers of a service
(`dds`, `iam`, `metadata`, `control`) turn requests into its methods and its records into replies.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.simulator.faults import Fault, Faults
from ddswait.simulator.instances import find_instance
from ddswait.simulator.jobs import Plan
from ddswait.simulator.limits import Limit
from ddswait.simulator.signatures import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait.simulator.faults import Kind
    from ddswait.simulator.instances import Instance
    from ddswait.simulator.jobs import Progress
    from ddswait.simulator.limits import Policy
    from ddswait.simulator.signatures import Signed

_LOGGED = 10_000


class Exchange(NamedTuple):
    """One request that was replied to; `at` is in simulated seconds."""

    at: float
    method: str
    path: str
    job_id: str | None
    status: int


class TemporaryKey(NamedTuple):
    """An access key of an ECS, and when it expires."""

    access_key: str
    secret_key: str
    security_token: str
    expires_at: datetime


@dataclass(kw_only=True, eq=False, repr=False)
class World:
    """The simulated cloud. Tests read and set its attributes at any time.

    Attributes:
        time: returns the seconds of the clock that drives the simulation.
        speed: simulated seconds per second of that clock.
        epoch: the wall time at simulated second 0; the present by default.
        seed: makes the IDs; the same seed makes the same IDs.
        endpoint: the URL under which a server offers this world; "" if there is no server.
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
        forbids: whether DDS denies every request for lack of permission.
        may_list: whether the user has the permission `dds:task:listAll`.
        has_lists: whether the cloud publishes ListTasks; partner clouds do not.
        list_lag: how old the data of ListTasks is, in simulated seconds.
        job_seconds: how long a job runs unless said otherwise, in simulated seconds.
        visible_after: for how long a new job ID is unknown, in simulated seconds.
        fails: why the next jobs fail; None lets them complete.
        plans: the jobs by their IDs.
        settle_seconds: how long an instance stays busy after its job, in simulated seconds.
        instance_status: statuses to show instead of the real ones, by instance ID.
        limits: the rate limits that apply to all requests together.
        faults: what goes wrong with the next requests.
        requests: the last requests that were replied to.
        statuses: how many replies had each HTTP status.
        polls: how many requests about each job or instance ID have arrived.
    """

    time: Callable[[], float]
    speed: float = 1.0
    epoch: datetime = field(default_factory=lambda: datetime.now(UTC))
    seed: InitVar[int] = 0
    endpoint: str = ""
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
    forbids: bool = False
    may_list: bool = True
    has_lists: bool = True
    list_lag: float = 0.0
    job_seconds: float = 600.0
    visible_after: float = 3.0
    fails: str | None = None
    plans: dict[str, Plan] = field(init=False, default_factory=dict)
    settle_seconds: float = 0.0
    instance_status: dict[str, str] = field(init=False, default_factory=dict)
    limits: list[Limit] = field(init=False, default_factory=list)
    faults: Faults = field(init=False, default_factory=Faults)
    requests: deque[Exchange] = field(init=False)
    statuses: Counter[int] = field(init=False, default_factory=Counter)
    polls: Counter[str] = field(init=False, default_factory=Counter)

    def __post_init__(self, seed: int) -> None:
        self.projects = {self.project_id: self.region}
        self.accepted_tokens = {self.token: inf}
        self.keys.add(self.access_key, self.secret_key)
        self.requests = deque(maxlen=_LOGGED)
        self._random = random.Random(seed)  # noqa: S311 - test data
        self._started = 0.0

    def start(self) -> None:
        """Make the present simulated second 0."""
        self._started = self.time()

    def now(self) -> float:
        """Return the simulated seconds since the start."""
        return (self.time() - self._started) * self.speed

    def present(self) -> datetime:
        """Return the simulated wall time."""
        return self.epoch + timedelta(seconds=self.now())

    def _clock(self) -> datetime:
        """Return the wall time that signatures are compared with: clients do not run faster."""
        return self.epoch + timedelta(seconds=self.time() - self._started)

    def new_id(self) -> str:
        """Return an ID of 32 hex digits."""
        return f"{self._random.getrandbits(128):032x}"

    def add_job(  # noqa: PLR0913 - each says one thing about the job
        self,
        job_id: str | None = None,
        *,
        name: str = "Create_MongoDB",
        instance_name: str = "dds-simulated",
        instance_id: str | None = None,
        seconds: float | None = None,
        visible_after: float | None = None,
        fails: str | None = None,
        progress: Progress = "truthful",
        vanishes: bool = False,
        status: str = "Running",
        held: bool = False,
    ) -> str:
        """Submit a job without HTTP, and return its ID. `jobs.Plan` says more about each argument.

        Args:
            job_id: the ID of the job; None invents one.
            name: the name of the task.
            instance_name: the name of the instance that the job works on.
            instance_id: the ID of that instance; None invents one.
            seconds: how long the job runs; None means `job_seconds` of this world.
            visible_after: how long the ID is unknown; None means `visible_after` of this world.
            fails: why the job fails; None means `fails` of this world.
            progress: how the percentage moves.
            vanishes: whether the ID is unknown again after the end.
            status: what to show while the job runs.
            held: whether the job runs until `release`, whatever `seconds` says.
        """
        plan = Plan(
            job_id or _as_uuid(self.new_id()),
            name,
            instance_id or f"{self.new_id()}in02",
            instance_name,
            self.now(),
            inf if held else self.job_seconds if seconds is None else seconds,
            self.visible_after if visible_after is None else visible_after,
            fails or self.fails,
            progress,
            vanishes,
            status,
        )
        self.plans[plan.job_id] = plan
        return plan.job_id

    def release(self, job_id: str, *, fails: str | None = None) -> None:
        """Let a job that `add_job` holds end now.

        Args:
            job_id: the job's ID.
            fails: why it fails; None ends it as `add_job` said.

        Raises:
            KeyError: no job has this ID.
            ValueError: the job is not held.
        """
        self.plans[job_id] = self.plans[job_id].released(self.now(), fails)

    def instance(self, instance_id: str) -> Instance | None:
        """Return an instance as it is now; None if it is not there."""
        found = find_instance(self.plans.values(), instance_id, self.now(), self.settle_seconds)
        if found is None or instance_id not in self.instance_status:
            return found
        return found._replace(status=self.instance_status[instance_id])

    def inject(self, kind: Kind, **details: Any) -> None:  # noqa: ANN401 - Fault types them
        """Let some of the next requests go wrong; see `faults.Fault` for the details."""
        self.faults.add(Fault(kind, **details))

    def clear_faults(self) -> None:
        """Let all requests succeed again."""
        self.faults.clear()

    def limit(
        self, count: int, seconds: float, policy: Policy = "user", *, fixed: bool = False
    ) -> None:
        """Add a rate limit; see `limits.Limit`. `seconds` are simulated."""
        self.limits.append(Limit(count, seconds, policy, fixed))

    def throttled(self) -> str | None:
        """Count a request; return the message of the limit that it exceeds, or None."""
        messages = [limit.refusal(self.now()) for limit in self.limits]
        return next(filter(None, messages), None)

    def issue_token(self) -> tuple[str, datetime]:
        """Return a new token that is accepted for `token_seconds`, and when it expires."""
        token = f"token-{self.new_id()}"
        self.accepted_tokens[token] = self.now() + self.token_seconds
        return token, self.present() + timedelta(seconds=self.token_seconds)

    def issue_key(self) -> TemporaryKey:
        """Return a new access key that is accepted for `key_seconds`."""
        access, secret, token = (f"{part}{self.new_id()}" for part in ("STS", "sk-", "st-"))
        self.keys.add(access, secret, token, until=self.now() + self.key_seconds)
        ends = self.present() + timedelta(seconds=self.key_seconds)
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
            return self.keys.refusal(request, self.now(), self._clock())
        ends = self.accepted_tokens.get(request.headers.get("X-Auth-Token", ""), 0.0)
        return None if self.now() < ends else "decrypt token fail"

    def log(self, exchange: Exchange) -> None:
        """Remember a request that was replied to."""
        self.statuses[exchange.status] += 1
        self.requests.append(exchange)


def _as_uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
