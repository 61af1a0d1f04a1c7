"""A model of the service: what a request brings, and after how many seconds.

It shares no code with ddswait: it writes status, headers and bytes, and says beside them what it
means. Times are in seconds since the history began.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from tests.simulation.faults import KINDS, Stage
from tests.simulation.issuer import Issuer
from tests.simulation.jobs import EPOCH, ServiceJob
from tests.simulation.lists import Lists
from tests.simulation.response import SILENCE, Response, Says, Stated

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.plan import FaultPlan, Plan

_UNITS = {1.0: "1 second", 60.0: "1 minute", 300.0: "5 minute", 3600.0: "1 hour", 86400.0: "1 day"}
_BROKEN_BODIES = {
    "empty": b"",
    "html": b"<html><body>Welcome to the guest network</body></html>",
    "types": b'{"job": ["Completed"], "jobs": {}, "instances": 7}',
    "other": b'{"job": {"id": "other", "status": "Completed"}, "jobs": 0, "instances": null}',
}
_FORBIDDEN = {
    "403": (403, b'{"error_code": "APIGW.0302", "error_msg": "no permission"}'),
    "404": (404, b'{"error_code": "APIGW.0101", "error_msg": "The API does not exist."}'),
    "400": (400, b'{"error_code": "DBS.280408", "error_msg": "bad project"}'),
}


class Service:
    """The service of one history.

    Args:
        plan: of the history.
        chance: the source of all draws.

    Attributes:
        hits: how many requests each kind of fault has hit.
    """

    def __init__(self, plan: Plan, chance: Random) -> None:
        self.jobs = {f"job-{index}": ServiceJob(index, job) for index, job in enumerate(plan.jobs)}
        self.issuer = Issuer(plan.token_life)
        self.hits: dict[str, int] = {}
        by_creation = sorted(self.jobs.values(), key=lambda job: job.plan.created)
        self._lists = Lists(by_creation, plan.others, plan.page_size, chance)
        self._plan = plan
        self._chance = chance
        self._faults: dict[Stage, list[FaultPlan]] = {stage: [] for stage in Stage}
        for fault in plan.faults:
            self._faults[KINDS[fault.kind].stage].append(fault)
        self._arrivals: dict[FaultPlan, deque[float]] = {}
        self._last_about_a_job: Response | None = None
        self._headers: dict[str, str] = {}
        self._headers_second = -1.0

    # ---- requests

    def poll_job(self, job_id: str, credentials: int, now: float) -> tuple[Response, float]:
        """Return what a poll of a job brings, and after how many seconds."""
        return self._request(
            lambda headers: self._about_job(job_id, now, headers), credentials, now
        )

    def poll_instance(self, job_id: str, credentials: int, now: float) -> tuple[Response, float]:
        """Return what a poll of a job's instance brings, and after how many seconds."""
        job = self.jobs[job_id]
        return self._request(lambda headers: job.instance_response(now, headers), credentials, now)

    def list_jobs(
        self, running: bool, offset: int, credentials: int, now: float
    ) -> tuple[Response, float]:
        """Return the page that a list request brings, and after how many seconds."""
        faults = self._hitting(Stage.LIST, now)
        slow = sum(fault.number for fault in faults if fault.kind == "slow_list")
        response, latency = self._request(
            lambda headers: self._lists.response(running, offset, now, faults, headers),
            credentials,
            now,
        )
        return response, latency + slow

    def renew(self, now: float) -> tuple[Response, float]:
        """Return what the issuer of credentials brings, and after how many seconds."""
        return self.issuer.issue(now, self._hitting(Stage.RENEWAL, now)), self._latency()

    def _request(
        self, content: Callable[[dict[str, str]], Response], credentials: int, now: float
    ) -> tuple[Response, float]:
        latency = self._latency()
        if not self._plan.faults:
            return content(self._date(now)), latency
        lost = False
        for fault in self._hitting(Stage.NETWORK, now):
            match fault.kind:
                case "slow":
                    latency += fault.number * self._chance.uniform(0.5, 1.5)
                case "reset":
                    return Response(Says.BROKEN, 0, resolved=not self._plan.nameless), latency
                case "partition":
                    return SILENCE, 1e9
                case "lost":
                    lost = True
        response = self._gateway(credentials, now) or self._content(content, now)
        return (SILENCE, 1e9) if lost else (response, latency)

    def _latency(self) -> float:
        mean = self._plan.latency
        return mean * (0.5 + self._chance.random()) if mean else 0.0

    def _hitting(self, stage: Stage, now: float) -> list[FaultPlan]:
        """Return the faults of a stage that hit a request now."""
        faults = self._faults[stage]
        if not faults:
            return []
        hitting = []
        for fault in faults:
            if fault.begin <= now < fault.end and (
                stage is Stage.LIMIT or fault.share >= 1.0 or self._chance.random() < fault.share
            ):
                hitting.append(fault)
                self.hits[fault.kind] = self.hits.get(fault.kind, 0) + 1
        return hitting

    # ---- the gateway

    def _gateway(self, credentials: int, now: float) -> Response | None:
        for fault in self._hitting(Stage.LIMIT, now):
            if (refused := self._throttle(fault, now)) is not None:
                return refused
        revoked_at = -1.0
        code = "0301"
        for fault in self._hitting(Stage.GATEWAY, now):
            match fault.kind:
                case "5xx":
                    return self._server_error(fault, now)
                case "forbidden":
                    status, body = _FORBIDDEN[fault.variant]
                    return Response(Says.REFUSED_ALL, status, self._date(now), body)
                case "revoked":
                    revoked_at, code = fault.begin, fault.variant
                case "rejected":
                    revoked_at, code = 1e9, fault.variant
        if self.issuer.serves(credentials, now, revoked_at):
            return None
        text = f'{{"error_code": "APIGW.{code}", "error_msg": "Incorrect credentials"}}'
        return Response(Says.BAD_CREDENTIALS, 401, self._date(now), text.encode())

    def _throttle(self, fault: FaultPlan, now: float) -> Response | None:
        if fault.kind == "429":
            if self._chance.random() >= fault.share:
                return None
            return self._too_many(fault, fault.number, now)
        arrivals = self._arrivals.setdefault(fault, deque())
        while arrivals and arrivals[0] <= now - fault.window:
            arrivals.popleft()
        variant, _, counts = fault.variant.partition("+")
        if len(arrivals) < max(1, int(fault.number * fault.share)):
            arrivals.append(now)
            return None
        if counts:
            arrivals.append(now)
        wait = arrivals[0] + fault.window - now if arrivals else 0.0
        return self._too_many(fault, wait if variant == "retry" else 0.0, now)

    def _too_many(self, fault: FaultPlan, wait: float, now: float) -> Response:
        variant = fault.variant.partition("+")[0]
        headers = dict(self._date(now))
        text = "The throttling threshold has been reached"
        stated = None
        retry_after = 0.0
        if variant in {"user", "ip", "api", "figures"}:
            policy = "" if variant == "figures" else variant
            stated = Stated(policy, int(fault.number), fault.window)
            text += f": policy {policy} over ratelimit" if policy else ": over ratelimit"
            text += f",limit:{int(fault.number)},time:{_UNITS[fault.window]}"
        elif variant == "retry":
            retry_after = float(int(wait) + 1)
            headers["Retry-After"] = f"{retry_after:.0f}"
        elif variant == "odd":
            # A new pair each time, and windows that no one can wait for.
            number = self._chance.randrange(1, 10**4)
            text += f",limit:{number},time:{self._chance.randrange(1, 10**9)} day"
        body = f'{{"error_code": "APIGW.0308", "error_msg": "{text}"}}'
        return Response(
            Says.THROTTLED, 429, headers, body.encode(), retry_after=retry_after, stated=stated
        )

    def _server_error(self, fault: FaultPlan, now: float) -> Response:
        headers = dict(self._date(now))
        if fault.number:
            headers["Retry-After"] = f"{fault.number:.0f}"
        if fault.variant == "html":
            body, status = b"<html>502 Bad Gateway</html>", 502
        else:
            body, status = b'{"error_code": "DBS.280005", "error_msg": "error"}', int(fault.variant)
        return Response(Says.BROKEN, status, headers, body, retry_after=fault.number)

    # ---- content

    def _about_job(self, job_id: str, now: float, headers: dict[str, str]) -> Response:
        job = self.jobs[job_id]
        response = job.response(now, self._chance, headers)
        if self._faults[Stage.CONTENT]:
            response = self._distort(job, response, now)
        return response

    def _distort(self, job: ServiceJob, response: Response, now: float) -> Response:
        for fault in self._hitting(Stage.CONTENT, now):
            match fault.kind:
                case "duplicated" if job.last_response is not None:
                    return job.last_response
                case "crossed" if (last := self._last_about_a_job) is not None:
                    own = f'"{job.id}"'.encode() in last.body
                    return last if own else last._replace(says=Says.BROKEN)
                case "bad_request" if int(job.id[4:]) % 3 == 0:
                    body = b'{"error_code": "DBS.200001", "error_msg": "bad parameter"}'
                    return Response(Says.REFUSED_JOB, 400, response.headers, body)
        job.last_response = response
        if response.says is not Says.UNKNOWN:
            self._last_about_a_job = response
        return response

    def _content(self, content: Callable[[dict[str, str]], Response], now: float) -> Response:
        response = content(self._date(now))
        for fault in self._hitting(Stage.BODY, now):
            body = _BROKEN_BODIES.get(fault.variant, response.body[: len(response.body) // 2])
            return Response(Says.BROKEN, 200, response.headers, body)
        return response

    # ---- the clock

    def _date(self, now: float) -> dict[str, str]:
        """Return the headers of a response, with the server's time."""
        faults = self._faults[Stage.CLOCK]
        moment = EPOCH + now
        for fault in faults:
            if fault.begin <= now < fault.end:
                self.hits[fault.kind] = self.hits.get(fault.kind, 0) + 1
                if fault.kind == "no_date":
                    return {"Date": "yesterday"} if fault.variant else {}
                moment += fault.number
        second = float(int(moment))
        if second != self._headers_second:
            self._headers_second = second
            text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second))
            self._headers = {"Date": text}
        return self._headers
