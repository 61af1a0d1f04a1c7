"""What a request for a list asks for, by the rules of its service. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from ddswait.simulator.jobs import Plan

_MONTH = 30 * 86400


class Wanted(NamedTuple):
    """What is asked for: `begin` and `end` are Unix times, `facts` what the jobs have."""

    begin: float
    end: float
    offset: int
    limit: int
    facts: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Paging:
    """The rules of one service.

    Attributes:
        limits: how many jobs a page may have.
        limit: how many it has if the request does not say.
        has_milliseconds: whether times are milliseconds since 1970, and not texts.
        needs_times: whether both times are needed.
        has_pairs: whether one time needs the other.
        filters: the fact of a job by the parameter that asks for it.
    """

    limits: Container[int] = range(1, 101)
    limit: int = 100
    has_milliseconds: bool = False
    needs_times: bool = False
    has_pairs: bool = False
    filters: Mapping[str, str] = field(
        default_factory=lambda: {"id": "id", "name": "name", "status": "status"}
    )

    def wanted(self, query: Mapping[str, str], present: float) -> Wanted:
        """Return what a request asks for.

        Args:
            query: the parameters of the request.
            present: the Unix time; a list without times shows the 30 days before.

        Raises:
            ValueError: a parameter is missing or has a wrong value.
        """
        offset = _number(query.get("offset", "0"))
        limit = _number(query["limit"]) if "limit" in query else self.limit
        if limit not in self.limits:
            raise ValueError(f"limit {limit}")
        begin, end = self._times(query, present)
        facts = {fact: query[name] for name, fact in self.filters.items() if name in query}
        return Wanted(begin, end, offset, limit, facts)

    def _times(self, query: Mapping[str, str], present: float) -> tuple[float, float]:
        given = {name: query[name] for name in ("start_time", "end_time") if name in query}
        if (len(given) == 1 and self.has_pairs) or (len(given) < 2 and self.needs_times):  # noqa: PLR2004
            raise ValueError("start_time or end_time")
        if not given:
            return present - _MONTH, inf
        end = self._time(given["end_time"]) if "end_time" in given else present
        begin = self._time(given["start_time"]) if "start_time" in given else end - _MONTH
        if not 0 < end - begin <= _MONTH:
            raise ValueError("start_time and end_time")
        return begin, end

    def _time(self, text: str) -> float:
        if self.has_milliseconds:
            return _number(text) / 1000
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()


def _number(text: str) -> int:
    # Python also takes signs, blanks and underscores.
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a number")
    return int(text)


def facts(plan: Plan, now: float) -> dict[str, str]:
    """Return what lists can be asked for, and no more: each list reads them all."""
    return {
        "id": plan.job_id,
        "name": plan.name.replace("_", ""),
        "status": plan.status_at(now),
        "instance_id": plan.instance_id,
        "order_id": "",
    }
