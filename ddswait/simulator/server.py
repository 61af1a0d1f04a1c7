"""The simulator's server: aiohttp.web on loopback."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from aiohttp import web

from ddswait.simulator import dds
from ddswait.simulator.faults import Fault, Faults
from ddswait.simulator.jobs import Plan
from ddswait.simulator.limits import Limit
from ddswait.simulator.signatures import Keys, Signed

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from ddswait.simulator.faults import Kind
    from ddswait.simulator.jobs import Progress
    from ddswait.simulator.limits import Policy

_BACKLOG = 4096  # a thousand clients may connect at once
_REMEMBERED = 10_000


class Seen(NamedTuple):
    """One request that was answered; `at` in simulated seconds."""

    at: float
    method: str
    path: str
    job_id: str | None
    status: int


class Simulator:
    """A small DDS; to be used as `async with`.

    Args:
        speed: simulated seconds per second of the event loop.
        job_seconds: how long a job runs that an operation starts, in simulated seconds.
        visible_after: for how long such a job's ID is unknown, in simulated seconds.
        project_id: the only project.
        token: the only token that is accepted.
        access_key: an AK whose signatures are accepted; `keys.add` lets others be known.
        secret_key: its SK.
        host: where to listen.
        port: where to listen; 0 takes a free port.
        epoch: the wall time at the start; None takes the present.
        seed: makes the IDs; the same seed makes the same ones.
        tls: what to serve https with; None serves http.
    """

    def __init__(  # noqa: PLR0913 - the knobs of a test double
        self,
        *,
        speed: float = 1.0,
        job_seconds: float = 600.0,
        visible_after: float = 3.0,
        project_id: str = "0549b4a43100d4f32f51c01c2fe4acdb",
        token: str = "simulated-token",  # noqa: S107 - opens nothing
        access_key: str = "SIMULATEDACCESSKEY",
        secret_key: str = "simulated-secret-key",  # noqa: S107
        host: str = "127.0.0.1",
        port: int = 0,
        epoch: datetime | None = None,
        seed: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.speed = speed
        self.job_seconds = job_seconds
        self.visible_after = visible_after
        self.fails: str | None = None  # why the jobs of the coming operations will fail
        self.project_id = project_id
        self.token = token
        self.epoch = epoch or datetime.now(UTC)
        self.plans: dict[str, Plan] = {}
        self.requests: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.statuses: Counter[int] = Counter()
        self.accepted_tokens = {token: inf}  # and when each ends, in simulated seconds
        self.user, self.password, self.domain = "operator", "simulated-password", "account"
        self.region = "simulated-region-1"
        self.token_seconds = 86_400.0
        self.projects = {project_id: self.region}  # and the name of each
        self.metadata_token = "simulated-metadata-token"  # noqa: S105 - "": without
        self.has_agency = True
        self.settle_seconds = 0.0  # for which an instance is busy after its job
        self.instance_status: dict[str, str] = {}  # statuses to show instead, by instance ID
        self.may_list = True  # permission dds:task:listAll
        self.has_lists = True  # partner clouds do not publish ListTasks
        self.list_lag = 0.0  # seconds by which a list is behind
        self.limits: list[Limit] = []
        self.key_seconds = 86_400.0
        self.keys = Keys()
        self.keys.add(access_key, secret_key)
        self.access_key = access_key
        self.secret_key = secret_key
        self.forbids = False
        self.endpoint = ""
        self._address = (host, port)
        self._tls = tls
        self._faults = Faults()
        self._random = random.Random(seed)  # noqa: S311 - test data
        self._started = 0.0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._started = asyncio.get_running_loop().time()
        app = web.Application(middlewares=[self._answer])
        app.add_routes(dds.routes(self))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address, backlog=_BACKLOG, ssl_context=self._tls)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.endpoint = f"http{'s' if self._tls else ''}://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def now(self) -> float:
        """Return the simulated seconds since the start."""
        return (asyncio.get_running_loop().time() - self._started) * self.speed

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
    ) -> str:
        """Submit a job without HTTP, and return its ID; see `jobs.Plan` for the arguments."""
        plan = Plan(
            job_id or str(_as_uuid(self.new_id())),
            name,
            instance_id or f"{self.new_id()}in02",
            instance_name,
            self.now(),
            self.job_seconds if seconds is None else seconds,
            self.visible_after if visible_after is None else visible_after,
            fails or self.fails,
            progress,
            vanishes,
            status,
        )
        self.plans[plan.job_id] = plan
        return plan.job_id

    def instance(self, instance_id: str) -> dict[str, Any] | None:
        """Return an instance as DDS shows it: `normal` some time after its last job has ended."""
        plans = [plan for plan in self.plans.values() if plan.instance_id == instance_id]
        if not plans or any(plan.vanishes and self.now() >= plan.ends for plan in plans):
            return None
        last = max(plans, key=lambda plan: plan.ends)
        status = "creating" if len(plans) == 1 and self.now() < last.ends else "normal"
        busy = self.now() < last.ends + self.settle_seconds
        return {
            "id": instance_id,
            "name": last.instance_name,
            "status": self.instance_status.get(instance_id, status),
            "actions": ["RESTARTING"] if busy else [],
        }

    def inject(self, kind: Kind, **details: Any) -> None:  # noqa: ANN401 - Fault types them
        """Let some of the coming requests go wrong; see `faults.Fault` for the details."""
        self._faults.add(Fault(kind, **details))

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self._faults.clear()

    def limit(
        self, count: int, seconds: float, policy: Policy = "user", *, fixed: bool = False
    ) -> None:
        """Refuse what exceeds so many requests in so many simulated seconds; see `limits`."""
        self.limits.append(Limit(count, seconds, policy, fixed))

    def revoke(self, token: str | None = None) -> None:
        """Refuse a token from now on, the simulator's own by default."""
        self.accepted_tokens.pop(token or self.token, None)

    def revoke_all(self) -> None:
        """Refuse every token that was ever handed out."""
        self.accepted_tokens.clear()

    def accepts_token(self, token: str | None) -> bool:
        """Whether a token is known and has not ended."""
        return self.now() < self.accepted_tokens.get(token or "", 0.0)

    async def refusal(self, request: web.Request) -> str | None:
        """Return why a request's token or signature is refused, None when it is accepted."""
        if "Authorization" not in request.headers:
            accepted = self.accepts_token(request.headers.get("X-Auth-Token"))
            return None if accepted else "decrypt token fail"
        path, _, query = request.raw_path.partition("?")
        signed = Signed(request.method, path, query, request.headers, await request.read())
        return self.keys.refusal(signed, self.now(), self.present())

    def present(self) -> datetime:
        """Return the simulated wall time."""
        return self.epoch + timedelta(seconds=self.now())

    @web.middleware
    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's Handler
        """Let a fault strike or the handler answer; then stamp and remember the reply."""
        if request.path.startswith("/_simulator/"):
            reply: web.StreamResponse = await handler(request)
            return reply
        job_id = request.query.get("id")
        fault = self._faults.take(job_id, request.path)
        told = [limit.refusal(self.now()) for limit in self.limits]
        if refusal := next(filter(None, told), None):
            fault, handler = None, dds.refusing(refusal)
        try:
            reply = await (dds.go_wrong(request, fault, handler) if fault else handler(request))
        except web.HTTPNotFound:
            reply = dds.error(404, "APIGW.0101", dds.NO_API)
        except web.HTTPMethodNotAllowed:
            reply = dds.error(404, "APIGW.0101", dds.NO_API)
        if not reply.prepared:
            reply.headers["X-Request-Id"] = self.new_id()
            reply.headers["Date"] = format_datetime(
                self.epoch + timedelta(seconds=int(self.now())), usegmt=True
            )
        self.statuses[reply.status] += 1
        self.requests.append(Seen(self.now(), request.method, request.path, job_id, reply.status))
        return reply


def _as_uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
