"""The jobs and instances of the modelled service, and what it says about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.simulation.response import Response, Says

if TYPE_CHECKING:
    from random import Random

    from tests.simulation.plan import JobPlan

EPOCH = 1_764_000_000.0
"""What the server's clock says when a history begins, in seconds since 1970."""

UNKNOWN_FORMS = (
    (400, b'{"error_code": "DBS.200543", "error_msg": "The job does not exist."}'),
    (404, b'{"error_code": "DBS.200543", "error_msg": "The job does not exist."}'),
    (200, b'{"job": null}'),
)

INSTANCE_LIVES: dict[str, tuple[tuple[float, str], ...]] = {
    # (until when, in seconds after the job's end; what the service says)
    "ready": ((1e9, "normal"),),
    "busy": ((45.0, "normal+RESTARTING"), (1e9, "normal")),
    "creating": ((90.0, "creating"), (1e9, "normal")),
    "backup": ((4.0, "normal"), (60.0, "normal+BACKUP"), (1e9, "normal")),
    "late": ((20.0, "gone"), (1e9, "normal")),
    "never": ((1e9, "normal+GROWING"),),
    "gone": ((1e9, "gone"),),
    "gone400": ((1e9, "gone400"),),
    "createfail": ((1e9, "createfail"),),
    "forbidden": ((1e9, "forbidden"),),
}


def time_text(moment: float) -> str:
    """Return a time as DDS writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


class ServiceJob:
    """One job in the service. Times in seconds since the history began."""

    __slots__ = (
        "_created_text",
        "_ended_text",
        "_head",
        "_tail",
        "ends_at",
        "id",
        "last_response",
        "plan",
        "visible_at",
    )

    def __init__(self, index: int, plan: JobPlan) -> None:
        self.id = f"job-{index}"
        self.plan = plan
        self.visible_at = plan.created + plan.visible_after
        self.ends_at = plan.created + plan.lasts
        self.last_response: Response | None = None
        self._ended_text = time_text(EPOCH + self.ends_at) if plan.lasts < 1e8 else ""
        created = self._created_text = time_text(EPOCH + plan.created)
        self._head = (
            f'{{"job": {{"id": "{self.id}", "name": "{plan.name}", "created": "{created}", '
            f'"instance": {{"id": "{self.id}in02", "name": "orders"}}, "status": "'
        )
        reason = '"no resources left"' if plan.ends == "Failed" else "null"
        self._tail = f'", "fail_reason": {reason}}}}}'

    def is_known(self, now: float, chance: Random) -> bool:
        """Whether the service knows the ID, as the replica says that is asked."""
        plan = self.plan
        if now < self.visible_at or now >= plan.created + plan.vanishes_after:
            return False
        return now >= self.visible_at + plan.flaps_for or chance.random() < 0.5

    def status(self, now: float, chance: Random) -> str:
        """Return the status word."""
        plan = self.plan
        if now >= self.ends_at:
            return plan.ends
        if plan.unknown_status and 0.3 < (now - plan.created) / plan.lasts < 0.6:
            if plan.unknown_status == "*":
                return f"Phase{chance.randrange(10**6)}"
            return plan.unknown_status
        return "Running"

    def progress(self, now: float) -> str:
        """Return the progress, which goes in steps of ten."""
        plan = self.plan
        if not plan.progresses or now >= self.ends_at:
            return ""
        return f"{int(max(0.0, now - plan.created) / plan.lasts * 10) * 10}%"

    def response(self, now: float, chance: Random, headers: dict[str, str]) -> Response:
        """Return what the service says about the job."""
        if not self.is_known(now, chance):
            status, body = UNKNOWN_FORMS[int(chance.random() * 3)]
            return Response(Says.UNKNOWN, status, headers, body)
        status_word = self.status(now, chance)
        has_ended = now >= self.ends_at
        ended = self._ended_text if has_ended or self.plan.ended_early else ""
        text = (
            f'{self._head}{status_word}", "progress": "{self.progress(now)}", '
            f'"ended": "{ended}{self._tail}'
        )
        return Response(Says.ENDED if has_ended else Says.RUNNING, 200, headers, text.encode())

    def list_record(self, now: float, chance: Random) -> dict[str, Any]:
        """Return the record that a list shows, which spells its fields in another way."""
        return {
            "id": self.id,
            "name": self.plan.name.replace("_", ""),
            "status": self.status(now, chance),
            "progress": self.progress(now),
            "instance_id": f"{self.id}in02",
            "instance_name": "orders",
            "created_at": self._created_text,
            "ended_at": self._ended_text if now >= self.ends_at else "",
            "fail_reason": None,
        }

    def instance_response(self, now: float, headers: dict[str, str]) -> Response:
        """Return what the service says about the job's instance."""
        since = now - self.ends_at
        life = INSTANCE_LIVES[self.plan.instance]
        word = next(word for until, word in life if since < until)
        if word == "gone":
            return Response(Says.GONE, 200, headers, b'{"instances": [], "total_count": 0}')
        if word == "gone400":
            body = b'{"error_code": "DBS.280110", "error_msg": "The DB instance does not exist."}'
            return Response(Says.GONE, 400, headers, body)
        if word == "forbidden":
            body = b'{"error_code": "DBS.280032", "error_msg": "no permission"}'
            return Response(Says.REFUSED_KIND, 403, headers, body)
        status, _, action = word.partition("+")
        record = {
            "id": f"{self.id}in02",
            "status": status,
            "actions": [action] if action else [],
        }
        says = Says.BUSY
        if status == "normal" and not action:
            says = Says.READY
        elif status == "createfail":
            says = Says.HOPELESS
        body = json.dumps({"instances": [record], "total_count": 1}).encode()
        return Response(says, 200, headers, body)
