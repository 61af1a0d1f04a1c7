"""The state of the simulated cloud: jobs, instances, tokens, keys, limits, faults and its clock.

It knows no HTTP and no event loop. `World.time` tells it the time, and handlers
(`operations`, `iam`, `metadata`, `control`) turn requests into its methods and its records into
replies.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.simulator.access import Access
from ddswait.simulator.actions import check_action
from ddswait.simulator.dialect import Dialect
from ddswait.simulator.faults import Fault, Faults
from ddswait.simulator.instances import Habits, find_instance
from ddswait.simulator.jobs import Plan, Progress
from ddswait.simulator.limits import Limit
from ddswait.simulator.services import USUAL, api_of

if TYPE_CHECKING:
    from ddswait.simulator.api import Api
    from ddswait.simulator.faults import Kind
    from ddswait.simulator.instances import Instance
    from ddswait.simulator.limits import Policy

_LOGGED = 10_000


class Exchange(NamedTuple):
    """One request that was replied to; `at` is in simulated seconds."""

    at: float
    method: str
    path: str
    job_id: str | None
    status: int


@dataclass(kw_only=True, eq=False, repr=False)
class World(Access):
    """The simulated cloud. Tests read and set its attributes at any time.

    Attributes:
        service: the service that tests mean unless they name another one. All are served.
        address: the URL of DDS, IAM, the metadata service and the control API; "" if there is
            no server.
        dialect: how the region and its gateway word their replies.
        forbids: whether the services deny every request for lack of permission.
        may_list: whether the user has the permission for lists of jobs.
        has_lists: whether the cloud publishes lists of jobs; partner clouds do not.
        list_lag: how old the data of lists is, in simulated seconds.
        job_seconds: how long a job runs unless said otherwise, in simulated seconds.
        visible_after: for how long a new job ID is unknown, in simulated seconds.
        fails: why the next jobs fail; None lets them complete.
        plans: the jobs by their IDs.
        settle_seconds: how long an instance stays busy after its job, in simulated seconds.
        backup_seconds: how long the backup takes that a service makes by itself ten seconds after
            an instance was created or restored, in simulated seconds; 0 for none, None for what
            is usual in the service: 60 in RDS, none in others.
        listed_after: how long a new instance is missing after its creation was submitted, in
            simulated seconds.
        instance_status: statuses to show instead of the real ones, by instance ID.
        instance_actions: actions to show instead of the real ones, by instance ID.
        refused_instances: the code of the refusal (403) of a request about an instance, by
            instance ID: `DBS.201028` if it does not exist, `DBS.200604` if it belongs to others.
        limits: the rate limits that apply to all requests together.
        faults: what goes wrong with the next requests.
        requests: the last requests that were replied to.
        statuses: how many replies had each HTTP status.
        polls: how many requests about each job or instance ID have arrived.
    """

    service: str = USUAL
    address: str = field(init=False, default="")
    dialect: Dialect = field(default_factory=Dialect)
    forbids: bool = False
    may_list: bool = True
    has_lists: bool = True
    list_lag: float = 0.0
    job_seconds: float = 600.0
    visible_after: float = 3.0
    fails: str | None = None
    plans: dict[str, Plan] = field(init=False, default_factory=dict)
    settle_seconds: float = 0.0
    backup_seconds: float | None = None
    listed_after: float = 0.0
    instance_status: dict[str, str] = field(init=False, default_factory=dict)
    instance_actions: dict[str, list[str]] = field(init=False, default_factory=dict)
    refused_instances: dict[str, str] = field(init=False, default_factory=dict)
    limits: list[Limit] = field(init=False, default_factory=list)
    faults: Faults = field(init=False, default_factory=Faults)
    requests: deque[Exchange] = field(init=False)
    statuses: Counter[int] = field(init=False, default_factory=Counter)
    polls: Counter[str] = field(init=False, default_factory=Counter)

    def __post_init__(self, seed: int) -> None:
        super().__post_init__(seed)
        api_of(self.service)
        self.requests = deque(maxlen=_LOGGED)

    @property
    def endpoint(self) -> str:
        """The URL of `service`; "" if there is no server."""
        return self.endpoint_of(self.service)

    def endpoint_of(self, service: str) -> str:
        """Return the URL of a service; DDS needs no path.

        Raises:
            ValueError: there is no such service.
        """
        name = api_of(service).name
        return self.address if name == USUAL else f"{self.address}/{name}"

    def add_job(  # noqa: PLR0913 - each says one thing about the job
        self,
        job_id: str | None = None,
        *,
        service: str | None = None,
        name: str | None = None,
        instance_name: str | None = None,
        instance_id: str | None = None,
        seconds: float | None = None,
        visible_after: float | None = None,
        fails: str | None = None,
        progress: Progress = "truthful",
        vanishes: bool = False,
        status: str = "Running",
        held: bool = False,
        action: str = "",
        canceled: bool = False,
    ) -> str:
        """Submit a job without HTTP, and return its ID. `jobs.Plan` says more about each argument.

        Args:
            job_id: the ID of the job; None invents one.
            service: the service that runs the job; None means `service` of this world.
            name: the name of the task; None means that of a creation.
            instance_name: the name of the instance that the job works on; None invents one.
            instance_id: the ID of that instance; None invents one.
            seconds: how long the job runs; None means `job_seconds` of this world.
            visible_after: how long the ID is unknown; None means `visible_after` of this world.
            fails: why the job fails; None means `fails` of this world.
            progress: how the percentage moves.
            vanishes: whether the ID is unknown again after the end.
            status: what to show while the job runs.
            held: whether the job runs until `release`, whatever `seconds` says.
            action: what the instance shows meanwhile; "" for what belongs to the name.
            canceled: whether a user cancels the job, so that it ends as Canceled.

        Raises:
            ValueError: there is no such service; its jobs cannot be canceled; or the action is
                not one of the published ones, see `actions.ACTIONS`.
        """
        api = api_of(service or self.service)
        if canceled and not api.has_cancellation:
            raise ValueError(f"jobs of {api.name} cannot be canceled: use fails")
        plan = Plan(
            job_id or (_as_uuid(self.new_id()) if api.has_dashes else self.new_id()),
            name or api.creation,
            instance_id or f"{self.new_id()}{api.suffix()}",
            f"{api.name}-simulated" if instance_name is None else instance_name,
            self.now(),
            inf if held else self.job_seconds if seconds is None else seconds,
            self.visible_after if visible_after is None else visible_after,
            fails or self.fails,
            progress,
            vanishes,
            status,
            action and check_action(action),
            api.name,
            api.waits_for,
            canceled,
        )
        self.plans[plan.job_id] = plan
        return plan.job_id

    def plan(self, job_id: str) -> Plan | None:
        """Return what happens to a job, by its ID in any case; None if there is no such job."""
        return self.plans.get(job_id) or self.plans.get(job_id.casefold())

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

    def instance(self, instance_id: str, service: str | None = None) -> Instance | None:
        """Return an instance as it is now, by its ID in any case; None if it is not there."""
        api = api_of(service or self.service)
        return self._instance(instance_id, api) or self._instance(instance_id.casefold(), api)

    def _instance(self, instance_id: str, api: Api) -> Instance | None:
        backup = api.backup_seconds if self.backup_seconds is None else self.backup_seconds
        habits = Habits(self.listed_after, self.settle_seconds, backup_seconds=backup)
        found = find_instance(self.plans.values(), instance_id, self.now(), habits, api.name)
        if found is None:
            return None
        return found._replace(
            status=self.instance_status.get(instance_id, found.status),
            actions=self.instance_actions.get(instance_id, found.actions),
        )

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

    def log(self, exchange: Exchange) -> None:
        """Remember a request that was replied to."""
        self.statuses[exchange.status] += 1
        self.requests.append(exchange)


def _as_uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
