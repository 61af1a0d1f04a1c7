"""Reads what a reply says about an instance, by the service's table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddswait.outcome import Refusal, Scope
from ddswait.service import instance_suffixes
from ddswait.service.error_codes import is_missing_instance
from ddswait.service.problems import parse_json, quote_body, read_problem
from ddswait.service.records import own_record, text
from ddswait.service.replies import InstanceState, Problem, TransientFailure, UnknownJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.service.table import ServiceTable

SUCCESS = range(200, 300)
"""The HTTP statuses of replies that say what was asked for."""

DENIED = frozenset({401, 403})
"""Those of a policy that denies an operation: it uses either."""

_ABSENT = "no instance has this ID (jobs name nodes as well: look for the instance in the console)"
_LONGEST_WORD = 200  # characters of a server's word that a message shows


def permission_hint(permission: str, operation: str) -> str:
    """Return what to ask for, when a policy denies an operation."""
    return f"ask for the permission {permission or f'to {operation}'}"


class InstanceReader:
    """Reads the replies about instances of one service."""

    def __init__(self, table: ServiceTable) -> None:
        self._table = table
        self._ready = frozenset(word.casefold() for word in table.ready_statuses)
        self._hopeless = frozenset(word.casefold() for word in table.hopeless_statuses)
        self._stuck = frozenset(word.casefold() for word in table.hopeless_actions)
        self._counts_actions = table.needs_empty_actions

    def read(
        self, instance_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> InstanceState | Problem:
        """Return what the reply to the poll of an instance means for the instance."""
        if status not in SUCCESS:
            return self._problem(instance_id, status, headers, body)
        document = parse_json(body)
        instances = document.get(self._table.instance_key) if isinstance(document, dict) else None
        if not isinstance(instances, list):
            return TransientFailure(f"the reply holds no instances: {quote_body(body)}")
        own = own_record(instances, instance_id)
        if own is not None and (state := self._read_instance(own)) is not None:
            return state
        # A record that cannot be read may be that of the instance: it says nothing about it.
        if own is not None or not all(isinstance(each, dict) for each in instances):
            return TransientFailure(f"the reply's instance cannot be read: {quote_body(body)}")
        return self._absent(instance_id)

    def _read_instance(self, record: Mapping[str, Any]) -> InstanceState | None:
        """Return what a record says; None if it has no status, or no list of actions."""
        word = text(record.get("status"))[:_LONGEST_WORD].strip()
        listed = record.get("actions") or []
        if not word or not isinstance(listed, list):
            return None
        status = word.casefold()
        actions = [str(each)[:_LONGEST_WORD] for each in listed] if self._counts_actions else []
        is_stuck = any(each.strip().casefold() in self._stuck for each in actions)
        pending = f", with {', '.join(actions)} pending" if actions else ""
        return InstanceState(
            is_found=True,
            is_ready=status in self._ready and not actions,
            is_hopeless=status in self._hopeless or is_stuck,
            description=f"it is {word}{pending}",
        )

    def _problem(
        self, instance_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> InstanceState | Problem:
        problem = read_problem(status, headers, body)
        if isinstance(problem, UnknownJob):
            return self._absent(instance_id)
        if isinstance(problem, Refusal) and is_missing_instance(status, problem.error_code):
            return self._absent(instance_id)
        if isinstance(problem, Refusal) and problem.scope is Scope.JOB:
            return replace(problem, scope=Scope.INSTANCE)
        if isinstance(problem, Refusal) and status in DENIED and not problem.refuses_credentials:
            hint = permission_hint(self._table.instance_permission, "query instances")
            return replace(problem, scope=Scope.OPERATION, hint=hint)
        return problem

    def _absent(self, instance_id: str) -> InstanceState:
        hint = instance_suffixes.hint(instance_id, self._table.name)
        return InstanceState(is_found=False, description=_ABSENT, hint=hint)
