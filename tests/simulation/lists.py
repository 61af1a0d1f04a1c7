"""The lists of the modelled service: the jobs of the project, and other people's tasks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.simulation.jobs import EPOCH, time_text
from tests.simulation.response import Response, Says

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from tests.simulation.jobs import ServiceJob
    from tests.simulation.plan import FaultPlan

_REFUSALS = {
    "403": (403, b'{"error_code": "DBS.280032", "error_msg": "no permission"}'),
    "404": (404, b'{"error_code": "APIGW.0101", "error_msg": "The API does not exist."}'),
    "400": (400, b'{"error_code": "DBS.200001", "error_msg": "bad parameter"}'),
}
_PAST_TASKS = 40


class Lists:
    """What list requests bring.

    Args:
        jobs: of the project, in the order of their creation.
        others: how many tasks of other people run.
        page_size: how many records one page shows.
        chance: the source of all draws.
    """

    def __init__(
        self, jobs: Iterable[ServiceJob], others: int, page_size: int, chance: Random
    ) -> None:
        self._jobs = list(jobs)
        self._others = others
        self._page_size = page_size
        self._chance = chance

    def response(
        self,
        running: bool,
        offset: int,
        now: float,
        faults: list[FaultPlan],
        headers: dict[str, str],
    ) -> Response:
        """Return one page.

        Args:
            running: whether the jobs that run are listed, or those that completed.
            offset: how many records to skip.
            now: the time.
            faults: those of lists that are active and hit.
            headers: of the response.
        """
        if not running:
            return self._past(now, headers)
        seen_at, total_is = now, None
        hidden = 0.0
        for fault in faults:
            match fault.kind:
                case "lag":
                    seen_at = now - fault.number
                case "shift":
                    offset = max(0, offset + int(fault.number * offset / self._page_size))
                case "repeat":
                    offset = 0
                case "endless":
                    return self._endless(offset, headers)
                case "total":
                    total_is = int(fault.number)
                case "hides":
                    hidden = fault.share
                case "no_list":
                    status, body = _REFUSALS[fault.variant]
                    return Response(Says.REFUSED_KIND, status, headers, body)
                case "list_503":
                    return Response(Says.BROKEN, 503, headers, b"busy")
        return self._page(offset, seen_at, total_is, hidden, headers)

    def _page(
        self,
        offset: int,
        seen_at: float,
        total_is: int | None,
        hidden: float,
        headers: dict[str, str],
    ) -> Response:
        listed = [
            job
            for number, job in enumerate(self._jobs)
            if job.visible_at
            <= seen_at
            < min(job.ends_at, job.plan.created + job.plan.vanishes_after)
            and (number * 7 % 100) / 100 >= hidden
        ]
        listed.reverse()
        total = len(listed) + self._others
        shown = listed[offset : offset + self._page_size]
        records = [job.list_record(seen_at, self._chance) for job in shown]
        room = min(self._page_size - len(shown), total - offset - len(shown))
        records += [_other(offset + place) for place in range(room)]
        return _page(records, total if total_is is None else total_is, headers, shown)

    def _endless(self, offset: int, headers: dict[str, str]) -> Response:
        records = [_other(offset + place) for place in range(self._page_size)]
        return _page(records, offset + 3 * self._page_size, headers, [])

    def _past(self, now: float, headers: dict[str, str]) -> Response:
        records = [
            {
                "id": f"past-{number}",
                "name": "CreateMongoDB",
                "status": "Completed",
                "created_at": time_text(EPOCH + now - 3600.0),
                "ended_at": time_text(EPOCH + now - 3600.0 + 300.0 + 20 * number),
            }
            for number in range(min(_PAST_TASKS, self._page_size))
        ]
        return _page(records, _PAST_TASKS, headers, [])


def _other(number: int) -> dict[str, str]:
    return {"id": f"other-{number}", "name": "ResizeMongoDB", "status": "Running"}


def _page(
    records: list[dict[str, object]] | list[dict[str, str]],
    total: int,
    headers: dict[str, str],
    shown: list[ServiceJob],
) -> Response:
    body = json.dumps({"jobs": records, "total_count": total}).encode()
    return Response(Says.PAGE, 200, headers, body, shows=tuple(job.id for job in shown))
